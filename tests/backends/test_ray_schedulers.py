"""Schedulers on Ray Tune: its own, population-based ones, and unitune's in its loop."""

from __future__ import annotations

import math
import os
import random
import runpy
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import ray
from clusters import local_ray
from curves import curve, resumes
from ray import tune
from ray.tune.progress_reporter import TrialProgressCallback

import unitune as ut
from unitune import plugins, scheduling
from unitune.backend import Problem
from unitune.errors import BackendError, MissingLibraryError, OptionError
from unitune.objective import Evaluator
from unitune.plugins import find_backend, find_method
from unitune.scheduling import choose, pair
from unitune.space import Categorical, Float, Int, Space
from unitune.trial import Outcome, State
from unitune_ray.evaluation import unpack
from unitune_ray.listeners import Silence
from unitune_ray.mutations import Exploration, read_bounds, read_mutations
from unitune_ray.plugin import METHODS
from unitune_ray.schedulers import Dice
from unitune_ray.searcher import LibrarySearcher
from unitune_ray.trainable import Payload, RayTrial, name_of
from unitune_ray.watch import Watch

LINE = Space({"x": Float(0.0, 1.0)})
PBT = runpy.run_path(str(Path(__file__).parents[2] / "benchmarks" / "pbt.py"))


def run(objective=curve, space=LINE, **settings):
    given = {"backend": "ray", "method": "random", "seed": 3, "progress": False, **settings}
    return ut.run(space, objective, **given)


@pytest.fixture(scope="module")
def shared():
    with local_ray():
        yield


on_ray = pytest.mark.usefixtures("shared")


def states(result):
    return [trial.state for trial in result.trials]


# --- Ray's own


def asha_by_hand(result, eta):
    """Return the step at which each trial ends, one trial after the other, by Ray's own rule."""
    rungs = {1: [], 3: [], 9: []}
    ends = []
    for trial in result.trials:
        end = 27
        for step, seen in rungs.items():
            value = trial.config["x"] + 1 / step
            worse = bool(seen) and -value < np.percentile([-v for v in seen], (1 - 1 / eta) * 100)
            seen.append(value)
            if worse:
                end = step
                break
        ends.append(end)
    return ends


@pytest.mark.ray
@on_ray
def test_rays_asha_stops_by_its_own_rule_and_the_rest_is_complete():
    result = run(scheduler="asha", resource=(1, 27), n_trials=12)
    assert result.scheduler == "asha"
    ends = [trial.reports[-1].step for trial in result.trials]
    assert ends == asha_by_hand(result, 3)
    assert set(ends) >= {1, 27}
    whole = [State.COMPLETE if end == 27 else State.PRUNED for end in ends]
    assert states(result) == whole
    assert all(trial.value == trial.reports[-1].value for trial in result.trials)
    assert [trial.resource for trial in result.trials] == ends
    assert result.frame()["resource"].sum() == result.resource.total == sum(ends)


@pytest.mark.ray
@on_ray
def test_rays_median_rule_needs_no_resource():
    result = run(scheduler="median", n_trials=8, scheduler_options={"min_samples_required": 2})
    assert result.scheduler == "median"
    assert {State.COMPLETE, State.PRUNED} == set(states(result))
    assert [trial.state for trial in result.trials[:2]] == [State.COMPLETE] * 2
    best = min(result.trials, key=lambda trial: trial.config["x"])
    assert best.state is State.COMPLETE


@pytest.mark.ray
@on_ray
def test_rays_hyperband_fills_its_brackets_from_the_long_trials_on():
    result = run(resumes, method="hyperband", resource=(1, 9), n_trials=17, workers=2)
    assert result.scheduler == "hyperband"
    ends = [trial.reports[-1].step for trial in result.trials]
    # s = 0, s = 1, s = 2; rungs are rounded up where the paper rounds down
    assert sorted(ends[:3]) == [9, 9, 9]
    assert sorted(ends[3:8]) == [3, 3, 3, 9, 9]
    assert sorted(ends[8:]) == [1, 1, 1, 1, 1, 1, 3, 3, 9]
    assert [trial.state is State.COMPLETE for trial in result.trials] == [e == 9 for e in ends]
    legs = result.resource.frame()
    assert set(legs["how"]) == {"first", "restored"}
    assert all(trial.resource == len(trial.reports) for trial in result.trials)


@pytest.mark.ray
@on_ray
def test_a_trial_that_ray_pauses_without_a_checkpoint_is_computed_again():
    result = run(scheduler="hyperband", resource=(1, 9), n_trials=17, workers=2)
    legs = result.resource.frame()
    assert set(legs["how"]) == {"first", "replayed"}
    assert all(
        [r.step for r in t.reports] == [*range(1, len(t.reports) + 1)] for t in result.trials
    )
    again = legs[legs["how"] == "replayed"]
    assert (again["start"] == 0).all()
    assert result.resource.total == sum(len(t.reports) for t in result.trials) + sum(
        leg.reached for trial in result.trials for leg in trial.legs[:-1]
    )


@pytest.mark.ray
@on_ray
def test_bohb_of_rays_own_learns_from_what_its_brackets_bring():
    pytest.importorskip("hpbandster")
    space = Space({"x": Float(0.0, 1.0), "kind": Categorical([("a",), ("b",)])})
    result = run(resumes, space, method="bohb", resource=(1, 9), n_trials=26, workers=2)
    assert (result.method, result.scheduler) == ("bohb", "bohb")
    assert len(result.trials) == 26
    assert set(states(result)) == {State.COMPLETE, State.PRUNED}
    assert {trial.reports[-1].step for trial in result.trials} == {1, 3, 9}
    assert all(space.contains(trial.config) for trial in result.trials)
    early, late = result.trials[:8], result.trials[-8:]
    assert sum(t.config["x"] for t in late) < sum(t.config["x"] for t in early)
    assert set(result.resource.frame()["how"]) == {"first", "restored"}


# --- population-based training


@pytest.mark.ray
@on_ray
def test_a_population_finds_a_schedule_that_random_search_cannot():
    epochs = 20
    options = {**PBT["STEPS"], "synch": True}
    settings = {"space": PBT["SPACE"], "resource": (4, epochs), "workers": 2}
    changed = run(
        PBT["train"], scheduler="pbt", scheduler_options=options, n_trials=6, seed=0, **settings
    )
    assert states(changed) == [State.COMPLETE] * 6, (changed.reason, changed.trials)
    constant = run(PBT["train"], max_resource=changed.resource.total, seed=0, **settings)
    assert changed.resource.total == constant.resource.total == 6 * epochs
    assert changed.best.value < 0.9 * constant.best.value
    moved = [trial for trial in changed.trials if trial.perturbations]
    assert moved
    for trial in changed.trials:
        assert [r.step for r in trial.reports] == [*range(1, epochs + 1)]
        assert trial.resource == epochs
        assert all(leg.how == ("restored" if leg.start else "first") for leg in trial.legs)
        configs = [config for p in trial.perturbations for config in (p.before, p.after)]
        assert configs[1:-1:2] == configs[2::2]
        assert not configs or configs[-1] == trial.config
        assert all(PBT["SPACE"].contains(config) for config in configs)
        assert all(p.source != trial.number and p.step % 4 == 0 for p in trial.perturbations)
    best = changed.best
    replayed = 0.0
    for epoch in range(epochs):
        replayed -= PBT["progress"](config_at(changed.trials, best, epoch), epoch, epochs)
    assert math.exp(replayed) == pytest.approx(best.value)


def config_at(trials, trial, epoch, until=math.inf):
    """Return the config with which the state that a trial had at a step was trained in an epoch."""
    known = [change for change in trial.perturbations if change.step < until]
    if not known:
        return trial.perturbations[0].before if trial.perturbations else trial.config
    last = known[-1]
    if epoch >= last.step:
        return last.after
    return config_at(trials, trials[last.source], epoch, last.step)


@pytest.mark.ray
@on_ray
def test_the_gaussian_process_of_pb2_stays_in_the_space():
    space = Space({"lr": Float(1e-3, 1.0, scale="log"), "kind": Categorical(["a", "b"])})

    def objective(config, trial):
        done, loss = trial.checkpoint.load((0, 1.0))
        for epoch in range(done, 6):
            loss *= 1 - config["lr"] / 2
            trial.checkpoint.save((epoch + 1, loss))
            trial.report(loss)

    options = {"synch": True, "quantile_fraction": 0.5}
    result = run(
        objective,
        space,
        scheduler="pb2",
        resource=(2, 6),
        n_trials=4,
        workers=2,
        scheduler_options=options,
    )
    configs = [p.after for trial in result.trials for p in trial.perturbations]
    assert configs
    assert all(space.contains(config) for config in configs)
    assert result.resource.total == 4 * 6


@pytest.mark.ray
@on_ray
def test_a_population_goes_on_without_a_trial_that_fails():
    def objective(config, trial):
        done = trial.checkpoint.load(0)
        for epoch in range(done, 6):
            if trial.number == 1 and epoch == 3:
                raise KeyError(epoch)
            trial.checkpoint.save(epoch + 1)
            trial.report(config["x"])

    options = {"synch": True}
    result = run(
        objective,
        scheduler="pbt",
        resource=(2, 6),
        n_trials=3,
        workers=2,
        scheduler_options=options,
    )
    assert states(result) == [State.COMPLETE, State.FAILED, State.COMPLETE]
    assert result.trials[1].resource == 3


@pytest.mark.ray
@on_ray
def test_a_population_without_checkpoints_ends_with_a_sentence():
    def objective(config, trial):
        for _ in range(8):
            trial.report(config["x"])

    with pytest.raises(BackendError, match=r"has saved nothing: call trial.checkpoint.save"):
        run(
            objective,
            scheduler="pbt",
            resource=(2, 8),
            n_trials=4,
            workers=2,
            scheduler_options={"synch": True},
        )


class Place:
    """What a trainable asks of Ray's storage."""

    def __init__(self, path):
        self.trial_fs_path = self.trial_working_directory = str(path)
        self.current_checkpoint_index = 0


def counts(config, trial):
    done = trial.checkpoint.load(0)
    for epoch in range(done, 4):
        trial.checkpoint.save(epoch + 1)
        trial.report(10 * done + epoch)


@pytest.fixture
def actor(tmp_path, monkeypatch):
    """Return what makes an actor's trainable that has a trial, without the actor."""

    class Alone(RayTrial):
        reference = Payload(Evaluator(counts), SimpleNamespace(lift=dict), seed=0)
        trial_name = name_of(0)

    monkeypatch.setattr(ray, "get", lambda reference: reference)
    monkeypatch.setenv("RAY_CHDIR_TO_TRIAL_DIR", "0")
    return lambda: Alone({}, storage=Place(tmp_path))


def test_an_actor_that_ends_late_leaves_what_its_trial_goes_on_from_elsewhere(actor, tmp_path):
    paused, later = (tmp_path / name for name in ("paused", "later"))
    paused.mkdir()
    later.mkdir()
    before, after = actor(), actor()
    assert [before.step()["value"] for _ in range(2)] == [0, 1]
    before.save_checkpoint(str(paused))
    after.load_checkpoint(str(paused))
    before.stop()
    assert after.step()["value"] == 22
    after.save_checkpoint(str(later))
    assert unpack(str(later), tmp_path / "next")[2]
    after.stop()
    assert not list(tmp_path.glob("checkpoint*"))


def test_no_checkpoint_is_written_over_one_that_others_may_still_load(actor, tmp_path):
    numbers = []
    for n in range(3):
        begun = actor()  # with the number that the driver counts, which may be behind
        begun.step()
        (tmp_path / str(n)).mkdir()
        begun.save_checkpoint(str(tmp_path / str(n)))
        numbers.append(begun._storage.current_checkpoint_index)
        begun.stop()
    assert len({0, *numbers}) == 4


# --- unitune's schedulers in Ray's loop


@pytest.mark.ray
@on_ray
def test_unitunes_hyperband_keeps_to_the_table_of_its_paper_on_ray():
    result = run(
        resumes, scheduler="unitune:hyperband", resource=(1, 27), n_trials=49, workers=2, seed=0
    )
    assert result.scheduler == "unitune:hyperband"
    rungs = result.resource.rungs()
    done = {
        bracket: list(zip(own["trials"], own["reached"], strict=True))
        for bracket, own in rungs.groupby("bracket")
    }
    # Li et al. 2018, Algorithm 1, for R = 27 and eta = 3
    assert done == {
        3: [(27, 1), (9, 3), (3, 9), (1, 27)],
        2: [(12, 3), (4, 9), (1, 27)],
        1: [(6, 9), (2, 27)],
        0: [(4, 27)],
    }
    assert (rungs["trials"] == rungs["planned_trials"]).all()
    assert set(result.resource.frame()["how"]) == {"first", "restored"}
    assert all(trial.resource == len(trial.reports) for trial in result.trials)
    alone = ut.run(
        LINE,
        resumes,
        backend="builtin",
        method="random",
        scheduler="hyperband",
        resource=(1, 27),
        n_trials=49,
        seed=0,
        progress=False,
    )
    assert result.resource.total == alone.resource.total


@pytest.mark.ray
@on_ray
def test_a_function_that_reports_nothing_is_told_how_far_to_go():
    def objective(config, trial):
        return {"loss": config["x"] + 1 / trial.resource, "reached": trial.resource}

    result = run(
        objective,
        method="hyperopt",
        scheduler="unitune:hyperband",
        resource=(1, 9),
        n_trials=17,
        metric="loss",
    )
    rungs = result.resource.rungs()
    assert rungs["trials"].tolist() == [9, 3, 1, 5, 1, 3]
    complete = [trial for trial in result.trials if trial.state is State.COMPLETE]
    assert len(complete) == 5
    assert all(trial.metrics["reached"] == 9 for trial in complete)
    assert all(t.value == t.config["x"] + 1 / t.reports[-1].step for t in result.trials)


@pytest.mark.ray
@on_ray
def test_the_rest_of_a_bracket_survives_a_worker_that_dies_and_a_function_that_cannot_know():
    def objective(config, trial):
        done = trial.checkpoint.load(0)
        for epoch in range(done, 9):
            if trial.number == 4 and not done:
                os._exit(1)
            trial.checkpoint.save(epoch + 1)
            trial.report(config["x"])

    result = run(objective, scheduler="successive_halving", resource=(1, 9), n_trials=9)
    assert result.scheduler == "unitune:successive_halving"
    assert [t.number for t in result.trials if t.state is State.FAILED] == [4]
    assert result.trials[4].failure.kind == "WorkerDied"
    assert result.resource.rungs()["trials"].tolist()[1:] == [3, 1]

    with pytest.raises(ut.UnituneError, match="the scheduler looks at trials after 1 steps"):
        run(lambda config: config["x"], scheduler="unitune:hyperband", resource=(1, 9), n_trials=9)


@pytest.mark.ray
@on_ray
def test_a_target_ends_paused_trials_too():
    result = run(scheduler="unitune:hyperband", resource=(1, 9), n_trials=40, target=5.0)
    assert result.reason == "target"
    assert states(result).count(State.COMPLETE) == 1
    assert len(result.trials) >= 9
    assert set(states(result)) == {State.COMPLETE, State.PRUNED}
    assert [trial.number for trial in result.trials] == [*range(len(result.trials))]


@pytest.mark.ray
@on_ray
def test_a_budget_of_resource_holds_without_a_scheduler_and_with_one():
    plain = run(resource=(1, 5), max_resource=22)
    assert plain.reason == "max_resource"
    assert [trial.resource for trial in plain.trials] == [5] * 5
    assert states(plain) == [State.COMPLETE] * 5

    early = run(scheduler="asha", resource=(1, 9), max_resource=30)
    assert 30 <= early.resource.total < 39
    assert len(early.trials) > 30 // 9

    def dips(config):
        yield from (0.2, 0.1, 0.3)

    best = run(dips, value="best", resource=(1, 3), n_trials=1)
    assert best.trials[0].value == 0.1


@pytest.mark.ray
@on_ray
def test_a_scheduler_of_rays_that_wants_all_trials_at_once_holds_to_the_workers():
    said = r"room for: 2 with 1 CPU each, not workers=1.*or use scheduler='unitune:hyperband'\.$"
    with pytest.raises(OptionError, match=said):
        run(resumes, scheduler="hyperband", resource=(1, 9), n_trials=4)
    with pytest.raises(OptionError, match=r"ask for more through options=\{'resources': …\}\.$"):
        run(resumes, scheduler="pbt", resource=(3, 9), n_trials=4)


@pytest.mark.ray
@on_ray
def test_trials_that_never_began_are_not_printed_when_the_budget_is_used_up(capfd):
    run(scheduler="hyperband", resource=(1, 9), max_resource=60, workers=2)
    assert capfd.readouterr().out == ""


@pytest.mark.ray
@on_ray
def test_the_ledger_of_rays_hyperband_has_the_papers_levels():
    result = run(resumes, method="hyperband", resource=(1, 9), n_trials=17, workers=2)
    rungs = result.resource.rungs()
    assert rungs["planned_trials"].tolist() == [17, 11, 5]
    assert rungs["trials"].tolist() == [17, 11, 6]  # it rounds up who goes on
    assert rungs["resource"].sum() == result.resource.total


# --- what needs no Ray running


def test_bohb_is_rays_own_where_it_is_installed_and_asked_for(monkeypatch):
    ray = find_backend("ray")
    monkeypatch.setattr(scheduling, "missing", lambda spec, method: None)
    assert pair(ray, "bohb", None) == ("bohb", "bohb")
    assert pair(ray, "bohb", "unitune:hyperband") == ("bayesian", "unitune:hyperband")
    assert pair(ray, "optuna", "asha") == ("optuna", "asha")
    monkeypatch.setattr(scheduling, "missing", lambda spec, method: "it is not there")
    assert pair(ray, "bohb", None) == ("bayesian", "hyperband")


def test_the_callback_in_the_place_of_rays_own_prints_no_trial_that_never_began(capsys):
    class Pending:
        def __init__(self):
            self.last_result = {}

    for callback in (TrialProgressCallback(), Silence()):
        callback.on_trial_complete(0, [], trial=Pending())
    assert capsys.readouterr().out.count("completed") == 1  # Ray's own


def test_who_names_bohb_twice_wants_rays_own_and_hears_what_it_needs(monkeypatch):
    monkeypatch.setattr(plugins, "_importable", lambda module: module != "hpbandster")
    with pytest.raises(MissingLibraryError, match=r"needs hpbandster.*'unitune\[ray-bohb\]'"):
        run(method="bohb", scheduler="bohb", resource=(1, 9))


def test_a_scheduler_that_needs_all_trials_at_once_is_composed_for_methods_that_learn():
    ray = find_backend("ray")
    bounds = (1, 9)

    def chosen(scheduler, method, through=None):
        return choose(
            ray, scheduler, bounds, {}, method=find_method(ray, method), through=through
        ).name

    assert chosen("hyperband", "random") == "hyperband"
    assert chosen("hyperband", "optuna") == "unitune:hyperband"
    assert chosen("hyperband", "random", "builtin:random") == "unitune:hyperband"
    assert chosen("unitune:hyperband", "random") == "unitune:hyperband"
    assert chosen("asha", "optuna") == "asha"


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"scheduler": "pbt"}, "resource=(least, most)"),
        (
            {"scheduler": "pbt", "method": "optuna"},
            "goes with the method 'random' of that library itself, and method 'optuna' is another",
        ),
        ({"scheduler": "asha", "scheduler_options": {"metric": "x"}}, "set by unitune itself"),
        ({"scheduler": "asha", "scheduler_options": {"max_t": 3}}, "set by unitune itself"),
        ({"scheduler": "asha", "scheduler_options": {"graze": 3}}, "no option 'graze'"),
        ({"scheduler": "asha", "scheduler_options": {"eta": 1}}, "eta=1 is refused"),
        ({"scheduler": "asha", "scheduler_options": {"brackets": 0}}, "brackets must be positive"),
        (
            {"scheduler": "hyperband", "scheduler_options": {"eta": 3, "reduction_factor": 3}},
            "two names of the same thing",
        ),
        ({"scheduler": "median", "scheduler_options": {"hard_stop": False}}, "set by unitune"),
        ({"scheduler": "pbt", "scheduler_options": {"quantile_fraction": 2}}, "quantile_fraction"),
        (
            {"scheduler": "pbt", "scheduler_options": {"hyperparam_mutations": ["y"]}},
            "names 'y', and there is no such parameter",
        ),
        ({"scheduler": "asha", "options": {"storage_path": "/nowhere/at/all"}}, "existing dir"),
    ],
)
def test_wrong_settings_are_refused_before_anything_starts(settings, complaint):
    given = {} if "resource=" in complaint else {"resource": (1, 9)}
    with pytest.raises(OptionError) as caught:
        run(n_trials=2, **given, **settings)
    assert complaint in str(caught.value)


def test_a_population_needs_an_objective_that_has_a_state():
    with pytest.raises(OptionError, match=r"def objective\(config, trial\)"):
        run(curve, scheduler="pbt", resource=(1, 9), n_trials=2)


def test_a_space_with_constraints_takes_unitunes_hyperband_and_no_population():
    space = Space({"x": Float(0.0, 1.0)}, {"small": lambda config: config["x"] < 0.5})
    with pytest.raises(OptionError, match="'builtin:random' proposes here"):
        run(resumes, space, scheduler="pbt", resource=(1, 9), n_trials=2)


def test_only_numbers_can_be_chosen_by_a_gaussian_process():
    space = Space({"kind": Categorical(["a", "b"])})
    with pytest.raises(OptionError, match="'pb2' chooses numbers, and the space has none"):
        run(resumes, space, scheduler="pb2", resource=(1, 9), n_trials=2)


MIXED = Space(
    {
        "lr": Float(1e-4, 1.0, scale="log"),
        "momentum": Float(0.5, 0.999, scale="reverse_log"),
        "units": Int(1, 64, scale="log"),
        "kind": Categorical(["a", "b", "c"]),
        "nested": Float(0.0, 1.0, when={"kind": "b"}),
        "a/b": Float(0.0, 1.0),
    }
)


def test_whatever_becomes_of_raw_values_the_config_is_legal():
    translation = ut.translate(MIXED, "ray", "random")
    explore = Exploration(translation, None)
    rng = random.Random(0)
    for number in range(200):
        raw = translation.lower(MIXED.sample(number))
        wild = {
            name: value if name == "kind" else value * rng.choice([-3, 0, 0.8, 1.2, 1e6])
            for name, value in raw.items()
        }
        assert MIXED.contains(translation.lift(explore(wild)))


def test_a_populations_changes_are_those_of_the_space_unless_the_user_says_otherwise():
    translation = ut.translate(MIXED, "ray", "random")
    whole = read_mutations(translation, None)
    assert list(whole) == list(translation.steps)
    assert whole["kind"] == [0, 1, 2]
    assert repr(whole["lr"]) == "tune.loguniform(0.0001, 1.0)"
    assert list(read_mutations(translation, ["lr"])) == ["lr"]
    own = read_mutations(translation, {"kind": ["c", "a"], "lr": tune.loguniform(1e-3, 1e-1)})
    assert own["kind"] == [2, 0]
    assert own["lr"].lower == 1e-3
    units = read_mutations(translation, {"units": [1, 8, 64]})["units"]
    assert [translation.steps["units"].lift(raw) for raw in units] == [1, 8, 64]
    assert list(read_bounds(ut.translate(PBT["SPACE"], "ray", "random"), None)) == ["lr"]
    assert read_bounds(translation, {"lr": (0.1, 0.01)}) == {"lr": [0.01, 0.1]}


@pytest.mark.parametrize(
    ("read", "given", "complaint"),
    [
        (read_mutations, "lr", "give a list of parameters"),
        (read_mutations, {}, "give a list of parameters"),
        (read_mutations, {"kind": ["d"]}, "parameter 'kind'"),
        (read_mutations, {"units": tune.randint(1, 8)}, "a Float that Ray takes as it is"),
        (read_bounds, ["kind"], "parameter 'kind' is none"),
        (read_bounds, {"lr": 3}, "give (low, high)"),
        (read_bounds, ["a/b"], "whose name holds a '/'"),
        (read_bounds, {"lr": (0.1, 7.0)}, "parameter 'lr'"),
    ],
)
def test_changes_that_make_no_sense_are_refused(read, given, complaint):
    with pytest.raises(OptionError) as caught:
        read(ut.translate(MIXED, "ray", "random"), given)
    assert complaint in str(caught.value)


def test_the_users_last_word_is_in_his_own_values_and_stays_in_the_space():
    translation = ut.translate(MIXED, "ray", "random")
    raw = translation.lower(MIXED.sample(1))
    kept = Exploration(translation, lambda config: {**config, "units": 64})(raw)
    assert translation.lift(kept)["units"] == 64
    with pytest.raises(OptionError, match="custom_explore_fn returned"):
        Exploration(translation, lambda config: {**config, "units": 65})(raw)
    with pytest.raises(OptionError, match="give a function"):
        Exploration(translation, 3)


def test_a_scheduler_draws_from_its_own_numbers():
    def draw():
        return random.random(), float(np.random.random())  # noqa: NPY002 - as Ray does

    random.seed(5)
    np.random.seed(5)  # noqa: NPY002
    undisturbed = [draw(), draw()]
    random.seed(5)
    np.random.seed(5)  # noqa: NPY002
    one, same, other = Dice(1), Dice(1), Dice(2)
    first = draw()
    drawn = []
    for dice in (one, same, other):
        with dice.rolled():
            drawn.append(draw())
    assert [first, draw()] == undisturbed
    assert drawn[0] == drawn[1] != drawn[2]
    with one.rolled():
        assert draw() != drawn[0]


class Told:
    """A searcher of Ray's that remembers what it was told."""

    def __init__(self):
        self.told = []

    def on_trial_complete(self, trial_id, result=None, error=False):
        self.told.append((None if result is None else result["value"], error))


@pytest.mark.parametrize(("mode", "worst"), [("min", 3.0), ("max", 1.0)])
def test_a_searcher_of_rays_never_takes_an_early_value_for_a_better_final_one(mode, worst):
    outcomes = {
        "0": Outcome(State.COMPLETE, 3.0),
        "1": Outcome(State.COMPLETE, 1.0),
        "2": Outcome(State.PRUNED, 2.0),
        "3": Outcome(State.FAILED),
    }
    watch = Watch()
    watch.outcome = outcomes.get
    told = Told()
    problem = Problem(ut.translate(LINE, "ray", "random"), METHODS[0], mode=mode)
    searcher = LibrarySearcher(watch, problem, told)
    for key in outcomes:
        searcher.on_trial_complete(key, {"value": 0.0})
    assert told.told == [(3.0, False), (1.0, False), (worst, False), (None, True)]
