"""What stands in the way of going on with a study, and what does not."""

from __future__ import annotations

import time

import pytest

import unitune
from unitune import Float, Space
from unitune.errors import BackendError, CallbackError, OptionError, UnituneWarning
from unitune.journal import JournalError
from unitune.trial import State


def run(objective=lambda config: config["x"], **settings):
    given = {"backend": "builtin", "n_trials": 5, "seed": 0, "progress": False, **settings}
    if given["backend"] == "builtin":
        given["method"] = "random"
    return unitune.run(Space({"x": Float(0, 1)}), objective, **given)


@pytest.mark.parametrize(
    "refused",
    [
        {"trial_timeout": -1.0},
        {"options": {"n_startup": 3}},
        {"scheduler": "median", "scheduler_options": {"graze": 3}},
        {"workers": 2, "executor_options": {"colour": "red"}},
    ],
)
@pytest.mark.parametrize("resume", [False, True])
def test_a_run_that_is_refused_leaves_no_study_in_the_way_of_the_corrected_one(
    tmp_path, refused, resume
):
    kept = {"storage": tmp_path / "journal.db", "study": "mine", "backend": "optuna"}
    with pytest.raises(OptionError):
        run(**kept, **refused)
    again = run(**kept, n_trials=12, resume=resume)
    alone = run(backend="optuna", n_trials=12)
    assert [t.config for t in again.trials] == [t.config for t in alone.trials]
    assert again.resumed is None
    with pytest.raises(JournalError, match="has a study 'mine' already"):
        run(**kept)


def test_which_report_counts_cannot_change_within_a_study(tmp_path):
    kept = {"storage": tmp_path / "journal.db", "study": "mine"}
    run(**kept, n_trials=3)
    with pytest.raises(OptionError, match=r"begun with value=last .* resumed with value=best"):
        run(**kept, n_trials=6, resume=True, value="best")


def test_a_callback_that_raises_does_not_count_as_a_death(tmp_path):
    kept = {"storage": tmp_path / "journal.db", "study": "mine", "workers": 2}

    def slow_at_first(config, trial):
        time.sleep(1.0 if trial.number == 0 else 0.0)
        return config["x"]

    def raises(trial, run):
        raise ValueError("no thanks")

    for _ in range(4):
        with pytest.raises(CallbackError):
            run(objective=slow_at_first, **kept, n_trials=8, resume=True, callbacks=[raises])
    whole = run(objective=slow_at_first, **kept, n_trials=8, resume=True)
    assert {trial.state for trial in whole.trials} == {State.COMPLETE}


def test_initial_configs_that_no_run_of_the_study_has_tried_are_tried(tmp_path):
    kept = {"storage": tmp_path / "journal.db", "study": "mine"}
    run(**kept, n_trials=2, initial=[{"x": 0.125}])
    result = run(**kept, n_trials=6, resume=True, initial=[{"x": 0.125}, {"x": 0.25}])
    assert [t.config["x"] for t in result.trials if t.initial] == [0.125, 0.25]


def test_a_library_that_raises_while_its_study_is_brought_back_is_told_everything_anew(
    tmp_path, monkeypatch
):
    from unitune_optuna.study import OptunaStudy

    kept = {"storage": tmp_path / "journal.db", "study": "mine", "backend": "optuna"}
    run(**kept, n_trials=5)
    ask, calls = OptunaStudy.ask, []

    def raises_at_first(self):
        calls.append(1)
        if len(calls) == 3:
            raise ValueError("not any more")
        return ask(self)

    monkeypatch.setattr(OptunaStudy, "ask", raises_at_first)
    with pytest.warns(UnituneWarning, match="ValueError: not any more"):
        result = run(**kept, n_trials=8, resume=True)
    assert len(result.trials) == 8


def test_a_library_that_cannot_begin_a_study_is_named(monkeypatch):
    import optuna

    def gone(*_, **__):
        raise RuntimeError("no room")

    monkeypatch.setattr(optuna, "create_study", gone)
    with pytest.raises(BackendError, match=r"'optuna' \(tpe\) could not begin a study.*no room"):
        run(backend="optuna")
