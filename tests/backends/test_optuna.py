"""Optuna through unitune against Optuna by hand, and what unitune sets right about it."""

from __future__ import annotations

import itertools
import logging
import random
import subprocess
import sys

import pytest
from spaces import CONDITIONAL, EVERY_KIND, MIXED, any_loss, mixed_loss

import unitune
from unitune import Bool, Categorical, Const, Float, Infeasible, Int, Space, State
from unitune.backend import Answer
from unitune.errors import OptionError, SpaceError
from unitune.preparation import plan
from unitune.trial import Outcome, Report
from unitune_optuna.plugin import SCHEDULERS

optuna = pytest.importorskip("optuna")
np = pytest.importorskip("numpy")

SAMPLERS = {
    "random": optuna.samplers.RandomSampler,
    "qmc": optuna.samplers.QMCSampler,
    "tpe": optuna.samplers.TPESampler,
    "gp": optuna.samplers.GPSampler,
    "cmaes": optuna.samplers.CmaEsSampler,
    "nsga2": optuna.samplers.NSGAIISampler,
}
TREES = ("random", "tpe")
CHEAP = [name for name in SAMPLERS if name != "gp"]

# The hand-written side constructs an experimental sampler and lets CMA-ES say what it cannot do.
pytestmark = pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")


@pytest.fixture(autouse=True)
def _still():
    """Keep the hand-written loops from logging."""
    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    yield
    optuna.logging.set_verbosity(level)


@pytest.fixture(params=SAMPLERS)
def method(request):
    if request.param == "gp":
        pytest.importorskip("torch")
    if request.param == "cmaes":
        pytest.importorskip("cmaes")
    return request.param


def run(space, loss, method, **settings):
    settings = {"n_trials": 30, "seed": 3, "progress": False, **settings}
    return unitune.run(space, loss, backend="optuna", method=method, **settings)


def suggest_mixed(trial):
    config = {
        "x": trial.suggest_float("x", -5.0, 5.0),
        "lr": trial.suggest_float("lr", 1e-5, 1e-1, log=True),
        "momentum": 1.0 - trial.suggest_float("momentum", 1.0 - 0.999, 1.0 - 0.9, log=True),
        "n": trial.suggest_int("n", 1, 64),
        "units": trial.suggest_int("units", 1, 64, log=True),
        "kind": trial.suggest_categorical("kind", ["a", "b", "c"]),
    }
    return {**config, "momentum": min(max(config["momentum"], 0.9), 0.999)}


def suggest_tree(trial):
    config = {
        "lr": trial.suggest_float("lr", 1e-4, 1e-1, log=True),
        "optimizer": trial.suggest_categorical("optimizer", ["sgd", "rmsprop", "adam"]),
    }
    if config["optimizer"] in ("sgd", "rmsprop"):
        config["momentum"] = trial.suggest_float("momentum", 0.5, 0.99)
    if config["optimizer"] == "sgd":
        config["nesterov"] = trial.suggest_categorical("nesterov", [False, True])
        if not config["nesterov"]:
            config["damping"] = trial.suggest_float("damping", 0.0, 0.5)
    config["layers"] = trial.suggest_int("layers", 1, 3)
    if config["layers"] == 3:
        config["units_3"] = trial.suggest_int("units_3", 8, 64, log=True)
    return config


def suggest_flat(trial):
    config = {
        "lr": trial.suggest_float("lr", 1e-4, 1e-1, log=True),
        "optimizer": trial.suggest_categorical("optimizer", ["sgd", "rmsprop", "adam"]),
        "momentum": trial.suggest_float("momentum", 0.5, 0.99),
        "nesterov": trial.suggest_categorical("nesterov", [False, True]),
        "damping": trial.suggest_float("damping", 0.0, 0.5),
        "layers": trial.suggest_int("layers", 1, 3),
        "units_3": trial.suggest_int("units_3", 8, 64, log=True),
    }
    if config["optimizer"] == "adam":
        del config["momentum"]
    if config["optimizer"] != "sgd":
        del config["nesterov"]
    if config.get("nesterov") is not False:
        del config["damping"]
    if config["layers"] != 3:
        del config["units_3"]
    return config


def by_hand(suggest, loss, sampler, *, n_trials=30, direction="minimize", catch=(), enqueue=()):
    """Return (config, value) of every trial of a plain `study.optimize`."""
    seen = []

    def objective(trial):
        config = suggest(trial)
        seen.append([config, None])
        seen[-1][1] = loss(config)
        return seen[-1][1]

    study = optuna.create_study(sampler=sampler, direction=direction)
    for params in enqueue:
        study.enqueue_trial(params)
    study.optimize(objective, n_trials=n_trials, catch=catch)
    return [tuple(pair) for pair in seen]


def pairs(result):
    return [(trial.config, trial.value) for trial in result.trials]


def test_it_proposes_what_optuna_proposes_by_hand(method):
    result = run(MIXED, mixed_loss, method)
    assert pairs(result) == by_hand(suggest_mixed, mixed_loss, SAMPLERS[method](seed=3))


def test_a_tree_is_searched_as_by_hand(method):
    suggest = suggest_tree if method in TREES else suggest_flat
    result = run(CONDITIONAL, any_loss, method)
    assert pairs(result) == by_hand(suggest, any_loss, SAMPLERS[method](seed=3))
    assert len({frozenset(trial.config) for trial in result.trials}) > 1


def test_greater_values_are_sought_as_by_hand():
    result = run(MIXED, mixed_loss, "tpe", mode="max")
    sampler = optuna.samplers.TPESampler(seed=3)
    assert pairs(result) == by_hand(suggest_mixed, mixed_loss, sampler, direction="maximize")
    assert result.native.direction.name == "MAXIMIZE"
    assert result.native.best_value == result.best.value


@pytest.mark.parametrize("method", CHEAP)
def test_failures_are_told_as_optimize_tells_them(method):
    def loss(config):
        if config["kind"] == "a":
            raise ArithmeticError("kind a fails")
        return mixed_loss(config)

    result = run(MIXED, loss, method)
    sampler = SAMPLERS[method](seed=3)
    assert pairs(result) == by_hand(suggest_mixed, loss, sampler, catch=(ArithmeticError,))
    states = [trial.state.name for trial in result.native.get_trials(deepcopy=False)]
    assert states.count("FAIL") == sum(t.state is State.FAILED for t in result.trials) > 0


def test_options_reach_the_sampler():
    options = {"n_startup_trials": 4, "multivariate": False}
    result = run(MIXED, mixed_loss, "tpe", options=options)
    sampler = optuna.samplers.TPESampler(seed=3, **options)
    assert pairs(result) == by_hand(suggest_mixed, mixed_loss, sampler)


def test_initial_configs_come_first_and_are_learned_from_as_if_enqueued():
    first = {"x": 1.0, "lr": 1e-3, "momentum": 0.99, "n": 3, "units": 8, "kind": "c"}
    result = run(MIXED, mixed_loss, "tpe", initial=[first])
    enqueued = {**first, "momentum": 1.0 - 0.99}
    sampler = optuna.samplers.TPESampler(seed=3)
    hand = by_hand(suggest_mixed, mixed_loss, sampler, enqueue=[enqueued])
    assert result.trials[0].config == first
    assert pairs(result)[1:] == hand[1:]


def test_initial_configs_of_a_tree_leave_out_what_is_not_there():
    first = {"lr": 0.01, "optimizer": "adam", "layers": 3, "units_3": 16}
    result = run(CONDITIONAL, any_loss, "tpe", initial=[first], n_trials=3)
    assert result.trials[0].config == first
    assert result.native.trials[0].params == first


def test_the_seed_decides(method):
    kwargs = {"n_trials": 14}
    one, same = run(MIXED, mixed_loss, method, **kwargs), run(MIXED, mixed_loss, method, **kwargs)
    other = run(MIXED, mixed_loss, method, seed=4, **kwargs)
    assert pairs(one) == pairs(same) != pairs(other)


def test_the_greatest_seed_is_accepted(method):
    assert len(run(MIXED, mixed_loss, method, seed=2**32 - 1, n_trials=12).trials) == 12


# Grid


def test_a_grid_larger_than_the_budget_is_optunas_random_part_of_it():
    result = run(MIXED, mixed_loss, "grid", n_trials=30)
    points = {name: parameter.grid(2) for name, parameter in MIXED.items()}
    points["momentum"] = [1.0 - x for x in points["momentum"]]
    sampler = optuna.samplers.GridSampler(points, seed=3)

    assert pairs(result) == by_hand(suggest_mixed, mixed_loss, sampler)


def test_a_grid_visits_every_config_once_and_ends():
    space = Space({"x": Float(0.0, 1.0), "n": Int(1, 3), "kind": Categorical([None, (1, 2)])})
    result = run(space, lambda config: config["x"], "grid", options={"points": 4}, n_trials=100)
    assert result.reason == "exhausted"
    assert len(result.trials) == 24
    found = [tuple(trial.config.values()) for trial in result.trials]
    assert set(found) == set(
        itertools.product([0.0, 1 / 3, 2 / 3, 1.0], [1, 2, 3], space["kind"].choices)
    )
    assert [trial.state.name for trial in result.native.trials] == ["COMPLETE"] * 24


def test_a_grid_of_one_config_takes_an_initial_config():
    space = Space({"kind": Categorical(["a", "b"])})
    result = run(space, lambda config: 0.0, "grid", initial=[{"kind": "b"}], n_trials=9)
    assert result.reason == "exhausted"
    assert result.trials[0].config["kind"] == "b"
    assert {trial.config["kind"] for trial in result.trials[1:]} == {"a", "b"}


def test_a_grid_over_a_tree_is_the_cores_and_fills_optunas_study():
    result = run(CONDITIONAL, any_loss, "grid", n_trials=40)
    builtin = unitune.run(
        CONDITIONAL, any_loss, backend="builtin", method="grid", n_trials=40, seed=3, progress=False
    )
    assert result.through == "builtin:grid"
    assert pairs(result) == pairs(builtin)
    assert [trial.params for trial in result.native.trials] == [t.config for t in result.trials]


def test_a_grid_too_large_for_memory_is_refused():
    space = {f"b{i}": Bool() for i in range(24)}
    with pytest.raises(OptionError, match=r"16,777,216 configs.*builtin"):
        run(space, any_loss, "grid")


# Configs that may not be


@pytest.mark.parametrize("seed", [0, 2])
def test_cmaes_does_not_shrink_onto_forbidden_ground(seed):
    pytest.importorskip("cmaes")
    space = Space(
        {"a": Float(0.0, 1.0), "b": Float(0.0, 1.0)},
        constraints={"corner": lambda config: config["a"] + config["b"] < 0.5},
    )
    # the core would end the run, with a warning, after 1000 rejections in a row
    result = run(space, lambda c: -(c["a"] + c["b"]), "cmaes", seed=seed)
    assert len(result.trials) == 30
    assert result.best.value < -0.45


@pytest.mark.parametrize("mode", ["min", "max"])
def test_constraints_are_kept_without_hanging(method, mode):
    space = Space(
        {"a": Float(0.0, 1.0), "b": Float(0.0, 1.0)},
        constraints={"corner": lambda config: config["a"] + config["b"] < 1.2},
    )
    sign = -1 if mode == "min" else 1
    # the optimum lies on the edge of what is allowed, where rejected proposals are likeliest
    result = run(space, lambda c: 100 + sign * (c["a"] + c["b"]), method, mode=mode, n_trials=25)
    assert len(result.trials) == 25
    assert 0 < result.rejected < 100
    assert all(trial.config["a"] + trial.config["b"] < 1.2 for trial in result.trials)
    assert result.native.best_trial.params == result.best.config
    assert result.native.best_value == result.best.value


def test_tpe_finds_its_way_into_a_small_allowed_corner():
    space = Space(
        {"a": Float(0.0, 1.0), "b": Float(0.0, 1.0)},
        constraints={"corner": lambda config: config["a"] + config["b"] < 0.2},
    )
    learned = run(space, lambda c: -c["a"], "tpe")
    blind = run(space, lambda c: -c["a"], "random")
    assert len(learned.trials) == 30
    assert learned.rejected < blind.rejected / 3


def test_an_infeasible_trial_is_learned_from_and_never_the_best(method):
    def loss(config):
        if config["x"] < 0:
            raise Infeasible("left of zero")
        return 10.0 + config["x"]

    result = run({"x": Float(-1.0, 1.0), "y": Float(0.0, 1.0)}, loss, method, n_trials=20)
    infeasible = [trial for trial in result.trials if trial.state is State.INFEASIBLE]
    assert infeasible
    assert result.native.best_trial.params["x"] >= 0
    assert result.native.best_value == result.best.value
    told = [result.native.trials[trial.number] for trial in infeasible]
    assert {trial.user_attrs["failure"] for trial in told} == {"Infeasible: left of zero"}
    assert any(trial.state.name == "COMPLETE" for trial in told)


def test_an_infeasible_first_trial_is_not_given_a_made_up_value():
    prepared = plan(MIXED, "optuna", "tpe", {})
    study = prepared.open(seed=0)
    study.tell(study.ask().token, Outcome(State.INFEASIBLE))
    assert study.native.trials[0].state.name == "FAIL"


# Reports


def curve(config, trial):
    for step in range(1, 6):
        trial.report(abs(config["x"]) + 1 / step)
    return abs(config["x"])


def test_without_a_pruner_nothing_is_pruned():
    result = run({"x": Float(-5.0, 5.0)}, curve, "random")
    assert {trial.state for trial in result.trials} == {State.COMPLETE}
    assert result.native.trials[0].intermediate_values == {
        report.step: report.value for report in result.trials[0].reports
    }


P = optuna.pruners
FIRST = {"n_warmup_steps": 1}  # with resource=(1, 5)
HALVED = {"min_resource": 1, "reduction_factor": 3}
# scheduler, scheduler_options, resource, and the pruner by hand
NATIVE = {
    "median": ("median", {}, None, P.MedianPruner),
    "median from 2": ("median", {}, (2, 5), lambda: P.MedianPruner(n_warmup_steps=2)),
    "median of 2": (
        "median",
        {"n_startup_trials": 2, "n_warmup_steps": 3},
        (1, 5),
        lambda: P.MedianPruner(2, 3),
    ),
    "percentile": (
        "percentile",
        {"percentile": 25.0},
        (1, 5),
        lambda: P.PercentilePruner(25.0, **FIRST),
    ),
    "asha": ("asha", {}, (1, 5), lambda: P.SuccessiveHalvingPruner(**HALVED)),
    "asha alone": ("asha", {}, None, lambda: P.SuccessiveHalvingPruner(reduction_factor=3)),
    "halving": (
        "successive_halving",
        {"eta": 2},
        (2, 5),
        lambda: P.SuccessiveHalvingPruner(min_resource=2, reduction_factor=2),
    ),
    "hyperband": ("hyperband", {}, (1, 5), lambda: P.HyperbandPruner(max_resource=5, **HALVED)),
    "hyperband alone": (
        "hyperband",
        {"reduction_factor": 2},
        None,
        lambda: P.HyperbandPruner(reduction_factor=2),
    ),
    "wilcoxon": ("wilcoxon", {"p_threshold": 0.2}, None, lambda: P.WilcoxonPruner(p_threshold=0.2)),
    "patient": ("patient", {"patience": 1}, None, lambda: P.PatientPruner(None, 1)),
    "patient median": (
        "patient",
        {"patience": 1, "wrapped_pruner": "median"},
        (1, 6),  # what it prunes here, it prunes at step 5
        lambda: P.PatientPruner(P.MedianPruner(**FIRST), 1),
    ),
    "threshold": (
        "threshold",
        {"upper": 3.0},
        (2, 5),
        lambda: P.ThresholdPruner(upper=3.0, n_warmup_steps=2),
    ),
}


def bumpy(x, step):
    """Return a loss that falls for good configs and rises for the others."""
    return abs(x) + 1 / step + (step * 0.1 if abs(x) > 2 else 0.0)


def prune_by_hand(pruner, *, most=None, **settings):
    def objective(trial):
        x = trial.suggest_float("x", -5.0, 5.0)
        for step in range(1, 6):
            trial.report(bumpy(x, step), step)
            if trial.should_prune() and step != most:  # one that has run in full is complete
                raise optuna.TrialPruned
        return bumpy(x, 5)

    settings = {"sampler": optuna.samplers.TPESampler(seed=3), **settings}
    study = optuna.create_study(pruner=pruner, study_name="unitune", **settings)
    study.optimize(objective, n_trials=30)
    return study


def run_bumpy(**settings):
    def objective(config, trial):
        for step in range(1, 6):
            trial.report(bumpy(config["x"], step))
        return bumpy(config["x"], 5)

    return run({"x": Float(-5.0, 5.0)}, objective, "tpe", **settings)


def same_trials(result, study):
    told = result.native.trials
    assert [t.params for t in told] == [t.params for t in study.trials]
    assert [t.state for t in told] == [t.state for t in study.trials]
    assert [t.value for t in told] == [t.value for t in study.trials]
    assert [t.intermediate_values for t in told] == [t.intermediate_values for t in study.trials]


@pytest.mark.parametrize("case", NATIVE)
def test_its_schedulers_prune_as_by_hand(case):
    name, options, resource, by_hand = NATIVE[case]
    settings = {"scheduler": name, "scheduler_options": options, "resource": resource}
    result = run_bumpy(**settings)
    same_trials(result, prune_by_hand(by_hand(), most=resource and resource[1]))
    assert {State.PRUNED, State.COMPLETE} == {trial.state for trial in result.trials}


@pytest.mark.parametrize(
    ("name", "options", "composed"),
    [
        ("asha", {}, {}),
        ("asha", {"eta": 2}, {"eta": 2}),
        ("median", {}, {"rule": "values"}),
        ("median", {"n_startup_trials": 2}, {"rule": "values", "startup": 2}),
    ],
)
def test_unitunes_scheduler_of_the_same_rule_does_the_same_to_a_study(name, options, composed):
    own = run_bumpy(scheduler=name, scheduler_options=options, resource=(1, 5))
    ours = run_bumpy(scheduler=f"unitune:{name}", scheduler_options=composed, resource=(1, 5))
    same_trials(own, ours.native)
    assert any(trial.state is State.PRUNED for trial in ours.trials)


def test_every_scheduler_that_is_listed_is_one_that_can_be_opened():
    from unitune_optuna.pruners import KINDS

    assert (
        {spec.name for spec in SCHEDULERS} == set(KINDS) == {name for name, *_ in NATIVE.values()}
    )


def test_a_pruner_of_ones_own_prunes_as_by_hand():
    pruner = P.MedianPruner(n_startup_trials=2)
    result = run_bumpy(options={"pruner": pruner})
    same_trials(result, prune_by_hand(pruner))
    assert any(trial.state is State.PRUNED for trial in result.trials)


def test_a_pruner_given_as_an_object_is_not_shared_between_runs():
    pruner = optuna.pruners.SuccessiveHalvingPruner()
    run({"x": Float(-5.0, 5.0)}, curve, "random", options={"pruner": pruner})
    assert pruner._min_resource is None


def test_hyperbands_brackets_are_reproducible():
    settings = {"scheduler": "hyperband", "n_trials": 40}
    one, same = (run({"x": Float(-5.0, 5.0)}, curve, "random", **settings) for _ in range(2))
    assert [trial.state for trial in one.trials] == [trial.state for trial in same.trials]
    assert len({trial.state for trial in one.trials}) == 2


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"options": {"pruner": "median"}}, r"takes a pruner object.*scheduler=.*'median'"),
        ({"options": {"pruner": P.NopPruner()}, "scheduler": "median"}, "Leave one of them out"),
        ({"scheduler": "asha", "scheduler_options": {"eta": 1}}, "at least 2"),
        ({"scheduler": "hyperband", "scheduler_options": {"reduction_factor": 2.5}}, "at least 2"),
        (
            {"scheduler": "asha", "scheduler_options": {"eta": 3, "reduction_factor": 3}},
            "two names of the same thing",
        ),
        (
            {"scheduler": "median", "scheduler_options": {"eta": 3}},
            "MedianPruner has no option 'eta'",
        ),
        ({"scheduler": "asha", "scheduler_options": {"etta": 3}}, "no option 'etta'"),
        (
            {"options": {"pruner": P.NopPruner()}, "scheduler": "unitune:asha", "resource": (1, 5)},
            "unitune's scheduler and the option pruner=.*Leave one of them out",
        ),
        ({"scheduler": "percentile"}, r"needs the option percentile=.*\{'percentile': 25.0\}"),
        ({"scheduler": "patient"}, r"needs the option patience=.*\{'patience': 3\}"),
        ({"scheduler": "patient", "scheduler_options": {"patience": 2.5}}, "patience=2.5 is ref"),
        (
            {"scheduler": "patient", "scheduler_options": {"patience": 1, "min_delta": "0"}},
            "min_delta='0' is refused",
        ),
        ({"scheduler": "median", "scheduler_options": {"interval_steps": 0}}, "at least 1"),
        ({"scheduler": "hyperband", "scheduler_options": {"min_resource": "auto"}}, "at least 1"),
        (
            {
                "scheduler": "patient",
                "scheduler_options": {"patience": 1, "wrapped_pruner": "percentile"},
            },
            "wrapped_pruner='percentile'",
        ),
        (
            {"scheduler": "percentile", "scheduler_options": {"percentile": 101.0}},
            "PercentilePruner refuses",
        ),
        (
            {
                "scheduler": "patient",
                "scheduler_options": {"patience": 1, "wrapped_pruner": "medain"},
            },
            "'median'",
        ),
        (
            {
                "scheduler": "patient",
                "scheduler_options": {"patience": 1, "wrapped_pruner": "patient"},
            },
            "wrapped_pruner='patient'",
        ),
        (
            {
                "scheduler": "hyperband",
                "scheduler_options": {"max_resource": 9},
                "resource": (1, 5),
            },
            "'max_resource' is set by unitune itself",
        ),
    ],
)
def test_a_pruner_that_makes_no_sense_is_refused_before_anything_runs(settings, said):
    def objective(config):
        raise AssertionError("it ran")

    with pytest.raises(OptionError, match=said):
        run({"x": Float(-5.0, 5.0)}, objective, "random", **settings)


@pytest.mark.parametrize("name", ["asha", "successive_halving"])
def test_auto_is_optunas_own_word_for_the_least_resource(name):
    settings = {"scheduler": name, "scheduler_options": {"min_resource": "auto"}}
    assert len(run({"x": Float(-5.0, 5.0)}, curve, "random", **settings).trials) == 30


def test_a_step_reported_twice_keeps_its_first_value_without_a_warning():
    study = plan(MIXED, "optuna", "random", {}).open(seed=0)
    token = study.ask().token
    for step, value in ((1, 5.0), (1, 7.0), (-1, 3.0), (2, 6.0)):
        assert study.report(token, step, value) is False
    study.tell(token, Outcome(State.PRUNED, 6.0, reports=(Report(1, 5.0),)))
    trial = study.native.trials[0]
    assert trial.intermediate_values == {1: 5.0, 2: 6.0}
    assert (trial.state.name, trial.value) == ("PRUNED", 6.0)


# Options


def test_a_grid_without_such_an_option_is_named_as_users_name_it():
    with pytest.raises(OptionError, match="Method 'grid' of backend 'optuna' has no option"):
        run(MIXED, mixed_loss, "grid", options={"search_space": {}})


def test_options_that_optuna_does_not_know_are_refused():
    with pytest.raises(OptionError, match="n_startup_trials"):
        run(MIXED, mixed_loss, "tpe", options={"n_startup_trial": 5})
    with pytest.raises(OptionError, match="seed"):
        run(MIXED, mixed_loss, "tpe", options={"seed": 5})


@pytest.mark.parametrize(
    ("method", "options", "said"),
    [
        ("qmc", {"qmc_type": "foo"}, r"Optuna refuses.*\{'qmc_type': 'foo'\} for.*'qmc'"),
        ("nsga2", {"mutation_prob": 2}, r"\{'mutation_prob': 2\} for the method 'nsga2'.*range"),
        ("nsga2", {"crossover_prob": "x"}, "'crossover_prob': 'x'"),
        ("nsga2", {"population_size": 1}, "population_size=1: give a whole number from 2"),
        ("nsga2", {"population_size": "x"}, "population_size='x': give a whole number"),
        ("tpe", {"n_ei_candidates": 0}, "n_ei_candidates=0: give a whole number from 1"),
        ("tpe", {"n_ei_candidates": None}, "n_ei_candidates=None"),
        ("tpe", {"n_startup_trials": -1}, "n_startup_trials=-1: give a whole number from 0"),
        ("tpe", {"n_startup_trials": 1.5}, "n_startup_trials=1.5"),
        ("tpe", {"gamma": 0.25}, "gamma=0.25: give a function"),
        ("tpe", {"prior_weight": -1.0}, "prior_weight=-1.0: give a number"),
        ("cmaes", {"popsize": 1}, "popsize=1: give a whole number from 2"),
        ("cmaes", {"sigma0": "x"}, "sigma0='x': give a number"),
        ("gp", {"n_startup_trials": "5"}, "n_startup_trials='5'"),
    ],
)
def test_options_that_make_no_sense_are_refused_before_anything_runs(method, options, said):
    if method == "gp":
        pytest.importorskip("torch")
    if method == "cmaes":
        pytest.importorskip("cmaes")
    with pytest.raises(OptionError, match=said):
        run(MIXED, pytest.fail, method, options=options)


def test_options_that_optuna_leaves_open_may_be_left_open():
    options = {"gamma": None, "weights": None, "prior_weight": None, "n_startup_trials": 2}
    assert pairs(run(MIXED, mixed_loss, "tpe", options=options)) == pairs(
        run(MIXED, mixed_loss, "tpe", options={"n_startup_trials": 2})
    )


# Manners


class Heard(logging.Handler):
    """Keeps what is logged: Optuna's own handler writes past every capture."""

    def __init__(self):
        super().__init__()
        self.lines = []

    def emit(self, record):
        self.lines.append(record.getMessage())


def test_no_global_state_is_touched_and_nothing_is_said(method, capfd):
    random.seed(7)
    np.random.seed(7)
    states = random.getstate(), np.random.get_state()
    heard = Heard()
    logging.getLogger("optuna").addHandler(heard)
    optuna.logging.set_verbosity(optuna.logging.INFO)
    try:
        run(MIXED, mixed_loss, method, n_trials=14)
        run(CONDITIONAL, any_loss, method, n_trials=14)
    finally:
        logging.getLogger("optuna").removeHandler(heard)
    assert random.getstate() == states[0]
    after = np.random.get_state()
    assert all(np.array_equal(a, b) for a, b in zip(after, states[1], strict=True))
    assert optuna.logging.get_verbosity() == optuna.logging.INFO
    assert heard.lines == []
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "space",
    [
        {"x": Float(0.0, 1.0)},
        {"kind": Categorical(["a", "b"])},
    ],
    ids=["one number", "one choice"],
)
def test_the_smallest_spaces_are_searched(method, space):
    result = run(space, lambda config: float(len(config)), method, n_trials=14)
    assert len(result.trials) == 14
    assert all(trial.config.keys() == space.keys() for trial in result.trials)


def test_values_are_plain_and_choices_the_very_objects(method):
    result = run(EVERY_KIND, any_loss, method, n_trials=14)
    kinds = {"float": float, "int": int}
    for trial in result.trials:
        assert EVERY_KIND.contains(trial.config)
        for name, value in trial.config.items():
            parameter = EVERY_KIND[name]
            if isinstance(parameter, Categorical):
                assert any(value is choice for choice in parameter.choices)
            elif name.partition("_")[0] in kinds:
                assert type(value) is kinds[name.partition("_")[0]]


def test_the_study_shows_the_users_config_where_its_own_values_are_rewritten():
    result = run(EVERY_KIND, any_loss, "random", n_trials=5)
    for trial, native in zip(result.trials, result.native.trials, strict=True):
        shown = native.user_attrs["config"]
        assert shown["float_reverse"] == trial.config["float_reverse"]
        assert shown["objects"] in (trial.config["objects"], repr(trial.config["objects"]))


def test_what_translate_shows_is_what_runs():
    for method in ("tpe", "qmc"):
        result = run(MIXED, mixed_loss, method, n_trials=2)
        shown = unitune.translate(MIXED, "optuna", method).natives
        assert result.native.trials[1].distributions == shown


def test_parameters_that_come_and_go_are_gated_only_where_optuna_follows_a_tree():
    def gated(method):
        return unitune.translate(CONDITIONAL, "optuna", method).gated

    assert gated("tpe") == gated("random") == {"momentum", "nesterov", "damping", "units_3"}
    assert not any(gated(method) for method in ("qmc", "gp", "cmaes", "nsga2"))


def test_common_parameters_are_native():
    verdicts = unitune.translate(EVERY_KIND, "optuna", "tpe").verdicts
    native = {verdict.name for verdict in verdicts if verdict.status == "native"}
    assert native == {
        "float", "float_log", "float_step", "int", "int_log", "int_step", "text", "numbers", "flag",
    }  # fmt: skip


def test_the_gaussian_process_is_given_long_ranges_of_integers_as_continuous_ones():
    # upstream makes an array of every value of each
    pytest.importorskip("torch")
    space = Space({"far": Int(0, 2**50 - 1), "fine": Float(0.0, 1.0, step=1e-8), "few": Int(0, 9)})
    native = [v.name for v in unitune.translate(space, "optuna", "gp").verdicts if not v.how]
    assert native == ["few"]
    assert len(run(space, lambda config: config["fine"], "gp", n_trials=12).trials) == 12


@pytest.mark.parametrize("method", ["random", "qmc"])
def test_every_value_has_its_own_share_of_the_draws(method):
    space = Space(
        {
            "int": Int(1, 5),
            "int_log": Int(1, 8, scale="log"),
            "int_step": Int(1, 10, step=3),
            "int_log_step": Int(2, 10, scale="log", step=2),
            "float_step": Float(0.1, 0.7, step=0.2),
            "float_log_step": Float(0.1, 0.5, scale="log", step=0.1),
            "ordered": Categorical(["small", "medium", "large"], ordered=True),
        }
    )
    draws = 1024
    result = run(space, any_loss, method, n_trials=draws)
    for name, parameter in space.items():
        values = parameter.grid(None)
        cells = getattr(parameter, "cells", None)
        for place, value in enumerate(values):
            share = 1 / len(values) if cells is None else cells.probability(place)
            count = sum(trial.config[name] == value for trial in result.trials)
            assert abs(count - draws * share) < 4.5 * (draws * share * (1 - share)) ** 0.5


def test_trials_in_flight_get_different_proposals_and_may_be_told_in_any_order(method):
    prepared = plan(MIXED, "optuna", method, {})
    study = prepared.open(seed=0, n_trials=24)
    proposals = [study.ask() for _ in range(4)]
    for number in range(14):
        proposal = proposals.pop(number % 3)
        config = prepared.translation.lift(proposal.values)
        study.tell(proposal.token, Outcome(State.COMPLETE, mixed_loss(config)))
        proposals.append(study.ask())
    seen = [tuple(trial.params.items()) for trial in study.native.trials]
    assert len(set(seen)) == len(seen) == 18


def test_an_exhausted_grid_says_so_while_its_last_trials_run():
    prepared = plan(Space({"flag": Bool()}), "optuna", "grid", {})
    study = prepared.open(seed=0)
    tokens = [study.ask().token, study.ask().token]
    assert study.ask() is Answer.EXHAUSTED
    for token in tokens:
        study.tell(token, Outcome(State.COMPLETE, 1.0))
    assert study.ask() is Answer.EXHAUSTED


def test_optunas_own_plots_take_the_study_of_a_run_with_rewritten_parameters():
    pytest.importorskip("plotly")
    result = run(EVERY_KIND, any_loss, "tpe")
    for name in ("optimization_history", "slice", "parallel_coordinate", "edf", "timeline"):
        assert getattr(optuna.visualization, f"plot_{name}")(result.native).data
    assert optuna.visualization.plot_contour(result.native, params=["float", "objects"]).data
    assert optuna.visualization.plot_param_importances(result.native).data


# Spaces from Optuna

DISTRIBUTIONS = {
    "x": optuna.distributions.FloatDistribution(-1.0, 2.0),
    "lr": optuna.distributions.FloatDistribution(1e-5, 1e-1, log=True),
    "drop": optuna.distributions.FloatDistribution(0.0, 0.5, step=0.1),
    "n": optuna.distributions.IntDistribution(1, 9),
    "units": optuna.distributions.IntDistribution(1, 64, log=True),
    "odd": optuna.distributions.IntDistribution(1, 9, step=2),
    "kind": optuna.distributions.CategoricalDistribution(["a", None, 3]),
    "flag": optuna.distributions.CategoricalDistribution([False, True]),
}
SPACE = Space(
    {
        "x": Float(-1.0, 2.0),
        "lr": Float(1e-5, 1e-1, scale="log"),
        "drop": Float(0.0, 0.5, step=0.1),
        "n": Int(1, 9),
        "units": Int(1, 64, scale="log"),
        "odd": Int(1, 9, step=2),
        "kind": Categorical(["a", None, 3]),
        "flag": Bool(),
    }
)


def test_distributions_become_a_space_and_the_same_distributions_again():
    space = Space.from_optuna(DISTRIBUTIONS)
    assert space == SPACE
    assert unitune.translate(space, "optuna", "random").natives == DISTRIBUTIONS


def test_a_study_and_its_trials_know_their_space():
    study = optuna.create_study()
    study.ask(DISTRIBUTIONS)  # a trial that still runs says nothing
    for _ in range(3):
        study.tell(study.ask(DISTRIBUTIONS), 1.0)
    assert Space.from_optuna(study) == SPACE
    assert Space.from_optuna(study.best_trial) == SPACE


def test_single_values_become_constants():
    space = Space.from_optuna(
        {
            "x": optuna.distributions.FloatDistribution(0.5, 0.5),
            "n": optuna.distributions.IntDistribution(3, 3),
            "kind": optuna.distributions.CategoricalDistribution(["only"]),
        }
    )
    assert space == Space({"x": Const(0.5), "n": Const(3), "kind": Const("only")})


def test_a_study_whose_parameters_come_and_go_is_refused():
    study = optuna.create_study()
    study.tell(study.ask(DISTRIBUTIONS), 1.0)
    study.tell(study.ask({"x": DISTRIBUTIONS["x"]}), 1.0)
    with pytest.raises(SpaceError, match=r"'drop' is in only one of the trials 0 and 1.*when="):
        Space.from_optuna(study)


def test_a_study_whose_ranges_change_is_refused():
    study = optuna.create_study()
    for high in (1.0, 2.0):
        study.tell(study.ask({"x": optuna.distributions.FloatDistribution(0.0, high)}), 1.0)
    with pytest.raises(SpaceError, match=r"'x'.*one range"):
        Space.from_optuna(study)


def test_what_holds_no_space_is_refused():
    with pytest.raises(SpaceError, match="no complete trial"):
        Space.from_optuna(optuna.create_study())
    with pytest.raises(SpaceError, match="not int"):
        Space.from_optuna(3)
    with pytest.raises(SpaceError, match="'x' is 3"):
        Space.from_optuna({"x": 3})


# Results as Optuna studies


def test_any_result_becomes_an_optuna_study_in_the_users_own_values():
    result = unitune.run(
        EVERY_KIND,
        any_loss,
        backend="builtin",
        method="random",
        n_trials=20,
        seed=0,
        progress=False,
    )
    study = result.to_optuna()
    assert study.best_value == result.best.value
    for trial, shown in zip(result.trials, study.trials, strict=True):
        assert shown.params["float_reverse"] == trial.config["float_reverse"]
        assert shown.params["float_step"] == trial.config["float_step"]
        assert shown.params["ordered"] == trial.config["ordered"]
        assert shown.params["objects"].endswith(repr(trial.config["objects"])[:40])
        assert not {"fixed", "only"} & shown.params.keys()
        assert shown.user_attrs["config"]["fixed"] == "value"
        assert (shown.user_attrs["backend"], shown.user_attrs["method"]) == ("builtin", "random")
    step = study.trials[0].distributions["float_step"]
    assert (step.low, step.high, step.step) == (0.1, 0.7, 0.2)


def test_a_step_that_misses_the_upper_bound_is_exported_without_a_warning():
    result = run({"x": Float(0.0, 1.0, step=0.3)}, lambda c: c["x"], "random", n_trials=12)
    native = result.to_optuna().trials[0].distributions["x"]
    assert (native.high, native.step) == (0.9, 0.3)


def test_an_exported_study_keeps_states_reports_and_the_direction():
    def loss(config, trial):
        if config["x"] < -3:
            raise Infeasible
        if config["x"] < -2:
            raise ArithmeticError("too far left")
        trial.report(config["x"])
        trial.report(config["x"] + 1)
        return config["x"]

    result = run({"x": Float(-5.0, 5.0)}, loss, "random", mode="max", scheduler="median")
    study = result.to_optuna()
    expected = {"INFEASIBLE": "FAIL", "FAILED": "FAIL"}
    states = [trial.state.name for trial in result.trials]
    assert {"COMPLETE", "PRUNED", "FAILED", "INFEASIBLE"} == set(states)
    assert [t.state.name for t in study.trials] == [expected.get(s, s) for s in states]
    assert study.best_value == result.best.value
    for trial, shown in zip(result.trials, study.trials, strict=True):
        assert shown.value == trial.value
        assert shown.intermediate_values == {r.step: r.value for r in trial.reports}


def test_the_plugin_is_listed_without_importing_optuna():
    code = "import sys, unitune_optuna.plugin; sys.exit('optuna' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
