"""Whole runs on every kind of database."""

from __future__ import annotations

import unitune
from unitune.space import Categorical, Float, Int, Space

SPACE = Space(
    {
        "x": Float(-1.0, 1.0),
        "kind": Categorical(["a", ("b", 1), None]),
        "n": Int(1, 9, when={"kind": "a"}),
    }
)


def loss(config, trial):
    if trial.number % 6 == 4:
        raise ValueError("every sixth")
    return config["x"] ** 2 + config.get("n", 0)


def interrupted(config, trial):
    if trial.number == 15:
        raise KeyboardInterrupt
    return loss(config, trial)


def test_a_run_is_resumed_exactly(storage):
    given = {"backend": "optuna", "method": "tpe", "n_trials": 24}
    kept = {"storage": storage, "study": "mine", "resume": True}
    unbroken = unitune.run(SPACE, loss, seed=3, **given)
    assert unitune.run(SPACE, interrupted, seed=3, **given, **kept).reason == "interrupted"
    resumed = unitune.run(SPACE, loss, **given, **kept)
    assert resumed.resumed == "exact"
    assert [t.config for t in resumed.trials] == [t.config for t in unbroken.trials]
    assert [t.value for t in resumed.trials] == [t.value for t in unbroken.trials]
