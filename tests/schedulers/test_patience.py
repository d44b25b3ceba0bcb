"""A trial that no longer gets better is stopped."""

from __future__ import annotations

import random
from types import SimpleNamespace

import pytest

from unitune.backend import Scheduling
from unitune.schedulers import Verdict
from unitune.schedulers.patience import Patience


def stop(losses, resource=None, first=1, **options):
    """Return the step at which a curve is stopped or finished, with the verdict; None for never."""
    scheduler = Patience.open(Scheduling("patience", resource=resource, options=options))
    scheduler.begin(0)
    for step, loss in enumerate(losses, start=first):
        verdict = scheduler.report(0, step, loss)
        if verdict is not Verdict.CONTINUE:
            return step, verdict
    return None


def test_it_stops_after_so_many_reports_without_an_improvement():
    assert stop([3, 2, 2, 2, 1], patience=2) == (4, Verdict.STOP)
    assert stop([3, 2, 2, 2, 1], patience=3) is None
    assert stop([3, 2, 2, 1, 1, 1], patience=2) == (6, Verdict.STOP)


def test_an_improvement_is_more_than_the_least_difference():
    assert stop([3, 2.5, 2.0], patience=2, min_delta=1) == (3, Verdict.STOP)
    assert stop([3, 2.5, 1.9], patience=2, min_delta=1) is None


def test_reports_in_the_grace_period_do_not_count():
    assert stop([1, 2, 2, 2, 2, 2], patience=2, grace=4) == (6, Verdict.STOP)
    assert stop([1, 2, 2, 2, 2, 2], (4, 9), patience=2) == (6, Verdict.STOP)
    assert stop([1, 2, 2, 2, 2, 2], (4, 9), patience=2, grace=0) == (3, Verdict.STOP)


def test_at_the_most_resource_a_trial_is_finished():
    assert stop([3, 2, 1], (1, 3), patience=1) == (3, Verdict.FINISH)
    assert stop([3, 3, 3], (1, 2), patience=1) == (2, Verdict.FINISH)


def test_a_loss_that_is_no_number_is_no_improvement():
    assert stop([1, float("nan"), 1], patience=2) == (3, Verdict.STOP)


def test_each_trial_is_on_its_own():
    scheduler = Patience(patience=1)
    scheduler.begin(0)
    scheduler.begin(1)
    assert scheduler.report(0, 1, 1.0) is Verdict.CONTINUE
    assert scheduler.report(1, 1, 2.0) is Verdict.CONTINUE
    assert scheduler.report(0, 2, 1.0) is Verdict.STOP


@pytest.mark.parametrize(("patience", "delta"), [(1, 0.0), (3, 0.0), (3, 0.05)])
@pytest.mark.parametrize("seed", range(5))
def test_it_stops_where_the_early_stopping_of_keras_does(patience, delta, seed, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    pytest.importorskip("keras")
    from keras.callbacks import EarlyStopping

    rng = random.Random(seed)
    losses = [1 / epoch + 0.2 * rng.random() for epoch in range(1, 60)]
    callback = EarlyStopping("loss", patience=patience, min_delta=delta, mode="min")
    callback.set_model(SimpleNamespace(stop_training=False, optimizer=None))
    callback.on_train_begin()
    for epoch, loss in enumerate(losses):
        callback.on_epoch_end(epoch, {"loss": loss})
        if callback.model.stop_training:
            break
    assert stop(losses, first=0, patience=patience, min_delta=delta) == (epoch, Verdict.STOP)
