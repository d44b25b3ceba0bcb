from __future__ import annotations

from trainings import EPOCHS, evaluate, until

from unitune.errors import UnknownNameError
from unitune.handle import Handle
from unitune.integrations.saving import Rounds, is_due, no_metric
from unitune.job import Job
from unitune.trial import Verdict


def handle(resource=None):
    return Handle(Job(0, {}, seed=0, resource=resource), until(0, Verdict.STOP), float)


def test_without_a_limit_nothing_is_kept():
    assert [step for step in range(1, 10) if is_due(handle(), step)] == []


def test_what_reaches_its_limit_or_jumps_over_it_is_kept():
    assert [step for step in (2, 4) if is_due(handle(3), step)] == [4]
    assert [step for step in range(1, 4) if is_due(handle(3), step)] == [3]


def test_more_is_kept_on_request():
    assert [step for step in range(1, 8) if is_due(handle(7), step, 3)] == [3, 6, 7]


def test_rounds_are_counted_from_what_was_kept(tmp_path):
    seen = []

    def objective(config, trial):
        rounds = Rounds(trial)
        seen.append((rounds.booster, rounds.left(EPOCHS), rounds.left(2)))
        for step in range(EPOCHS - rounds.left(EPOCHS) + 1, EPOCHS + 1):
            rounds.take(step, 1 / step, f"model {step}")

    first = evaluate(objective, until(3, Verdict.PAUSE), resource=3, place=str(tmp_path))
    second = evaluate(objective, resource=9, place=str(tmp_path), reports=first.outcome.reports)
    assert seen == [(None, 9, 2), ("model 3", 6, 0)]
    assert (second.start, second.reached, second.how) == (3, 9, "restored")


def test_an_unknown_metric_is_met_with_the_nearest():
    error = no_metric("val_los", ["loss", "val_loss"])
    assert isinstance(error, UnknownNameError)
    assert "'val_los'" in str(error)
    assert "'val_loss'" in str(error)
