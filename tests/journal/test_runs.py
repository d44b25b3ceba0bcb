"""Whole runs on every kind of database."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

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


KILLED = """
import sys, time
import unitune
from test_runs import SPACE, loss

def slow(config, trial):
    print(trial.number, flush=True)
    if trial.number == 15:
        time.sleep(600)
    return loss(config, trial)

unitune.run(SPACE, slow, backend="optuna", method="tpe", n_trials=24, seed=3, storage=sys.argv[1],
            study="mine", progress=False)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system kills in other ways")
def test_a_run_whose_driver_was_killed_is_resumed_exactly(storage):
    here = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    command = [sys.executable, "-c", KILLED, storage]
    with subprocess.Popen(command, env=here, stdout=subprocess.PIPE, text=True) as driver:
        for line in driver.stdout:
            if line == "15\n":
                driver.kill()
    given = {"backend": "optuna", "method": "tpe", "n_trials": 24}
    resumed = unitune.run(SPACE, loss, **given, storage=storage, study="mine", resume=True)
    unbroken = unitune.run(SPACE, loss, seed=3, **given)
    assert resumed.resumed == "exact"
    assert [t.number for t in resumed.trials] == list(range(24))
    assert [t.config for t in resumed.trials] == [t.config for t in unbroken.trials]
    assert [t.value for t in resumed.trials] == [t.value for t in unbroken.trials]
