"""Repeating a parallel run by its transcript, whatever order its trials come in by themselves."""

from __future__ import annotations

import functools
import json
import random
import time

import pytest
from spaces import MIXED, mixed_loss

import unitune
from unitune.errors import OptionError, UnituneWarning
from unitune.space import Float, Space
from unitune.trial import State

LINE = Space({"x": Float(0.0, 1.0)})
BACKENDS = [("builtin", "random"), ("optuna", "tpe"), ("hyperopt", "tpe"), ("skopt", "forest")]
# Everything by which early stopping depends on the order in which trials report.
STOPPED = {
    "asha": {"scheduler": "unitune:asha", "resource": (1, 9)},
    "promotion": {
        "scheduler": "unitune:asha",
        "scheduler_options": {"variant": "promotion"},
        "resource": (1, 9),
    },
    "median": {"scheduler": "unitune:median", "resource": (1, 9)},
    "hyperband": {"method": "hyperband", "resource": (1, 9)},
    "bohb": {"backend": "optuna", "method": "bohb", "resource": (1, 9)},
    "pruner": {"backend": "optuna", "method": "tpe", "scheduler": "median", "resource": (1, 9)},
}


def run(space=LINE, objective=lambda config: config["x"], **settings):
    given = {"backend": "builtin", "method": "random", "n_trials": 24, "seed": 0, "workers": 4}
    return unitune.run(space, objective, **{**given, **settings})


def waits(config, trial):
    """A loss whose trials do not finish in the order in which they begin."""
    time.sleep(0.002 * (trial.number * 7 % 5))
    return mixed_loss(config)


def learns(config, trial, *, pace=0):
    """A learning curve whose steps take times of their own, others for each pace."""
    rng = random.Random(f"{trial.number} {pace}")
    for epoch in range(1, 10):
        time.sleep(rng.choice([0.0, 0.001, 0.004]))
        yield config["x"] + (1 + config["x"]) / epoch


def told(result):
    """What the study and the user were told of each trial, and what each consumed."""
    return [(t.number, t.config, t.state, t.value, t.reports, legs(t)) for t in result.trials]


def legs(trial):
    return [(leg.start, leg.reached, leg.bracket, leg.rung) for leg in trial.legs]


@pytest.mark.parametrize(("backend", "method"), BACKENDS)
def test_a_transcript_reproduces_a_parallel_run_exactly(backend, method):
    given = {"backend": backend, "method": method, "workers": 2}
    first = run(MIXED, waits, **given)
    again = run(MIXED, mixed_loss, **given, replay=first.transcript)
    assert told(again) == told(first)
    assert again.transcript == first.transcript


@pytest.mark.parametrize("case", STOPPED)
def test_a_transcript_repeats_who_is_stopped_when(case):
    first = run(objective=learns, **STOPPED[case])
    order = json.loads(json.dumps(first.transcript))  # as a file would keep it
    objective = functools.partial(learns, pace=1)
    again = run(objective=objective, **STOPPED[case], replay=order)
    assert again.transcript == first.transcript
    assert told(again) == told(first)


def test_without_its_transcript_such_a_run_is_another():
    runs = []
    for pace in range(4):
        objective = functools.partial(learns, pace=pace)
        runs.append(told(run(objective=objective, **STOPPED["asha"])))
    assert any(one != runs[0] for one in runs)


def test_a_run_that_tried_trials_again_is_repeated(tmp_path):
    def fails_now_and_then(config, trial):
        for epoch, loss in enumerate(learns(config, trial), 1):
            yield loss
            mark = tmp_path / f"{trial.number}"
            if trial.number % 3 == 0 and epoch == 1 and not mark.exists():
                mark.touch()
                raise OSError("the disk was away")

    given = {**STOPPED["asha"], "retries": 1}
    first = run(objective=fails_now_and_then, **given)
    assert any(trial.attempts for trial in first.trials)
    steady = run(objective=learns, **given, replay=first.transcript)
    assert [trial[:5] for trial in told(steady)] == [trial[:5] for trial in told(first)]
    for mark in tmp_path.iterdir():
        mark.unlink()
    failing = run(objective=fails_now_and_then, **given, replay=first.transcript)
    assert told(failing) == told(first)
    assert [len(t.attempts) for t in failing.trials] == [len(t.attempts) for t in first.trials]


def test_a_run_that_was_resumed_is_repeated_from_its_start(tmp_path):
    kept = {"storage": tmp_path / "journal.db", "study": "mine"}
    run(objective=learns, **STOPPED["asha"], **kept, n_trials=12)
    whole = run(objective=learns, **STOPPED["asha"], **kept, resume=True)
    assert whole.resumed == "exact"
    again = run(objective=learns, **STOPPED["asha"], replay=whole.transcript)
    assert told(again) == told(whole)


def test_what_is_repeated_is_kept_in_a_journal_as_the_first_run_would_be(tmp_path):
    first = run(objective=learns, **STOPPED["promotion"])
    kept = {"storage": tmp_path / "journal.db", "study": "mine"}
    run(objective=learns, **STOPPED["promotion"], **kept, replay=first.transcript)
    back = run(objective=learns, **STOPPED["promotion"], **kept, resume=True)
    assert back.resumed == "exact"
    assert told(back) == told(first)


@pytest.mark.parametrize(
    "order",
    [
        [("ask", 0), ("tell", 5), ("ask", 1)],
        [("ask", 0), ("report", 0, 7, "stop"), ("tell", 0)],
        [("ask", 0), ("report", 0, 1, "stop"), ("report", 0, 2, "continue"), ("tell", 0)],
        [("ask", 0), ("ask", 1), ("report", 1, 9, "continue"), ("report", 0, 1, "pause")],
        [("ask", 3)],
    ],
)
@pytest.mark.parametrize("workers", [1, 4])
def test_a_transcript_of_another_run_is_left_where_it_no_longer_fits(order, workers):
    given = {**STOPPED["hyperband"], "n_trials": 17, "workers": workers}
    with pytest.warns(UnituneWarning, match="another one than replay= is of"):
        result = run(objective=learns, **given, replay=order)
    assert len(result.trials) == 17
    assert result.reason == "n_trials"


def test_another_objective_goes_its_own_way_from_where_it_is_answered_otherwise():
    first = run(objective=learns, **STOPPED["asha"])

    def reversed_(config, trial):
        yield from (2 - loss for loss in learns(config, trial))

    with pytest.warns(UnituneWarning, match="goes its own way"):
        again = run(objective=reversed_, **STOPPED["asha"], replay=first.transcript)
    assert len(again.trials) == 24
    assert again.transcript != first.transcript
    assert all(t.state in (State.COMPLETE, State.PRUNED) for t in again.trials)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("ask", "replay='ask': give the `transcript` of a result"),
        (5, "replay=5: give"),
        ([("ask", 0), "tell"], r"replay\[1\]='tell' is no decision of a run"),
        ([("ask", -1)], r"replay\[0\]=\('ask', -1\)"),
        ([("report", 0, 1, "perhaps")], "'perhaps'"),
        ([("report", 0, 1)], r"replay\[0\]"),
        ([("ask", "0")], r"replay\[0\]"),
    ],
)
def test_what_is_no_transcript_is_refused_before_anything_runs(given, words):
    with pytest.raises(OptionError, match=words):
        run(objective=lambda config: pytest.fail("it ran"), replay=given)
