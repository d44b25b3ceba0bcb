from __future__ import annotations

import importlib.util
import math
import pickle
import random
import sys
from functools import partial

import numpy as np
import pytest
from hyperopt import (
    JOB_STATE_DONE,
    STATUS_FAIL,
    STATUS_OK,
    Trials,
    anneal,
    fmin,
    hp,
    rand,
    space_eval,
    tpe,
)
from hyperopt.pyll import scope
from spaces import CONDITIONAL, EVERY_KIND, MIXED, any_loss, mixed_loss

import unitune
from unitune import Bool, Categorical, Const, Float, Infeasible, Int, Space, State
from unitune.errors import MissingLibraryError, OptionError, SpaceError, UnituneWarning
from unitune_hyperopt import algorithms

ALGORITHMS = {
    "random": rand.suggest,
    "tpe": partial(tpe.suggest, verbose=False),
    "anneal": anneal.suggest,
}
METHODS = pytest.mark.parametrize("method", list(ALGORITHMS))

# A tree, as nested choices can express it.
TREE = Space(
    {
        "lr": Float(1e-4, 1e-1, scale="log"),
        "model": Categorical(["linear", "net", "forest"]),
        "alpha": Float(0.0, 1.0, when={"model": "linear"}),
        "solver": Categorical(["sgd", "adam"], when={"model": "net"}),
        "momentum": Float(0.5, 0.99, when={"solver": "sgd"}),
        "bias": Bool(when={"solver": "sgd"}),
        "width": Int(1, 8, when={"model": "net"}),
        "trees": Int(10, 99, scale="log", when={"model": "forest"}),
    }
)


def run(space, objective, method="tpe", n_trials=45, **settings):
    settings = {"seed": 1, "progress": False, **settings}
    return unitune.run(
        space, objective, backend="hyperopt", method=method, n_trials=n_trials, **settings
    )


def by_hand(space, objective, algorithm, n_trials=45, seed=1, **settings):
    trials = Trials()
    points = settings.get("points_to_evaluate")
    fmin(
        objective,
        space,
        algo=algorithm,
        max_evals=n_trials,
        trials=None if points else trials,
        rstate=np.random.default_rng(seed),
        show_progressbar=False,
        verbose=False,
        return_argmin=False,
        **settings,
    )
    return trials


def mixed_by_hand():
    return {
        "x": hp.uniform("x", -5.0, 5.0),
        "lr": hp.loguniform("lr", math.log(1e-5), math.log(1e-1)),
        "momentum": hp.loguniform("momentum", math.log(1 - 0.999), math.log(1 - 0.9)),
        "n": hp.uniform("n", 0.5, 64.5),
        "units": hp.loguniform("units", math.log(0.5), math.log(64.5)),
        "kind": hp.choice("kind", ["a", "b", "c"]),
    }


def mixed_config(drawn):
    return {
        **drawn,
        "momentum": 1.0 - drawn["momentum"],
        "n": math.floor(drawn["n"] + 0.5),
        "units": math.floor(drawn["units"] + 0.5),
    }


def tree_by_hand():
    sgd = {
        "name": "sgd",
        "momentum": hp.uniform("momentum", 0.5, 0.99),
        "bias": hp.choice("bias", [False, True]),
    }
    net = {
        "name": "net",
        "solver": hp.choice("solver", [sgd, {"name": "adam"}]),
        "width": hp.uniform("width", 0.5, 8.5),
    }
    forest = {"name": "forest", "trees": hp.loguniform("trees", math.log(9.5), math.log(99.5))}
    linear = {"name": "linear", "alpha": hp.uniform("alpha", 0.0, 1.0)}
    return {
        "lr": hp.loguniform("lr", math.log(1e-4), math.log(1e-1)),
        "model": hp.choice("model", [linear, net, forest]),
    }


def tree_config(drawn):
    model = drawn["model"]
    config = {"lr": drawn["lr"], "model": model["name"]}
    if model["name"] == "linear":
        config["alpha"] = model["alpha"]
    elif model["name"] == "forest":
        config["trees"] = math.floor(model["trees"] + 0.5)
    else:
        solver = model["solver"]
        config["solver"] = solver["name"]
        if solver["name"] == "sgd":
            config |= {"momentum": solver["momentum"], "bias": solver["bias"]}
        config["width"] = math.floor(model["width"] + 0.5)
    return config


def tree_loss(config):
    return (
        abs(math.log10(config["lr"]) + 2)
        + config.get("alpha", 0.3)
        + 2 * abs(config.get("momentum", 0.6) - 0.9)
        + config.get("width", 4) / 8
        + config.get("trees", 50) / 99
        + (config.get("bias", False) is True)
    )


@METHODS
def test_proposals_are_those_of_fmin_value_for_value(method):
    configs = []

    def objective(drawn):
        configs.append(mixed_config(drawn))
        return mixed_loss(configs[-1])

    trials = by_hand(mixed_by_hand(), objective, ALGORITHMS[method])
    result = run(MIXED, mixed_loss, method)
    assert [trial.config for trial in result.trials] == configs
    assert result.native.vals == trials.vals
    assert result.native.losses() == trials.losses()


@METHODS
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_conditional_proposals_are_those_of_nested_choices(method, seed):
    configs = []

    def objective(drawn):
        configs.append(tree_config(drawn))
        return tree_loss(configs[-1])

    trials = by_hand(tree_by_hand(), objective, ALGORITHMS[method], n_trials=60, seed=seed)
    result = run(TREE, tree_loss, method, n_trials=60, seed=seed)
    assert [trial.config for trial in result.trials] == configs
    assert result.native.vals == trials.vals
    assert {config["model"] for config in configs} == {"linear", "net", "forest"}


@METHODS
def test_a_parameter_of_two_branches_is_drawn_as_a_node_shared_by_them(method):
    space = Space(
        {
            "optimizer": Categorical(["sgd", "rmsprop", "adam"]),
            "momentum": Float(0.5, 0.99, when={"optimizer": ["sgd", "rmsprop"]}),
        }
    )

    def loss(config):
        return config.get("momentum", 0.8) + len(config["optimizer"]) / 10

    shared = hp.uniform("momentum", 0.5, 0.99)
    branches = [
        {"optimizer": "sgd", "momentum": shared},
        {"optimizer": "rmsprop", "momentum": shared},
        {"optimizer": "adam"},
    ]
    trials = by_hand(hp.choice("optimizer", branches), loss, ALGORITHMS[method])
    assert run(space, loss, method).native.vals == trials.vals


@METHODS
def test_the_translation_shows_a_space_that_fmin_takes_as_it_is(method):
    translation = unitune.translate(CONDITIONAL, "hyperopt", method)
    result = run(CONDITIONAL, any_loss, method)
    trials = by_hand(
        dict(translation.natives),
        lambda drawn: any_loss(translation.lift(drawn)),
        ALGORITHMS[method],
    )
    assert result.native.vals == trials.vals


def test_the_translation_prints_the_calls_that_make_the_space():
    shown = {name: str(node) for name, node in unitune.translate(TREE, "hyperopt").natives.items()}
    assert shown["lr"] == "hp.loguniform('lr', log(0.0001), log(0.1))"
    assert shown["model"] == "hp.choice('model', range(3))"
    assert (
        shown["momentum"] == "hp.uniform('momentum', 0.5, 0.99) if model in [1] and solver in [0]"
    )


@METHODS
def test_parameters_that_are_not_there_are_not_drawn(method):
    result = run(CONDITIONAL, any_loss, method)
    drawn = result.translation.steps.keys()
    gated = result.translation.gated
    assert gated == {"momentum", "nesterov", "damping"}
    for trial, doc in zip(result.trials, result.native.trials, strict=True):
        for name in drawn:
            there = name in trial.config or name not in gated
            assert doc["misc"]["vals"][name] == [] or there
            assert doc["misc"]["idxs"][name] == ([doc["tid"]] if there else [])


@METHODS
def test_a_parameter_may_have_several_parents(method):
    space = Space(
        {
            "a": Bool(),
            "b": Categorical(["x", "y", "z"]),
            "both": Float(0.0, 1.0, when={"a": True, "b": ["x", "y"]}),
        }
    )
    result = run(space, lambda config: config.get("both", 0.5), method)
    there = [trial for trial in result.trials if "both" in trial.config]
    assert 0 < len(there) < 45
    assert all(trial.config["a"] and trial.config["b"] != "z" for trial in there)
    counted = sum(len(doc["misc"]["vals"]["both"]) for doc in result.native.trials)
    assert counted == len(there)


@METHODS
def test_every_kind_of_parameter_stays_in_the_space(method):
    result = run(EVERY_KIND, any_loss, method)
    assert all(EVERY_KIND.contains(trial.config) for trial in result.trials)
    assert len(result.trials) == 45


@METHODS
def test_choices_come_back_as_the_very_objects(method):
    choices = [None, True, 1, 1.0, (1, 2), [3, 4], {"a": 1}, max]
    space = Space({"x": Float(0, 1), "choice": Categorical(choices)})
    result = run(space, lambda config: config["x"], method)
    seen = [trial.config["choice"] for trial in result.trials]
    assert all(any(value is choice for choice in choices) for value in seen)
    assert {type(value) for value in seen} > {bool, int, float, tuple, list}


def test_values_are_plain():
    result = run(MIXED, mixed_loss)
    for trial in result.trials:
        assert {name: type(value) for name, value in trial.config.items()} == {
            "x": float,
            "lr": float,
            "momentum": float,
            "n": int,
            "units": int,
            "kind": str,
        }


@METHODS
def test_failed_trials_steer_as_a_fail_status_does_in_fmin(method):
    def fails(config):
        return config["x"] > 2 or config["kind"] == "b"

    def by_status(drawn):
        config = mixed_config(drawn)
        if fails(config):
            return {"status": STATUS_FAIL}
        return {"status": STATUS_OK, "loss": mixed_loss(config)}

    def by_exception(config):
        if fails(config):
            raise ValueError(f"no luck with {config['x']}")
        return mixed_loss(config)

    trials = by_hand(mixed_by_hand(), by_status, ALGORITHMS[method], seed=3)
    result = run(MIXED, by_exception, method, seed=3)
    assert result.native.vals == trials.vals
    assert result.native.losses() == trials.losses()
    assert result.native.statuses() == trials.statuses()
    failed = [doc for doc in result.native.trials if doc["result"]["status"] == STATUS_FAIL]
    assert failed[0]["result"]["status_fail"].startswith("ValueError: no luck with")
    assert {doc["state"] for doc in result.native.trials} == {JOB_STATE_DONE}


def test_an_infeasible_trial_is_a_fail_that_says_so():
    def objective(config):
        if config["x"] < 0:
            raise Infeasible("left of zero")
        return config["x"]

    result = run({"x": Float(-1, 1)}, objective)
    refused = [doc["result"] for doc in result.native.trials if doc["result"]["status"] == "fail"]
    assert len(refused) == sum(trial.state is State.INFEASIBLE for trial in result.trials) > 0
    assert refused[0] == {
        "status": "fail",
        "status_fail": "Infeasible: left of zero",
        "state": "infeasible",
    }


@METHODS
def test_a_run_goes_on_when_no_trial_has_succeeded_yet(method):
    def objective(config, trial):
        if trial.number < 30:
            raise Infeasible
        return config["x"]

    result = run(MIXED, objective, method)
    assert sum(trial.state is State.COMPLETE for trial in result.trials) == 15


def test_a_pruned_trial_counts_with_its_last_value_and_keeps_its_reports():
    def objective(config, trial):
        if trial.number == 0:
            raise trial.Stop
        trial.report(3.0)
        trial.report(config["x"], step=5)
        raise trial.Stop

    result = run({"x": Float(0, 1)}, objective, n_trials=2, mode="max")
    bare, stopped = [doc["result"] for doc in result.native.trials]
    x = result.trials[1].config["x"]
    assert bare == {"status": "fail", "status_fail": "pruned", "state": "pruned"}
    assert stopped == {
        "loss": -x,
        "status": "ok",
        "value": x,
        "state": "pruned",
        "reports": [[1, 3.0], [5, x]],
    }


def test_metrics_are_kept_with_the_trial():
    result = run(
        {"x": Float(0, 1)},
        lambda config: {"error": config["x"], "size": 7},
        n_trials=1,
        metric="error",
    )
    assert result.native.results[0]["metrics"] == {"error": result.best.value, "size": 7}


@METHODS
def test_maximising_is_minimising_the_negative_and_keeps_the_users_value(method):
    least = run(MIXED, mixed_loss, method)
    greatest = run(MIXED, lambda config: -mixed_loss(config), method, mode="max")
    assert greatest.native.vals == least.native.vals
    assert greatest.native.losses() == least.native.losses()
    assert [r["value"] for r in greatest.native.results] == [
        -loss for loss in least.native.losses()
    ]
    assert greatest.best.value == max(trial.value for trial in greatest.trials)


@METHODS
def test_the_global_random_state_is_not_touched(method):
    before = random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
    run(MIXED, mixed_loss, method)
    assert (random.getstate(), np.random.get_state()[1].tolist()) == before  # noqa: NPY002


@METHODS
def test_refused_configs_are_told_as_fails_and_the_budget_is_met(method):
    space = Space(dict(MIXED), constraints={"sum": lambda config: config["n"] <= config["units"]})
    result = run(space, mixed_loss, method)
    assert len(result.trials) == 45
    assert result.rejected > 0
    assert all(trial.config["n"] <= trial.config["units"] for trial in result.trials)
    refused = [r for r in result.native.results if r.get("status_fail") == "Constraint: sum"]
    assert len(refused) == result.rejected
    assert len(result.native) == 45 + result.rejected


@METHODS
def test_initial_configs_come_first_and_use_up_no_random_numbers(method):
    points = [
        {"x": 1.0, "lr": 1e-3, "momentum": 2**-5, "n": 3.0, "units": 8.0, "kind": 1},
        {"x": 2.0, "lr": 1e-2, "momentum": 2**-4, "n": 64.0, "units": 1.0, "kind": 0},
    ]
    drawn = []

    def objective(values):
        drawn.append(values)
        return mixed_loss(mixed_config(values))

    # fmin takes the points for extra evaluations, on top of max_evals
    by_hand(mixed_by_hand(), objective, ALGORITHMS[method], 43, points_to_evaluate=points)
    configs = [mixed_config(values) for values in drawn]
    result = run(MIXED, mixed_loss, method, initial=configs[:2])
    assert [trial.config for trial in result.trials] == configs
    assert [trial.initial for trial in result.trials[:3]] == [True, True, False]
    assert result.native.tids == list(range(45))


@METHODS
def test_initial_configs_may_lack_what_is_not_there(method):
    initial = [
        {"lr": 0.01, "model": "linear", "alpha": 0.5},
        {"lr": 0.01, "model": "net", "solver": "adam", "width": 3},
    ]
    result = run(TREE, tree_loss, method, initial=initial)
    assert [dict(trial.config) for trial in result.trials[:2]] == initial
    assert result.native.trials[0]["misc"]["vals"]["width"] == []
    assert len(result.trials) == 45


def test_options_reach_the_algorithm():
    options = {"gamma": 0.5, "n_startup_jobs": 5, "n_EI_candidates": 10, "prior_weight": 0.5}
    trials = by_hand(
        mixed_by_hand(),
        lambda drawn: mixed_loss(mixed_config(drawn)),
        partial(tpe.suggest, verbose=False, **options),
    )
    assert run(MIXED, mixed_loss, options=options).native.vals == trials.vals
    assert run(MIXED, mixed_loss).native.vals != trials.vals


def test_options_reach_annealing():
    options = {"avg_best_idx": 5.0, "shrink_coef": 0.5}
    trials = by_hand(
        mixed_by_hand(),
        lambda drawn: mixed_loss(mixed_config(drawn)),
        partial(anneal.suggest, **options),
    )
    assert run(MIXED, mixed_loss, "anneal", options=options).native.vals == trials.vals


@pytest.mark.parametrize(
    ("method", "option", "said"),
    [
        ("tpe", "gama", "'tpe' of backend 'hyperopt' has no option 'gama'. Did you mean 'gamma'"),
        ("anneal", "shrink", "has no option 'shrink'. Did you mean 'shrink_coef'"),
        ("random", "gamma", "Method 'random' of backend 'hyperopt' has no option 'gamma'"),
    ],
)
def test_unknown_options_are_refused(method, option, said):
    with pytest.raises(OptionError, match=said.replace(".", r"\.")):
        run(MIXED, mixed_loss, method, options={option: 1})


@pytest.mark.parametrize(
    ("method", "options", "said"),
    [
        ("tpe", {"n_EI_candidates": 0}, "n_EI_candidates=0: give a whole number from 1 on"),
        ("tpe", {"n_startup_jobs": "5"}, "n_startup_jobs='5': give a whole number from 0 on"),
        ("tpe", {"gamma": "x"}, "gamma='x': give a number of at least 0"),
        ("tpe", {"gamma": math.nan}, "gamma=nan: give a number"),
        ("tpe", {"prior_weight": -1}, "prior_weight=-1: give a number of at least 0"),
        ("anneal", {"avg_best_idx": 0.5}, "avg_best_idx=0.5: give a number of at least 1"),
        ("anneal", {"shrink_coef": -1}, "shrink_coef=-1: give a number of at least 0"),
    ],
)
def test_options_that_make_no_sense_are_refused_before_anything_runs(method, options, said):
    with pytest.raises(OptionError, match=said):
        run(MIXED, pytest.fail, method, options=options)


def test_tpe_is_given_no_range_whose_square_overflows():
    # beyond it Hyperopt warns, and its estimates are all the same; warnings are errors here
    space = Space({"far": Float(-1e300, 1e300), "steps": Float(-1e200, 1e200, step=1e198)})
    assert unitune.translate(space, "hyperopt", "anneal").verdicts[0].status == "native"
    verdicts = unitune.translate(space, "hyperopt", "tpe").verdicts
    assert all("from [0, 1]" in verdict.how for verdict in verdicts)
    result = run(space, lambda config: abs(config["far"] / 1e300 - 0.3), n_trials=40)
    assert len(result.trials) == 40


def test_a_grid_fills_trials_with_every_combination():
    space = Space(
        {"n": Int(1, 3), "kind": Categorical(["a", "b"]), "deep": Bool(when={"kind": "b"})}
    )
    result = run(space, any_loss, "grid")
    assert [trial.config for trial in result.trials] == list(space.grid())
    assert result.reason == "exhausted"
    assert result.through == "builtin:grid"
    assert result.native.losses() == [trial.value for trial in result.trials]


def test_trials_are_complete_and_usable_by_hyperopt():
    result = run(TREE, tree_loss)
    trials = result.native
    assert len(trials) == len(trials.trials) == 45
    assert trials.best_trial["result"]["loss"] == result.best.value
    assert result.translation.lift(trials.argmin) == result.best.config
    evaluated = space_eval(dict(result.translation.natives), trials.argmin)
    assert {name for name, value in evaluated.items() if value is None} == (
        set(TREE) - set(result.best.config)
    )
    assert all(doc["book_time"] <= doc["refresh_time"] for doc in trials.trials)
    assert pickle.loads(pickle.dumps(trials)).vals == trials.vals


def test_fmin_goes_on_from_the_trials_of_a_run():
    result = run(TREE, tree_loss)
    fmin(
        lambda drawn: tree_loss(result.translation.lift(drawn)),
        dict(result.translation.natives),
        algo=ALGORITHMS["tpe"],
        max_evals=50,
        trials=result.native,
        rstate=np.random.default_rng(9),
        show_progressbar=False,
        verbose=False,
    )
    assert len(result.native) == 50
    assert result.native.tids == list(range(50))


@METHODS
def test_one_seed_gives_one_sequence_and_another_seed_another(method):
    first, again = (run(MIXED, mixed_loss, method, seed=5) for _ in range(2))
    other = run(MIXED, mixed_loss, method, seed=6)
    assert first.native.vals == again.native.vals != other.native.vals


def test_tpe_learns():
    result = run(MIXED, mixed_loss, n_trials=120, seed=0)
    by_chance = run(MIXED, mixed_loss, "random", n_trials=120, seed=0)
    assert result.best.value < by_chance.best.value


def test_labels_become_names_and_laws_parameters():
    log = np.log
    space = Space.from_hyperopt(
        {
            "a": hp.uniform("x", -1, 2),
            "b": [hp.loguniform("lr", log(1e-5), log(0.1)), hp.randint("five", 5)],
            "c": {"d": hp.randint("ages", 18, 66), "e": hp.choice("kind", ["a", None, max])},
            "f": hp.pchoice("coin", [(0.5, "head"), (0.5, "tail")]),
            "epochs": 10,
            "g": {"h": ("seven", hp.choice("lists", [[1, 2], (3,)]))},
        }
    )
    assert dict(space) == {
        "x": Float(-1.0, 2.0),
        "lr": Float(1e-5, 0.1, scale="log"),
        "five": Int(0, 4),
        "ages": Int(18, 65),
        "kind": Categorical(("a", None, max)),
        "coin": Categorical(("head", "tail")),
        "epochs": Const(10),
        "g/h/0": Const("seven"),
        "lists": Categorical(((1, 2), (3,))),
    }


@pytest.mark.parametrize(
    ("node", "parameter"),
    [
        (hp.quniform("x", 0.1, 0.7, 0.2), Float(0.2, 0.6, step=0.2)),
        (hp.quniform("x", -0.5, 4.5, 1), Float(0.0, 4.0, step=1.0)),
        (hp.uniformint("x", 0.5, 5.5), Int(1, 5)),
        (scope.int(hp.quniform("x", 5, 35, 10)), Int(10, 30, step=10)),
        (hp.qloguniform("x", np.log(0.5), np.log(64.5), 1), Float(1.0, 64.0, scale="log", step=1)),
        (scope.int(hp.qloguniform("x", np.log(0.5), np.log(8.5), 1)), Int(1, 8, scale="log")),
        (hp.quniform("x", 0.1, 0.2, 1), Const(0.0)),
        (hp.randint("x", 3, 4), Const(3)),
    ],
)
def test_rounded_laws_are_read_exactly_where_ends_have_their_full_share(node, parameter):
    assert Space.from_hyperopt([node])["x"] == parameter.checked()


@pytest.mark.parametrize(
    ("node", "parameter"),
    [
        (hp.uniformint("x", 1, 5), Int(1, 5)),
        (hp.quniform("x", 1, 8, 3), Float(0.0, 9.0, step=3.0)),
        (hp.quniform("x", 0, 1, 0.1), Float(0.0, 1.0, step=0.1)),
        (hp.qloguniform("x", 0, np.log(64), 1), Float(1.0, 64.0, scale="log", step=1.0)),
    ],
)
def test_rounded_laws_with_cut_ends_are_read_with_a_warning(node, parameter):
    with pytest.warns(UnituneWarning, match="'x' becomes .* at its ends less often") as caught:
        space = Space.from_hyperopt(node)
    assert space["x"] == parameter
    assert [warning.filename for warning in caught] == [__file__]
    # What is read is what Hyperopt yields, to its rounding errors.
    assert _draws(node) == set(map(float, space["x"].grid(None)))


def _draws(node):
    trials = by_hand(node, lambda value: 0.0, rand.suggest, n_trials=800)
    return {round(float(value), 9) for value in trials.vals["x"]}


def test_branches_become_conditions():
    svm = {
        "type": "svm",
        "C": hp.uniform("C", 0, 1),
        "kernel": hp.choice("kernel", [{"name": "rbf", "gamma": hp.uniform("gamma", 0, 1)}, "lin"]),
    }
    forest = ("forest", {"trees": hp.randint("trees", 9)})
    bare = {"x": hp.uniform("x", 0, 1), "y": hp.uniform("y", 0, 1)}
    tagged = {"type": "net", "layers": [1, 2], "rate": hp.uniform("rate", 0, 1)}
    model = hp.choice("model", [svm, forest, bare, tagged, hp.uniform("alone", 0, 1), 4])
    space = Space.from_hyperopt(model)
    net = {"type": "net", "layers": (1, 2)}
    assert space["model"] == Categorical(("svm", "forest", "x+y", net, "alone", 4))
    assert space["kernel"] == Categorical(("rbf", "lin"), when={"model": "svm"})
    assert space["gamma"] == Float(0.0, 1.0, when={"kernel": "rbf"})
    assert space["trees"] == Int(0, 8, when={"model": "forest"})
    assert space["y"] == Float(0.0, 1.0, when={"model": "x+y"})
    assert space["rate"] == Float(0.0, 1.0, when={"model": net})
    assert space["alone"] == Float(0.0, 1.0, when={"model": "alone"})
    assert list(space) == ["model", "C", "kernel", "gamma", "trees", "x", "y", "rate", "alone"]


def test_options_without_labels_are_named_like_the_branches_beside_them():
    options = [{"t": "svm", "C": hp.uniform("C", 0, 1)}, {"t": "bayes"}, {"t": "knn", "k": 3}, {}]
    space = Space.from_hyperopt(hp.choice("model", options))
    assert space["model"] == Categorical(("svm", "bayes", {"t": "knn", "k": 3}, {}))
    alone = Space.from_hyperopt(hp.choice("model", options[1:]))
    assert alone["model"] == Categorical(({"t": "bayes"}, {"t": "knn", "k": 3}, {}))


def test_branches_with_the_same_constants_are_told_apart_by_their_labels():
    options = [{"t": 1, "a": hp.uniform("a", 0, 1)}, {"t": 1, "b": hp.uniform("b", 0, 1)}, 2]
    space = Space.from_hyperopt(hp.choice("c", options))
    assert space["c"] == Categorical(("a", "b", 2))
    assert space["b"].when == {"c": "b"}


def test_a_node_shared_by_branches_is_there_in_each():
    shared = hp.uniform("momentum", 0, 1)
    options = [{"o": "sgd", "m": shared}, {"o": "adam"}, {"o": "rmsprop", "m": shared}]
    space = Space.from_hyperopt({"optimizer": hp.choice("optimizer", options), "m": 1})
    assert space["momentum"].when == {"optimizer": ["sgd", "rmsprop"]}
    everywhere = {"lr": shared, "optimizer": hp.choice("optimizer", options)}
    assert Space.from_hyperopt(everywhere)["momentum"].when is None


def test_a_space_goes_to_hyperopt_and_back():
    space = Space(
        {
            "x": Float(-1.0, 1.0),
            "lr": Float(1e-5, 0.1, scale="log"),
            "a": Categorical((0, 1, 2)),
            "b": Categorical((0, 1), when={"a": [0, 2]}),
            "c": Categorical((0, 1)),
            "d": Float(0.0, 1.0, when={"b": 1, "c": 0}),
        }
    )
    assert Space.from_hyperopt(unitune.translate(space, "hyperopt").natives) == space


def _two_ways():
    shared = hp.uniform("x", 0, 1)
    inner = hp.choice("inner", [{"t": 1, "x": shared}, 2])
    return hp.choice("outer", [{"t": 1, "x": shared}, {"t": 2, "inner": inner}])


@pytest.mark.parametrize(
    ("native", "said"),
    [
        (hp.normal("x", 0, 1), "'x' is drawn by hp.normal"),
        (hp.qlognormal("x", 0, 1, 1), "'x' is drawn by hp.qlognormal"),
        (hp.pchoice("x", [(0.2, 1), (0.8, 2)]), r"'x' is an hp.pchoice with .*0\.2, 0\.8"),
        (1 - hp.loguniform("x", -3, -1), "computes 'sub' of 'x'"),
        (scope.int(hp.uniform("x", 0, 9)), "'x' is an hp.uniform cut off to whole numbers"),
        (scope.int(hp.quniform("x", 0, 9, 0.5)), "'x' is an hp.quniform cut off"),
        (scope.int(hp.loguniform("x", 0, 9)), "'x' is an hp.loguniform cut off"),
        (hp.qloguniform("x", -3, 3, 1), "'x' is an hp.qloguniform that also yields 0"),
        (hp.uniform("x", 0, hp.uniform("y", 1, 2)), "'x' has a high that is computed"),
        ([hp.uniform("x", 0, 1), hp.uniform("x", 0, 1)], "'x' stands for two things"),
        (scope.switch(hp.randint("x", 2), 1, 2), "switches on 'int'"),
        ({"x": 1, "y": hp.uniform("x", 0, 1)}, "'x' names a constant and a label"),
        (_two_ways(), "'x' is there on several ways through the choices 'outer', 'inner'"),
        (hp.choice("x", [1, 1]), "'x' has the choice 1 twice"),
        ({"x": 1}, "no hp.* expression"),
        (3, "no hp.* expression"),
    ],
)
def test_what_unitune_has_no_parameter_for_is_refused_by_name(native, said):
    with pytest.raises(SpaceError, match=said):
        Space.from_hyperopt(native)


def test_a_missing_library_gives_the_install_command(monkeypatch):
    monkeypatch.setitem(sys.modules, "hyperopt", None)
    monkeypatch.setitem(sys.modules, "hyperopt.pyll", None)
    monkeypatch.delitem(sys.modules, "unitune_hyperopt.importer", raising=False)
    with pytest.raises(MissingLibraryError, match=r"pip install 'unitune\[hyperopt\]'"):
        Space.from_hyperopt(None)


@pytest.fixture
def lightgbm():
    return pytest.importorskip("lightgbm", reason="atpe needs it")


@pytest.mark.usefixtures("lightgbm")
def test_atpe_is_fixed_by_the_seed_and_leaves_the_global_random_state_alone():
    def objective(config):
        if config["kind"] == "b":
            raise ValueError("b never works")
        return mixed_loss(config)

    before = random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
    first, again = (run(MIXED, objective, "atpe", 25, seed=5) for _ in range(2))
    other = run(MIXED, objective, "atpe", 25, seed=6)
    assert (random.getstate(), np.random.get_state()[1].tolist()) == before  # noqa: NPY002
    assert first.native.vals == again.native.vals != other.native.vals
    assert {trial.state for trial in first.trials} == {State.COMPLETE, State.FAILED}


@pytest.mark.usefixtures("lightgbm")
def test_atpe_takes_conditional_spaces_flattened():
    result = run(CONDITIONAL, any_loss, "atpe", 25)
    assert result.translation.gated == frozenset()
    assert all(CONDITIONAL.contains(trial.config) for trial in result.trials)
    assert {name: len(vals) for name, vals in result.native.vals.items()} == dict.fromkeys(
        CONDITIONAL, 25
    )


def test_loading_what_atpe_needs_uses_up_no_random_numbers(monkeypatch):
    # as lightgbm does when it is imported for the first time
    monkeypatch.setattr(algorithms, "import_module", lambda library: random.random())
    before = random.getstate()
    algorithms.atpe()
    assert random.getstate() == before


def test_atpe_without_lightgbm_is_refused_with_the_install_command(monkeypatch):
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda n, *a: None if n == "lightgbm" else find_spec(n, *a)
    )
    with pytest.raises(MissingLibraryError, match=r"pip install 'unitune\[hyperopt-atpe\]'"):
        run(MIXED, mixed_loss, "atpe")
