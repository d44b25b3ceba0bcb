from __future__ import annotations

import dataclasses

import pytest
from spaces import CONDITIONAL, EVERY_KIND, activation

from unitune.journal import JournalError
from unitune.journal.history import as_stored, past, trials
from unitune.journal.packing import pack_config
from unitune.space import Categorical, Const, Space
from unitune.trial import Failure, Report, State

SPACE = Space({"kind": Categorical(["a", activation])})
LOST = {"kind": "Lost", "message": "gone", "traceback": "t", "place": "p"}


@pytest.fixture
def log(journal, header):
    with journal.create("s", dataclasses.replace(header, space=SPACE.to_dict())) as opened:
        yield opened


def ask(log, number, kind=0):
    data = {"raw": {"kind": kind}, "config": {"kind": kind}, "initial": number == 0}
    log.append("asked", number, {**data, "seed": 100 + number, "suggest": 0.25})
    log.append("started", number, {"attempt": 1})


def finish(log, number, *, state="complete", value=0.5, failure=None, metrics=None):
    data = {"state": state, "value": value, "metrics": metrics or {}, "failure": failure}
    log.append("finished", number, {**data, "seconds": 2.0, "start": 1.0, "attempts": 1})


def test_finished_trials_come_once_in_the_order_of_their_ends_with_all_they_had(log):
    ask(log, 0, kind=1)
    ask(log, 1)
    ask(log, 2)
    log.append("reported", 1, {"step": 1, "value": 0.1, "verdict": "continue"})
    log.append("attempt", 1, {"attempt": 1, "failure": LOST})
    log.append("started", 1, {"attempt": 2})
    log.append("reported", 1, {"step": 1, "value": 0.2, "verdict": "continue"})
    finish(log, 1, state="failed", value=None, failure=LOST)
    finish(log, 0, metrics={"loss": 0.5, "gap": float("inf")})
    log.append("rejected", None, {"raw": {"kind": 0}, "constraint": "small"})
    second, first = trials(log, SPACE)
    failure = Failure("Lost", "gone", traceback="t", place="p")
    assert (first.number, first.state, first.value) == (0, State.COMPLETE, 0.5)
    assert first.config["kind"] is activation
    assert (first.seed, first.initial, first.suggest) == (100, True, 0.25)
    assert (first.evaluate, first.start) == (2.0, 1.0)
    assert first.metrics == {"loss": 0.5, "gap": float("inf")}
    assert (second.number, second.state, second.failure) == (1, State.FAILED, failure)
    assert second.reports == (Report(1, 0.1),), "what was said of a step first holds"
    assert second.attempts == (failure,)


def test_trials_that_were_asked_for_and_have_not_ended_are_left_running(log):
    ask(log, 0)
    ask(log, 1, kind=1)
    finish(log, 0)
    folded = past(log, as_stored)
    assert [trial.number for trial in folded.trials] == [0]
    assert list(folded.running) == [1]
    assert folded.asked == 2


def test_configs_from_before_a_change_of_space_are_read_as_they_were(log):
    ask(log, 0)
    finish(log, 0)
    wider = Space({"kind": Categorical(["z", "a", activation])})
    log.append("resumed", None, {"exact": False, "space": wider.to_dict()})
    ask(log, 1, kind=0)
    finish(log, 1)
    ask(log, 2, kind=2)
    finish(log, 2)
    assert [trial.config["kind"] for trial in trials(log, wider)] == ["a", "z", activation]
    shown = [trial.config["kind"] for trial in past(log, as_stored).trials]
    assert shown == ["a", "z", repr(activation)]


@pytest.mark.parametrize("kind", ["finished", "reported", "started"])
def test_an_event_of_a_trial_that_is_not_running_is_damage(log, kind):
    ask(log, 0)
    finish(log, 0)
    log.append(kind, 0, {"state": "complete"})
    with pytest.raises(JournalError, match=f"damaged: event 4, '{kind}' of trial 0"):
        trials(log, SPACE)


@pytest.mark.parametrize("space", [EVERY_KIND, CONDITIONAL])
def test_configs_can_be_shown_without_the_objects_of_the_space(space):
    unpack = as_stored(space.to_dict())
    for seed in range(30):
        config = space.sample(seed)
        shown = unpack(pack_config(space, config))
        assert list(shown) == list(config)
        for name, value in config.items():
            if value is activation:
                assert shown[name] == repr(activation)
            else:
                assert (shown[name], type(shown[name])) == (value, type(value))


def test_constants_under_conditions_are_shown_only_where_they_are_there():
    space = Space(
        {
            "kind": Categorical(["a", "b"]),
            "c": Const(1.5, when={"kind": "b"}),
            "d": Const(float("inf"), when={"c": 1.5}),
        }
    )
    unpack = as_stored(space.to_dict())
    assert unpack({"kind": 0}) == {"kind": "a"}
    assert unpack({"kind": 1}) == {"kind": "b", "c": 1.5, "d": float("inf")}
