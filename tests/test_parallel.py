"""Runs on worker processes: the same rules, several trials at a time."""

from __future__ import annotations

import contextlib
import itertools
import os
import random
import signal
import time

import pytest
from spaces import MIXED, mixed_loss

import unitune
from unitune.space import Float, Int, Space
from unitune.trial import State

LINE = Space({"x": Float(0.0, 1.0)})
BACKENDS = [("builtin", "random"), ("optuna", "tpe"), ("hyperopt", "tpe"), ("skopt", "forest")]


def run(space=LINE, objective=lambda config: config["x"], **settings):
    given = {"backend": "builtin", "method": "random", "n_trials": 20, "seed": 0, "workers": 2}
    return unitune.run(space, objective, **{**given, **settings})


def slow_here_and_there(config, trial):
    """A loss whose trials do not finish in the order in which they begin."""
    time.sleep(0.002 * (trial.number * 7 % 5))
    return mixed_loss(config)


@pytest.mark.parametrize(("backend", "method"), BACKENDS)
def test_every_backend_runs_on_several_workers(backend, method):
    result = run(MIXED, slow_here_and_there, backend=backend, method=method, n_trials=24)
    assert [trial.number for trial in result.trials] == list(range(24))
    assert all(trial.state is State.COMPLETE for trial in result.trials)
    assert len({repr(trial.config) for trial in result.trials}) == 24


@pytest.mark.parametrize(("backend", "method"), BACKENDS)
def test_a_transcript_reproduces_a_parallel_run_exactly(backend, method):
    given = {"backend": backend, "method": method, "n_trials": 24}
    first = run(MIXED, slow_here_and_there, **given)
    again = run(MIXED, mixed_loss, **given, replay=first.transcript)
    assert [t.config for t in again.trials] == [t.config for t in first.trials]
    assert [t.value for t in again.trials] == [t.value for t in first.trials]
    assert again.transcript == first.transcript


def test_a_transcript_of_another_run_is_left_where_it_no_longer_fits():
    order = [("ask", 0), ("tell", 5), ("ask", 1)]
    result = run(replay=order, n_trials=6)
    assert len(result.trials) == 6


def test_trials_run_in_other_processes_and_side_by_side():
    def objective(config):
        time.sleep(0.05)
        return {"loss": config["x"], "pid": os.getpid()}

    result = run(objective=objective, metric="loss", n_trials=12)
    pids = {trial.metrics["pid"] for trial in result.trials}
    assert len(pids) == 2
    assert os.getpid() not in pids
    starts = sorted((t.start, t.start + t.evaluate) for t in result.trials)
    overlaps = [b[0] < a[1] for a, b in itertools.pairwise(starts)]
    assert sum(overlaps) >= 5


def test_configs_hold_the_very_objects_also_from_workers():
    choices = [(1, 2), {"a": 1}, print]
    space = Space({"x": unitune.Categorical(choices), "y": Float(0, 1)})
    result = run(space, lambda config: config["y"])
    assert all(any(t.config["x"] is choice for choice in choices) for t in result.trials)


def test_a_worker_that_dies_fails_its_trial_only():
    def objective(config, trial):
        if trial.number == 3:
            os._exit(7)
        return config["x"]

    result = run(objective=objective, n_trials=10)
    assert [t.number for t in result.trials if t.state is State.FAILED] == [3]
    assert result.trials[3].failure.kind == "WorkerDied"


def test_a_worker_that_dies_costs_an_attempt_where_there_are_retries(tmp_path):
    def objective(config, trial):
        mark = tmp_path / str(trial.number)
        if trial.number == 3 and not mark.exists():
            mark.touch()
            os._exit(7)
        return config["x"]

    result = run(objective=objective, n_trials=10, retries=1)
    assert all(trial.state is State.COMPLETE for trial in result.trials)
    assert [failure.kind for failure in result.trials[3].attempts] == ["WorkerDied"]


def test_a_trial_that_hangs_is_killed():
    def objective(config, trial):
        if trial.number == 1:
            time.sleep(600)
        return config["x"]

    result = run(objective=objective, n_trials=4, workers=1, trial_timeout=3.0)
    assert result.trials[1].failure.kind == "TrialTimeout"
    assert sum(t.state is State.COMPLETE for t in result.trials) == 3


def test_reports_go_up_and_stops_come_down():
    def objective(config):
        for epoch in range(200):
            yield config["x"] + (epoch if config["x"] > 0.3 else 0)

    options = {"pruner": "median"}
    result = run(objective=objective, backend="optuna", n_trials=20, options=options)
    pruned = [t for t in result.trials if t.state is State.PRUNED]
    assert pruned
    assert all(len(t.reports) < 200 for t in pruned)


def test_a_target_lets_running_trials_finish():
    result = run(objective=lambda config: 0.0, target=0.5, n_trials=1000)
    assert result.reason == "target"
    assert len(result.trials) <= 4


def test_the_budget_is_exact():
    for n_trials in (1, 2, 3, 7):
        assert len(run(n_trials=n_trials, workers=3).trials) == n_trials


def test_parallel_proposals_of_a_learning_method_hardly_repeat():
    space = Space({"a": Int(0, 99), "b": Int(0, 99)})

    def objective(config):
        return (config["a"] - 50) ** 2 + (config["b"] - 50) ** 2

    result = run(space, objective, backend="optuna", method="tpe", n_trials=80)
    configs = [tuple(trial.config.values()) for trial in result.trials]
    assert len(set(configs)) >= 72


def test_workers_share_the_cores_between_their_numerical_libraries(monkeypatch):
    def objective(config):
        return {"loss": 0.0, "threads": int(os.environ["OMP_NUM_THREADS"])}

    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    result = run(objective=objective, metric="loss", n_trials=2)
    assert result.trials[0].metrics["threads"] == max(1, os.cpu_count() // 2)
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    result = run(objective=objective, metric="loss", n_trials=2)
    assert result.trials[0].metrics["threads"] == 3


def test_workers_killed_at_random_cost_attempts_and_nothing_else():
    """Outcomes of 200 trials are right though their processes are killed all the time."""

    def objective(config, trial):
        time.sleep(0.002)
        if trial.number % 50 == 7:
            raise ValueError("its own fault")
        return {"loss": config["x"], "pid": os.getpid()}

    dice = random.Random(1)

    def kill_now_and_then(trial, run):
        if dice.random() < 0.1 and "pid" in trial.metrics:
            with contextlib.suppress(ProcessLookupError):
                os.kill(trial.metrics["pid"], signal.SIGKILL)

    result = run(
        objective=objective, metric="loss", n_trials=200, retries=5, callbacks=[kill_now_and_then]
    )
    failed = [trial.number for trial in result.trials if trial.state is State.FAILED]
    assert failed == [7, 57, 107, 157]
    assert len(result.trials) == 200
    plain = run(objective=lambda config: config["x"], n_trials=200, workers=1)
    assert [t.config for t in result.trials] == [t.config for t in plain.trials]
