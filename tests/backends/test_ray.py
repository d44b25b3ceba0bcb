"""The Ray Tune backend: what Ray is given, what comes back, and what is left behind."""

from __future__ import annotations

import logging
import math
import os
import random
import signal
import sys
import tempfile
import threading
import time
import warnings
from pathlib import Path

import numpy as np
import pytest
import ray
import spaces
from clusters import local_ray
from ray import tune
from ray.tune.search.basic_variant import BasicVariantGenerator
from ray.tune.search.hyperopt import HyperOptSearch
from ray.tune.search.optuna import OptunaSearch
from spaces import CONDITIONAL, EVERY_KIND, MIXED, any_loss, mixed_loss

import unitune as ut
from unitune.backend import Problem, Proposal, Study
from unitune.errors import MissingLibraryError, OptionError, SpaceError, UnituneWarning
from unitune.objective import Evaluator
from unitune.space import Bool, Categorical, Const, Float, Int, Space
from unitune.trial import Leg, State, Verdict, trial_seed
from unitune_ray.importer import read_space
from unitune_ray.plugin import unitune_backends
from unitune_ray.study import RayService

SPEC = unitune_backends()[0]
LINE = Space({"x": Float(0.0, 1.0)})


def minimise(space, loss, method, n_trials, **settings):
    return ut.run(
        space,
        loss,
        backend="ray",
        method=method,
        n_trials=n_trials,
        progress=False,
        **{"seed": 3, **settings},
    )


def configs(result):
    return [trial.config for trial in result.trials]


def left_in_tmp():
    return sorted(Path(tempfile.gettempdir()).glob("ut-*"))


def rays_environment():
    return {name: v for name, v in os.environ.items() if name.startswith(("RAY_", "TUNE_"))}


def process_state():
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)
    return (
        rays_environment(),
        [signal.getsignal(number) for number in numbers],
        logging.getLogger("ray").level,
        random.getstate(),
        np.random.get_state()[1].tolist(),  # noqa: NPY002 - the global one is what is watched
        Path.cwd(),
    )


# --- a Ray of its own; these come first, before the one that the other tests share is started


@pytest.mark.ray
def test_a_ray_of_its_own_leaves_nothing_behind(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    before, tmp_before = process_state(), left_in_tmp()
    result = minimise(MIXED, mixed_loss, "bayesian", 5)
    assert len(result.trials) == 5
    assert not ray.is_initialized()
    assert process_state() == before
    assert left_in_tmp() == tmp_before
    assert list(tmp_path.iterdir()) == []
    assert capfd.readouterr() == ("", "")


@pytest.mark.ray
def test_a_ray_of_its_own_is_gone_after_an_error_too():
    class Refusing:
        closed = 0

        def __call__(self, trial, run):
            raise RuntimeError("no more")

        def close(self):
            self.closed += 1

    tmp_before, refuse = left_in_tmp(), Refusing()
    with pytest.raises(ut.UnituneError, match="no more"):
        minimise(LINE, any_loss, "random", 5, callbacks=[refuse])
    assert refuse.closed == 1
    assert not ray.is_initialized()
    assert left_in_tmp() == tmp_before


# --- one Ray for the rest


@pytest.fixture(scope="module")
def shared():
    # Also shows that a Ray started by hand works after one that unitune started.
    with local_ray():
        yield


def by_hand(translation, search, n_trials, param_space, mode="min"):
    """Return the configs that a hand-written Tuner goes through."""
    lift = translation.lift
    # By hand, workers find only installed modules.
    ray.cloudpickle.register_pickle_by_value(spaces)

    def evaluate(config):
        tune.report({"value": mixed_loss(lift(config))})

    with tempfile.TemporaryDirectory() as place, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        handlers = {n: signal.getsignal(n) for n in (signal.SIGINT, signal.SIGUSR1)}
        grid = tune.Tuner(
            evaluate,
            param_space=param_space,
            tune_config=tune.TuneConfig(
                metric="value",
                mode=mode,
                num_samples=n_trials,
                search_alg=search,
                reuse_actors=True,
                max_concurrent_trials=1 if isinstance(search, tune.search.Searcher) else None,
            ),
            run_config=tune.RunConfig(storage_path=place, verbose=0),
        ).fit()
        for number, handler in handlers.items():
            signal.signal(number, handler)
    ray.cloudpickle.unregister_pickle_by_value(spaces)
    return [lift(result.config) for result in grid]


@pytest.mark.ray
@pytest.mark.usefixtures("shared")
def test_random_search_equals_a_hand_written_tuner():
    result = minimise(MIXED, mixed_loss, "random", 35)
    natives = ut.translate(MIXED, "ray", "random").natives
    search = BasicVariantGenerator(random_state=3, max_concurrent=1)
    assert configs(result) == by_hand(result.translation, search, 35, natives)


@pytest.mark.ray
@pytest.mark.usefixtures("shared")
@pytest.mark.parametrize("mode", ["min", "max"])
def test_optuna_equals_a_hand_written_tuner_with_optuna_search(mode):
    result = minimise(MIXED, mixed_loss, "optuna", 35, mode=mode)
    natives = ut.translate(MIXED, "ray", "optuna").natives
    search = OptunaSearch(natives, metric="value", mode=mode, seed=3)
    assert configs(result) == by_hand(result.translation, search, 35, {}, mode)


@pytest.mark.ray
@pytest.mark.usefixtures("shared")
def test_optuna_through_ray_equals_optuna():
    result = minimise(MIXED, mixed_loss, "optuna", 30)
    alone = ut.run(MIXED, mixed_loss, method="tpe", n_trials=30, seed=3, progress=False)
    assert configs(result) == configs(alone)


@pytest.mark.ray
@pytest.mark.usefixtures("shared")
def test_hyperopt_equals_a_hand_written_tuner_with_hyperopt_search():
    result = minimise(MIXED, mixed_loss, "hyperopt", 35)
    natives = ut.translate(MIXED, "ray", "hyperopt").natives
    search = HyperOptSearch(metric="value", mode="min", random_state_seed=3)
    assert configs(result) == by_hand(result.translation, search, 35, natives)


@pytest.mark.ray
@pytest.mark.usefixtures("shared")
def test_any_study_proposes_inside_ray_what_it_proposes_alone():
    options = {"searcher": "skopt:forest", "searcher_options": {"n_points": 200}}
    result = minimise(MIXED, mixed_loss, "searcher", 16, options=options)
    alone = ut.run(
        MIXED,
        mixed_loss,
        backend="skopt",
        method="forest",
        n_trials=16,
        seed=3,
        options={"n_points": 200},
        progress=False,
    )
    assert configs(result) == configs(alone)
    assert result.through == "skopt:forest"


@pytest.mark.ray
@pytest.mark.usefixtures("shared")
def test_a_grid_that_fits_is_covered_and_then_the_run_ends():
    space = Space({"a": Int(1, 3), "b": Categorical(["u", "v"]), "c": Bool()})
    result = minimise(space, any_loss, "grid", 40)
    seen = [tuple(trial.config.values()) for trial in result.trials]
    wanted = {(a, b, c) for a in (1, 2, 3) for b in "uv" for c in (False, True)}
    assert len(seen) == 12
    assert set(seen) == wanted
    assert result.reason == "exhausted"


@pytest.mark.ray
@pytest.mark.usefixtures("shared")
def test_of_a_grid_too_large_a_random_part_is_visited():
    result = minimise(
        Space({**LINE, "n": Int(1, 100)}), any_loss, "grid", 6, options={"points": 50}
    )
    seen = {trial.config["x"] for trial in result.trials}
    assert len(result.trials) == 6
    assert len(seen) > 1  # the first part would have one x


@pytest.mark.ray
@pytest.mark.usefixtures("shared")
@pytest.mark.parametrize("method", ["random", "optuna", "hyperopt", "grid"])
def test_initial_configs_come_first(method):
    first = {"a/x": 0.125, "kind": "b"}
    space = Space({"a/x": Float(0.0, 1.0), "kind": Categorical(["a", "b", "c"])})
    result = minimise(space, any_loss, method, 4, initial=[first])
    assert result.trials[0].config == first
    assert [trial.initial for trial in result.trials] == [True, False, False, False]
    assert all(space.contains(config) for config in configs(result))


@pytest.mark.ray
@pytest.mark.usefixtures("shared")
def test_every_kind_of_parameter_comes_back_as_the_users_own_object():
    result = minimise(EVERY_KIND, any_loss, "random", 12)
    for config in configs(result):
        assert EVERY_KIND.contains(config)
        assert any(config["objects"] is choice for choice in EVERY_KIND["objects"].choices)
    assert len(result.trials) == 12


@pytest.mark.ray
@pytest.mark.usefixtures("shared")
def test_conditions_hold_in_every_config():
    result = minimise(CONDITIONAL, any_loss, "optuna", 12)
    assert all(CONDITIONAL.contains(config) for config in configs(result))
    assert len({config["optimizer"] for config in configs(result)}) > 1


@pytest.mark.ray
@pytest.mark.usefixtures("shared")
@pytest.mark.parametrize(
    ("method", "through"),
    [
        ("random", "builtin:random"),
        ("optuna", "optuna:tpe"),
        ("hyperopt", "hyperopt:tpe"),
        ("grid", "builtin:grid"),
    ],
)
def test_constraints_are_never_broken(method, through):
    space = Space(
        {"x": Float(0.0, 1.0), "y": Float(0.0, 1.0)}, {"ordered": lambda c: c["x"] < c["y"]}
    )
    result = minimise(space, any_loss, method, 12)
    assert result.through == through
    assert all(config["x"] < config["y"] for config in configs(result))
    assert len(result.trials) == 12 or method == "grid"
    assert result.rejected > 0 or method not in ("optuna", "hyperopt")


@pytest.mark.ray
@pytest.mark.usefixtures("shared")
def test_the_rest_of_the_run_survives_a_worker_that_dies():
    def objective(config, trial):
        if trial.number == 2:
            os._exit(1)
        return config["x"]

    result = minimise(LINE, objective, "optuna", 5)
    assert [trial.number for trial in result.trials] == [0, 1, 2, 3, 4]
    assert [t.number for t in result.trials if t.state is State.FAILED] == [2]
    assert result.trials[2].failure.kind == "WorkerDied"


@pytest.mark.ray
@pytest.mark.usefixtures("shared")
def test_every_outcome_of_an_objective_arrives():
    def objective(config, trial):
        if trial.number == 0:
            raise KeyError("missing")
        if trial.number == 1:
            return math.nan
        if trial.number == 2:
            raise ut.Infeasible("too wide")
        if trial.number == 3:
            trial.report(3.0, step=5)
            trial.report(2.0, step=7)
            raise ut.Stop
        if trial.number == 4:
            return {"loss": 1.0, "lock": threading.Lock()}
        if trial.number == 5:
            raise SystemExit(3)
        return {"loss": 0.5, "number": trial.number, "seed": trial.seed}

    result = minimise(LINE, objective, "hyperopt", 8, metric="loss")
    states = [trial.state.value for trial in result.trials]
    assert (
        states
        == ["failed", "failed", "infeasible", "pruned", "failed", "failed"] + ["complete"] * 2
    )
    kinds = [trial.failure and trial.failure.kind for trial in result.trials[:6]]
    assert kinds == ["KeyError", "ValueError", "Infeasible", None, "TypeError", "SystemExit"]
    assert "missing" in result.trials[0].failure.traceback
    assert [(r.step, r.value) for r in result.trials[3].reports] == [(5, 3.0), (7, 2.0)]
    assert result.trials[3].value == 2.0
    assert result.trials[7].metrics == {"loss": 0.5, "number": 7, "seed": trial_seed(3, 7)}


@pytest.mark.ray
@pytest.mark.usefixtures("shared")
def test_two_workers_share_the_trials_and_numbers_stay_in_order(tmp_path):
    def objective(config, trial):
        (tmp_path / str(trial.number)).touch()
        deadline = time.monotonic() + 120
        first_two = [tmp_path / "0", tmp_path / "1"]
        while not all(file.exists() for file in first_two) and time.monotonic() < deadline:
            time.sleep(0.01)  # the first two trials wait for each other
        time.sleep(0.05 * (trial.number % 2))
        return {
            "loss": config["x"],
            "number": trial.number,
            "seed": trial.seed,
            "pid": os.getpid(),
        }

    result = minimise(LINE, objective, "random", 12, metric="loss", workers=2)
    assert [trial.number for trial in result.trials] == list(range(12))
    assert all(trial.metrics["number"] == trial.number for trial in result.trials)
    assert all(trial.metrics["seed"] == trial.seed for trial in result.trials)
    assert all(trial.value == trial.config["x"] for trial in result.trials)
    assert result.trials[0].metrics["pid"] != result.trials[1].metrics["pid"]


@pytest.mark.ray
@pytest.mark.usefixtures("shared")
def test_ctrl_c_ends_the_run_and_keeps_what_is_there():
    def interrupt(trial, run):
        if trial.number == 2:
            os.kill(os.getpid(), signal.SIGINT)

    def objective(config, trial):
        if trial.number > 2:
            time.sleep(600)
        return config["x"]

    begun = time.perf_counter()
    result = minimise(LINE, objective, "random", 9, callbacks=[interrupt], workers=2)
    assert result.reason == "interrupted"
    assert {trial.number for trial in result.trials} >= {0, 1, 2}
    assert len(result.native) >= 3
    assert time.perf_counter() - begun < 60
    assert ray.is_initialized()
    files = [fd for fd in Path("/proc/self/fd").iterdir() if fd.exists()]
    assert not [fd for fd in files if "driver_artifacts" in str(fd.readlink())]


@pytest.mark.ray
@pytest.mark.usefixtures("shared")
def test_a_target_ends_the_run():
    result = minimise(LINE, any_loss, "random", 50, target=0.5)
    assert result.reason == "target"
    assert len(result.trials) < 50
    assert result.best.value <= 0.5


@pytest.mark.ray
@pytest.mark.usefixtures("shared")
def test_the_result_grid_is_filled_and_readable(caplog):
    def objective(config):
        yield config["x"] + 1
        yield config["x"]

    result = minimise(LINE, objective, "optuna", 6)
    frame = result.native.get_dataframe()
    values = [trial.value for trial in result.trials]
    assert frame["value"].tolist() == values
    assert frame["config/x"].tolist() == values
    assert result.native.get_best_result().metrics["value"] == result.best.value
    assert result.native[0].metrics_dataframe["value"].tolist() == [
        values[0] + 1,
        values[0],
        values[0],
    ]
    assert result.native.num_errors == 0
    assert caplog.records == []


class Stopping:
    """A sink that stops trial 1 at its second report."""

    done, room = False, True

    def __init__(self):
        self.keys, self.begins, self.legs, self.outcomes = [], [], [], []

    def proposed(self, key, values):
        self.keys.append(key)

    def begun(self, key):
        self.begins.append(key)

    def reported(self, key, step, value):
        stop = self.keys.index(key) == 1 and step == 2
        return Verdict.STOP if stop else Verdict.CONTINUE

    def consumed(self, key, leg):
        self.legs.append(leg)

    def finished(self, key, outcome, seconds):
        self.outcomes.append(outcome)

    def rejected(self):
        raise AssertionError


@pytest.mark.ray
@pytest.mark.usefixtures("shared")
def test_a_trial_is_stopped_when_the_sink_says_so():
    def objective(config):
        yield from (3.0, 2.0, 1.0)

    sink = Stopping()
    translation = ut.translate(LINE, "ray", "random")
    problem = Problem(translation, SPEC.methods[0], n_trials=3, seed=1)
    RayService.open(problem).run(Evaluator(objective), sink)
    assert [o.state.value for o in sink.outcomes] == ["complete", "pruned", "complete"]
    assert sink.outcomes[1].value == 2.0
    assert [report.value for report in sink.outcomes[1].reports] == [3.0, 2.0]
    assert sink.begins == sink.keys
    assert sink.legs == [Leg(0, 3), Leg(0, 2), Leg(0, 3)]


class Fragile(Study):
    """A study that breaks when it is told."""

    @classmethod
    def native_space(cls, translation):
        return {}

    @classmethod
    def open(cls, problem):
        return cls()

    def ask(self):
        return Proposal({"x": 0.5})

    def inject(self, values):
        return Proposal(values)

    def tell(self, token, outcome):
        raise RuntimeError("told too much")

    @property
    def native(self):
        return None


@pytest.mark.ray
@pytest.mark.usefixtures("shared")
def test_an_error_of_the_proposing_study_ends_the_run_and_gets_out():
    translation = ut.translate(LINE, "ray", "random")
    problem = Problem(translation, SPEC.methods[-1], n_trials=3, seed=1, proposer=Fragile())
    with pytest.raises(RuntimeError, match="told too much"):
        RayService.open(problem).run(Evaluator(any_loss), Stopping())


@pytest.mark.ray
@pytest.mark.usefixtures("shared")
def test_an_objective_that_cannot_be_sent_is_refused():
    lock = threading.Lock()

    def objective(config):
        with lock:
            return 1.0

    with pytest.raises(OptionError, match="cannot be sent to Ray's workers"):
        minimise(LINE, objective, "random", 2)


@pytest.mark.ray
@pytest.mark.usefixtures("shared")
def test_trials_may_ask_for_resources():
    resources = minimise(LINE, any_loss, "random", 2, options={"resources": {"cpu": 2}}, workers=2)
    assert len(resources.trials) == 2


# --- what needs no Ray running


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"address": "ray://host:10001"}, "Start the run on a node"),
        ({"address": 7}, "address=7"),
        ({"resources": 2}, "resources=2"),
        ({"polish": 1}, "no option 'polish'"),
    ],
)
@pytest.mark.parametrize("method", ["random", "grid", "optuna", "hyperopt", "searcher"])
def test_wrong_options_are_refused_before_anything_starts(method, options, complaint):
    with pytest.raises(OptionError, match=complaint):
        minimise(LINE, any_loss, method, 2, options=options)


def test_what_ray_is_given_can_be_read():
    shown = {
        method: {name: str(v) for name, v in ut.translate(MIXED, "ray", method).natives.items()}
        for method in ("random", "hyperopt", "optuna", "grid")
    }
    assert shown["random"] == shown["hyperopt"]
    assert shown["random"]["x"] == "tune.uniform(-5.0, 5.0)"
    assert shown["random"]["lr"] == "tune.loguniform(1e-05, 0.1)"
    assert shown["random"]["kind"] == "tune.choice(range(3))"
    assert shown["optuna"]["n"].startswith("IntDistribution(")
    assert shown["grid"]["kind"] == "{'grid_search': [0, 1, 2]}"
    assert shown["grid"]["x"] == "tune.grid_search([-5.0, …, 5.0])"


def test_what_ray_is_given_are_rays_own_domains():
    natives = ut.translate(MIXED, "ray", "random").natives
    x, lr, kind = natives["x"], natives["lr"], natives["kind"]
    assert isinstance(x, type(tune.uniform(0, 1)))
    assert type(x.get_sampler()) is type(tune.uniform(0, 1).get_sampler())
    assert type(lr.get_sampler()) is type(tune.loguniform(1, 2).get_sampler())
    assert kind.categories == [0, 1, 2]


# --- reading Ray's own spaces


def read_quietly(native):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return Space.from_ray(native)


def test_domains_with_our_laws_are_read_without_a_warning():
    space = read_quietly(
        {
            "x": tune.uniform(0.0, 2.0),
            "lr": tune.loguniform(1e-4, 1e-1),
            "n": tune.randint(1, 5),
            "q": tune.qrandint(1, 10, 3),
            "r": tune.qrandint(2, 9, 1),
            "kind": tune.choice(["a", None, (1, 2)]),
            "axis": tune.grid_search([1, 2, 4]),
            "net": {"depth": tune.randint(2, 4), "name": "resnet"},
            "sizes": [1, 2],
            "one": tune.randint(3, 4),
        }
    )
    assert space == Space(
        {
            "x": Float(0.0, 2.0),
            "lr": Float(1e-4, 1e-1, scale="log"),
            "n": Int(1, 4),
            "q": Int(3, 9, step=3),
            "r": Int(2, 8),
            "kind": Categorical(["a", None, (1, 2)]),
            "axis": Categorical([1, 2, 4]),
            "net/depth": Int(2, 3),
            "net/name": Const("resnet"),
            "sizes": Const([1, 2]),
            "one": Const(3),
        }
    )


@pytest.mark.parametrize(
    ("native", "parameter"),
    [
        (tune.quniform(0.0, 1.0, 0.25), Float(0.0, 1.0, step=0.25)),
        (tune.qloguniform(0.5, 2.0, 0.5), Float(0.5, 2.0, scale="log", step=0.5)),
        (tune.lograndint(1, 9), Int(1, 8, scale="log")),
        (tune.qlograndint(2, 17, 2), Int(2, 16, scale="log", step=2)),
    ],
)
def test_domains_with_laws_of_their_own_are_read_with_a_warning(native, parameter):
    with pytest.warns(UnituneWarning, match="laws of its own.*'p'"):
        assert Space.from_ray({"p": native}) == Space({"p": parameter})


@pytest.mark.parametrize(
    "domain",
    [tune.randint(1, 5), tune.qrandint(1, 10, 3), tune.qrandint(2, 9, 1), tune.lograndint(1, 9)],
)
def test_the_values_read_are_those_that_ray_draws(domain):
    rng = np.random.default_rng(0)
    drawn = {domain.sample(random_state=rng) for _ in range(3000)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnituneWarning)
        parameter = Space.from_ray({"p": domain})["p"]
    assert drawn == set(parameter.grid(None))


@pytest.mark.parametrize(
    ("native", "complaint"),
    [
        ({"p": tune.randn(0, 1)}, "'p' is normally distributed"),
        ({"p": tune.sample_from(lambda config: 1)}, "'p' is tune.sample_from"),
        ({"p": tune.choice([tune.uniform(0, 1), 2])}, "'p' is a choice that holds"),
        ({"p": tune.choice([{"k": tune.uniform(0, 1)}, 2])}, "'p' is a choice that holds"),
        ({"p": tune.grid_search([1, [tune.uniform(0, 1)]])}, "'p' is a choice that holds"),
        ({"p": [tune.uniform(0, 1)]}, "'p' is <class 'list'>"),
        ({"a": {"b": 1}, "a/b": 2}, "two parameters 'a/b'"),
        ({3: tune.uniform(0, 1)}, "key 3"),
        ([1], "not list"),
    ],
)
def test_what_has_no_form_here_is_refused_by_name(native, complaint):
    with pytest.raises(SpaceError, match=complaint):
        read_space(native)


def test_without_ray_the_install_command_is_given(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray.tune.search", None)
    monkeypatch.delitem(sys.modules, "unitune_ray.importer")
    with pytest.raises(MissingLibraryError, match=r"pip install 'unitune\[ray\]'"):
        Space.from_ray({"x": 1})
