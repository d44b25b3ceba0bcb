"""Callbacks that are closed when the run is over."""

from __future__ import annotations

import pytest
from strangers import LOOP, smallest

import unitune
from unitune.errors import BackendError, CallbackError, ObjectiveError, OptionError
from unitune.journal.errors import JournalError
from unitune.recorder import closing
from unitune.space import Float, Space

LINE = Space({"x": Float(0.0, 1.0)})


def run(objective=lambda config: config["x"], **settings):
    given = {"backend": "builtin", "method": "random", "n_trials": 4, "seed": 0, **settings}
    return unitune.run(LINE, objective, progress=False, **given)


class Tracker:
    """Takes down what it is called with, and fails where it is told to."""

    def __init__(self, on_trial=None, on_close=None, log=None):
        self.calls = [] if log is None else log
        self.on_trial, self.on_close = on_trial, on_close

    def __call__(self, trial, run):
        self.calls.append(trial.number)
        if self.on_trial is not None:
            raise self.on_trial

    def close(self):
        self.calls.append("closed")
        if self.on_close is not None:
            raise self.on_close


@pytest.mark.parametrize("settings", [{}, {"workers": 2}, {"timeout": 1e-9}, {"target": 1.0}])
def test_a_callback_is_closed_once_after_the_last_trial(settings):
    tracker = Tracker()
    result = run(callbacks=[tracker, plain, tracker.__call__], **settings)
    assert tracker.calls.count("closed") == 1
    assert tracker.calls[-1] == "closed"
    assert len(tracker.calls) == 2 * len(result.trials) + 1


def test_the_trial_that_shows_the_objective_to_be_broken_is_seen_too():
    tracker = Tracker()
    with pytest.raises(ObjectiveError, match="first 3 trials all failed"):
        run(lambda config: config["y"], callbacks=[tracker])
    assert tracker.calls == [0, 1, 2, "closed"]


def plain(trial, run):
    """A plain function has nothing to close."""


def test_what_is_called_close_and_is_no_method_is_left_alone():
    def callback(trial, run):
        callback.close += 1

    callback.close = 0
    run(callbacks=[callback])
    assert callback.close == 4


def test_one_that_is_there_twice_is_closed_once():
    tracker = Tracker()
    run(callbacks=[tracker, tracker], n_trials=1)
    assert tracker.calls == [0, 0, "closed"]


def test_the_study_is_free_again_when_callbacks_are_closed(tmp_path):
    settings = {"storage": tmp_path / "journal.db", "study": "one", "resume": True}

    class Next(Tracker):
        def close(self):
            super().close()
            self.result = run(n_trials=6, **settings)

    tracker = Next()
    run(callbacks=[tracker], **settings)
    assert tracker.calls == [0, 1, 2, 3, "closed"]
    assert (len(tracker.result.trials), tracker.result.resumed) == (6, "exact")


def test_a_run_that_is_resumed_closes_its_own_callbacks_even_with_nothing_left_to_do(tmp_path):
    settings = {"storage": tmp_path / "journal.db", "study": "one", "resume": True}
    calls = []
    for n_trials in (2, 4, 4):
        tracker = Tracker()
        run(callbacks=[tracker], n_trials=n_trials, **settings)
        calls.append(tracker.calls)
    assert calls == [[0, 1, "closed"], [2, 3, "closed"], ["closed"]]


def interrupt(config):
    raise KeyboardInterrupt


def broken(config):
    raise ValueError("nothing works here")


def test_ctrl_c_closes_them_and_gives_the_result():
    tracker = Tracker()
    assert run(interrupt, callbacks=[tracker]).reason == "interrupted"
    assert tracker.calls == ["closed"]


def test_a_broken_objective_comes_out_once_they_are_closed():
    tracker = Tracker()
    with pytest.raises(ObjectiveError, match="nothing works") as caught:
        run(broken, callbacks=[tracker])
    assert tracker.calls[-1] == "closed"
    assert len(caught.value.result.trials) == 3


def test_a_library_that_fails_comes_out_once_they_are_closed(install):
    code = smallest("frail", "frail_tuner").replace("study.told = []", "study.told = None")
    install("frail-tuner", code=code, entry="frail")
    tracker = Tracker()
    with pytest.raises(BackendError, match="AttributeError"):
        run(backend="frail", callbacks=[tracker])
    assert tracker.calls == ["closed"]


@pytest.mark.parametrize("error", [OSError("no line"), SystemExit(3)])
def test_a_callback_that_raises_is_closed_too_and_the_others_with_it(error):
    log = []
    callbacks = [Tracker(log=log), Tracker(error, log=log), Tracker(log=log)]
    with pytest.raises((CallbackError, SystemExit)):
        run(callbacks=callbacks)
    assert log == [0, 0, "closed", "closed", "closed"]


def test_a_service_closes_them_too(install):
    install("loop", code=LOOP, entry="loop")
    tracker, angry = Tracker(), Tracker(OSError("no line"))
    run(backend="loop", callbacks=[tracker])
    assert tracker.calls == [0, 1, 2, 3, "closed"]
    with pytest.raises(CallbackError, match="no line"):
        run(backend="loop", callbacks=[angry])
    assert angry.calls == [0, "closed"]


def test_one_that_cannot_be_closed_hides_neither_the_others_nor_the_result():
    log = []
    callbacks = [
        Tracker(on_close=OSError("disk full"), log=log),
        Tracker(log=log),
        Tracker(on_close=KeyboardInterrupt(), log=log),
    ]
    with pytest.raises(CallbackError, match=r"Tracker.*OSError: disk full.*KeyboardInterrupt") as e:
        run(callbacks=callbacks, n_trials=1)
    assert log == [0, 0, 0, "closed", "closed", "closed"]
    assert isinstance(e.value.__cause__, OSError)
    assert len(e.value.result.trials) == 1
    assert e.value.result.reason == "n_trials"


def test_one_that_cannot_be_closed_does_not_hide_what_ended_the_run():
    log = []
    callbacks = [Tracker(on_close=OSError("disk full"), log=log), Tracker(log=log)]
    with pytest.raises(ObjectiveError, match="nothing works") as caught:
        run(broken, callbacks=callbacks)
    assert log[-2:] == ["closed", "closed"]
    assert "OSError: disk full" in caught.value.__notes__[0]
    assert len(caught.value.result.trials) == 3


def test_one_that_ends_the_program_still_lets_the_others_close():
    log = []
    callbacks = [Tracker(on_close=SystemExit(3), log=log), Tracker(log=log)]
    with pytest.raises(SystemExit):
        closing(callbacks, list)
    assert log == ["closed", "closed"]


def test_a_run_whose_arguments_are_refused_closes_nothing():
    tracker = Tracker()
    with pytest.raises(OptionError):
        run(callbacks=[tracker], retries=-1)
    assert tracker.calls == []


def test_a_study_that_cannot_be_opened_closes_them(tmp_path):
    tracker, settings = Tracker(), {"storage": tmp_path / "journal.db", "study": "one"}
    run(**settings)
    with pytest.raises(JournalError):
        run(callbacks=[tracker], **settings)
    assert tracker.calls == ["closed"]
