from __future__ import annotations

import random
import time
from fractions import Fraction

import numpy as np
import pytest
from spaces import CONDITIONAL, EVERY_KIND, MIXED, any_loss, mixed_loss

import unitune
from unitune.errors import (
    NoCompleteTrialError,
    ObjectiveError,
    OptionError,
    SpaceError,
    TranslationError,
)
from unitune.space import Categorical, Const, Float, Int, Space
from unitune.trial import State

LINE = Space({"x": Float(0.0, 1.0)})


def run(space=LINE, objective=lambda config: config["x"], **settings):
    given = {"backend": "builtin", "method": "random", "n_trials": 20, "seed": 0, **settings}
    return unitune.run(space, objective, **given)


def test_a_run_gives_as_many_trials_as_asked_for_and_the_best_of_them():
    result = run(MIXED, mixed_loss, n_trials=33)
    assert len(result.trials) == 33
    assert result.reason == "n_trials"
    assert result.best.value == min(trial.value for trial in result.trials)
    assert result.best.value == mixed_loss(result.best.config)


def test_max_looks_for_the_greatest_value():
    result = run(mode="max")
    assert result.best.value == max(trial.value for trial in result.trials)


def test_one_seed_fixes_everything_and_another_changes_it():
    first, again, other = (
        run(MIXED, mixed_loss),
        run(MIXED, mixed_loss),
        run(MIXED, mixed_loss, seed=1),
    )
    configs = [trial.config for trial in first.trials]
    assert configs == [trial.config for trial in again.trials]
    assert configs != [trial.config for trial in other.trials]
    assert [t.seed for t in first.trials] == [t.seed for t in again.trials]


def test_without_a_seed_one_is_drawn_and_kept_so_that_the_run_can_be_repeated():
    first, second = run(seed=None), run(seed=None)
    assert first.seed != second.seed
    again = run(seed=first.seed)
    assert [t.config for t in first.trials] == [t.config for t in again.trials]


def test_the_global_random_state_is_not_touched():
    state = random.getstate()
    run(seed=None)
    assert random.getstate() == state


def test_a_dict_is_a_space():
    assert run({"x": Float(0.0, 1.0)}).best.config.keys() == {"x"}


def test_trials_are_in_the_order_of_their_numbers_with_times():
    result = run(objective=lambda config: time.sleep(0.002) or config["x"])
    assert [trial.number for trial in result.trials] == list(range(20))
    starts = [trial.start for trial in result.trials]
    assert starts == sorted(starts)
    assert all(trial.evaluate >= 0.002 for trial in result.trials)


def test_overhead_adds_up_to_the_wall_clock():
    time_of = run(objective=lambda config: time.sleep(0.001) or 0.0).overhead
    parts = time_of.start_up + time_of.suggest + time_of.evaluate + time_of.observe + time_of.idle
    assert parts == pytest.approx(time_of.wall, rel=1e-6)
    assert time_of.total == pytest.approx(time_of.wall - time_of.evaluate, rel=1e-6)


def test_frame_has_a_row_a_trial_and_curves_a_row_a_report():
    def objective(config):
        if config["layers"] == 2:
            raise ValueError("two layers")
        yield 2.0
        yield 1.0

    result = run(CONDITIONAL, objective, n_trials=30)
    frame, curves = result.frame(), result.curves()
    assert len(frame) == 30
    failed = frame[frame["config.layers"] == 2]
    assert set(failed["state"]) == {"failed"}
    assert set(failed["failure"]) == {"ValueError: two layers"}
    assert frame["config.units_3"].notna().sum() == (frame["config.layers"] == 3).sum()
    assert len(curves) == 2 * (frame["state"] == "complete").sum()
    assert list(curves.columns) == ["number", "step", "value"]


def test_frame_shows_the_very_objects():
    result = run(EVERY_KIND, any_loss)
    objects = result.frame()["config.objects"]
    assert all(
        shown is trial.config["objects"]
        for shown, trial in zip(objects, result.trials, strict=True)
    )


def test_configs_hold_the_very_objects_the_user_listed():
    result = run(EVERY_KIND, any_loss, n_trials=100)
    choices = EVERY_KIND["objects"].choices
    assert {id(trial.config["objects"]) for trial in result.trials} == set(map(id, choices))


def test_initial_configs_are_checked_before_anything_runs():
    called = []
    with pytest.raises(SpaceError, match=r"initial\[1\] is no config of the space: .*'x' takes"):
        run(objective=called.append, initial=[{"x": 0.5}, {"x": 2.0}])
    with pytest.raises(OptionError, match="put this one into a list"):
        run(objective=called.append, initial={"x": 0.5})
    assert called == []


def test_a_grid_visits_each_config_once_and_ends_exhausted():
    space = Space({"n": Int(1, 3), "x": Float(0.0, 1.0)})
    result = run(space, any_loss, method="grid", options={"points": 3}, n_trials=100)
    assert result.reason == "exhausted"
    configs = [tuple(trial.config.values()) for trial in result.trials]
    assert configs == [(n, x) for n in (1, 2, 3) for x in (0.0, 0.5, 1.0)]


def test_a_grid_larger_than_the_budget_is_visited_at_random_places():
    space = Space({"n": Int(1, 100), "x": Float(0.0, 1.0)})
    result = run(space, any_loss, method="grid", options={"points": 10}, n_trials=20)
    assert len({tuple(trial.config.values()) for trial in result.trials}) == 20
    assert len({trial.config["n"] for trial in result.trials}) > 5


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"n_trials": 0}, "n_trials=0"),
        ({"n_trials": 1.5}, r"n_trials=1\.5"),
        ({"seed": -1}, "seed=-1"),
        ({"seed": "zero"}, "seed='zero'"),
        ({"seed": 2**32}, "below 2"),
        ({"mode": "minimum"}, "use 'min' or 'max'"),
        ({"timeout": 0}, "timeout=0"),
        ({"timeout": "1h"}, "timeout='1h'"),
        ({"target": float("nan")}, "target=nan"),
        ({"patience": 0}, "patience=0"),
        ({"workers": 0}, "workers=0"),
        ({"workers": 2, "executor": "serial"}, "Use executor='process'"),
        ({"executor": "processes"}, "no executor 'processes'. Did you mean 'process'"),
        ({"executor_options": {"cores": 2}, "executor": "process"}, "no option 'cores'"),
        ({"trial_timeout": 1, "backend": "ray"}, "runs trials itself"),
        ({"retries": -1}, "retries=-1"),
        ({"options": ["points"]}, "give a dict"),
        ({"options": {"pionts": 3}, "method": "grid"}, "no option 'pionts'. Did you mean 'points'"),
        ({"objective": 3}, "The objective is 3"),
        ({"trial_timeout": "5"}, "trial_timeout='5': give a number"),
        ({"trial_timeout": [1]}, "trial_timeout="),
        ({"trial_timeout": True}, "trial_timeout=True"),
        ({"trial_timeout": 10**400}, "trial_timeout=1000.*…: give a number"),
        ({"trial_timeout": 10**5000}, "thousands of digits"),
        ({"trial_timeout": 0}, "trial_timeout=0: give seconds above 0"),
        ({"trial_memory": "1G"}, "trial_memory='1G': give a whole number from 1000000 on"),
        ({"trial_memory": [1]}, "trial_memory="),
        ({"trial_memory": True}, "trial_memory=True"),
        ({"trial_memory": 1.5}, "trial_memory=1.5"),
        ({"trial_memory": 100_000}, "trial_memory=100000: give a whole number from 1000000 on"),
        ({"trial_memory": 10**30}, "give bytes below"),
        ({"timeout": 10**400}, "timeout=1000"),
        ({"target": 10**400}, "target=1000"),
        ({"callbacks": 5}, "callbacks=5: give a list"),
        ({"callbacks": None}, "callbacks=None: give a list"),
        ({"callbacks": print}, "put this one into a list"),
        ({"callbacks": [print, 5]}, r"callbacks\[1\]=5"),
        ({"initial": 5}, "initial=5: give a list"),
        ({"initial": None}, "initial=None: give a list"),
        ({"method": ["x"]}, r"method=\['x'\]: give a name"),
        ({"metric": 5}, "metric=5: give a name"),
        ({"metric": ["a"]}, "metric="),
        ({"metric": True}, "metric=True"),
        ({"executor": ""}, "no executor ''"),
        ({"executor": []}, r"executor=\[\]: give a name"),
        ({"storage": "a\0b"}, "no place for a journal"),
        ({"storage": "\ud800"}, "no place for a journal"),
        ({"storage": "x" * 300}, "no place for a journal: give a name of 237 bytes"),
        ({"storage": "deep/" + "x" * 300}, "no place for a journal: give a name of 237 bytes"),
        ({"storage": "j.db", "study": ""}, "study='': give a name"),
        ({"storage": "j.db", "study": "", "resume": True}, "study='': give a name"),
        ({"storage": "j.db", "study": [], "resume": True}, r"study=\[\]: give a name"),
        ({"storage": "j.db", "study": 0}, "study=0: give a name"),
        ({"storage": "j.db", "study": "\ud800", "resume": True}, r"study='\\ud800'"),
        ({"storage": "j.db", "study": "s", "resume": "no"}, "resume='no': give True or False"),
    ],
)
def test_nonsense_is_refused_before_anything_runs_with_a_sentence(
    settings, sentence, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    called = []
    with pytest.raises(OptionError, match=sentence):
        run(**{"objective": called.append, **settings})
    assert called == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", [np.int64, np.float32, Fraction])
def test_numbers_of_every_kind_are_taken(kind):
    result = run(objective=lambda config: 3.0, target=kind(3), timeout=kind(100))
    assert (result.reason, len(result.trials)) == ("target", 1)


@pytest.mark.parametrize("space", [{}, [], None, {"x": 3}, {"x": Float(1, 0)}, {1: Float(0, 1)}])
def test_a_bad_space_is_refused_before_anything_runs(space):
    with pytest.raises(SpaceError):
        run(space)


def test_a_space_with_nothing_to_search_is_refused_on_every_backend():
    space = Space({"only": Const(3), "one": Categorical(["a"])})
    for backend in ("builtin", "optuna", "hyperopt", "skopt", "ray"):
        with pytest.raises(TranslationError, match="nothing to search"):
            run(space, backend=backend)


def test_constraints_that_nothing_satisfies_are_refused_before_anything_runs():
    space = Space({"x": Float(0.0, 1.0)}, {"never": lambda config: False})
    with pytest.raises(SpaceError, match="The run was not begun: 10000 random configs"):
        run(space)


def test_constraints_hold_in_every_config_the_objective_sees():
    space = Space({"a": Float(0, 1), "b": Float(0, 1)}, {"sum": lambda c: c["a"] + c["b"] < 0.5})
    result = run(space, any_loss, n_trials=100)
    assert all(trial.config["a"] + trial.config["b"] < 0.5 for trial in result.trials)
    assert len(result.trials) == 100


def test_a_broken_objective_is_raised_after_three_equal_failures_with_what_there_is():
    def objective(config):
        raise ValueError(f"bad x {config['x']}")

    with pytest.raises(ObjectiveError, match=r"(?s)ValueError: bad x .*in objective") as caught:
        run(objective=objective)
    assert len(caught.value.result.trials) == 3


def test_failures_that_differ_or_come_later_do_not_end_the_run():
    def objective(config, trial):
        if trial.number == 0:
            raise ValueError
        if trial.number < 5:
            raise KeyError(trial.number)
        return 0.0

    result = run(objective=objective)
    assert [t.state for t in result.trials].count(State.FAILED) == 5
    assert len(result.trials) == 20


def test_a_run_in_which_all_trials_failed_says_so_and_has_no_best():
    result = run(objective=lambda config: None, n_trials=2)
    assert result.reason == "all failed"
    with pytest.raises(NoCompleteTrialError, match=r"None of the 2 trials is complete.*gave None"):
        _ = result.best
    assert "best None" in repr(result)


def test_infeasible_trials_count_and_are_no_faults():
    def objective(config):
        raise unitune.Infeasible("never")

    result = run(objective=objective, n_trials=5)
    assert [t.state for t in result.trials] == [State.INFEASIBLE] * 5
    assert result.reason == "n_trials"


def test_a_timeout_ends_a_run_between_trials():
    result = run(objective=lambda config: time.sleep(0.02) or 0.0, n_trials=1000, timeout=0.1)
    assert result.reason == "timeout"
    assert 3 <= len(result.trials) <= 6


def test_versions_are_kept():
    assert run().versions["unitune"] == unitune.__version__
