"""Runs on worker processes: the same rules, several trials at a time."""

from __future__ import annotations

import contextlib
import itertools
import os
import random
import signal
import time

import pytest
from spaces import MIXED, any_loss, mixed_loss

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


# Days, so that whoever waited for them would not end: no test here has to be quick.
DAYS = 1e6


def dies_at_first(folder, number, attempts):
    """Return an objective under which the first attempts at a trial take their worker along.

    It notes when each attempt at that trial began.
    """

    def objective(config, trial):
        if trial.number == number:
            mark = folder / f"{len(list(folder.iterdir()))}"
            mark.write_text(repr(time.time()))
            if int(mark.name) < attempts:
                os._exit(7)
        return config["x"]

    return objective


def begun(folder):
    return [float((folder / f"{n}").read_text()) for n in range(len(list(folder.iterdir())))]


def test_a_dead_workers_trial_is_tried_again_after_pauses_that_double(tmp_path, monkeypatch):
    monkeypatch.setattr("unitune.driver.BACK_OFF", 0.3)
    result = run(objective=dies_at_first(tmp_path, 3, 3), n_trials=6, retries=3)
    assert all(trial.state is State.COMPLETE for trial in result.trials)
    pauses = [later - earlier for earlier, later in itertools.pairwise(begun(tmp_path))]
    assert len(pauses) == 3
    assert all(pause >= 0.3 * 2**n for n, pause in enumerate(pauses))


def test_pauses_do_not_grow_beyond_the_longest(tmp_path, monkeypatch):
    monkeypatch.setattr("unitune.driver.BACK_OFF", DAYS)
    monkeypatch.setattr("unitune.driver.LONGEST_BACK_OFF", 0.3)
    result = run(objective=dies_at_first(tmp_path, 3, 2), n_trials=6, retries=2)
    assert all(trial.state is State.COMPLETE for trial in result.trials)
    pauses = [later - earlier for earlier, later in itertools.pairwise(begun(tmp_path))]
    assert min(pauses) >= 0.3


def test_the_other_trials_go_on_while_one_waits_for_its_next_attempt(tmp_path, monkeypatch):
    monkeypatch.setattr("unitune.driver.BACK_OFF", DAYS)
    monkeypatch.setattr("unitune.driver.LONGEST_BACK_OFF", DAYS)

    def leave(trial, run):
        if len(run.trials) == 9:
            raise KeyboardInterrupt

    result = run(objective=dies_at_first(tmp_path, 3, 1), n_trials=10, retries=1, callbacks=[leave])
    assert result.reason == "interrupted"
    assert [trial.number for trial in result.trials] == [0, 1, 2, 4, 5, 6, 7, 8, 9]
    assert len(begun(tmp_path)) == 1


def test_what_the_objective_raises_is_tried_again_without_a_pause(tmp_path, monkeypatch):
    monkeypatch.setattr("unitune.driver.BACK_OFF", DAYS)
    monkeypatch.setattr("unitune.driver.LONGEST_BACK_OFF", DAYS)

    def objective(config, trial):
        mark = tmp_path / str(trial.number)
        if trial.number in (3, 5) and not mark.exists():
            mark.touch()
            raise ValueError("once")
        return config["x"]

    result = run(objective=objective, n_trials=8, retries=1)
    assert all(trial.state is State.COMPLETE for trial in result.trials)
    assert [len(trial.attempts) for trial in result.trials] == [0, 0, 0, 1, 0, 1, 0, 0]


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

    result = run(objective=objective, backend="optuna", n_trials=20, scheduler="median")
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


CHOICES = Space({name: unitune.Categorical(list(range(10))) for name in "abcd"})


def sum_of(config):
    return sum(config.values())


@pytest.mark.parametrize(
    ("backend", "method"),
    [("builtin", "random"), ("optuna", "tpe"), ("hyperopt", "tpe"), ("skopt", "gp_fast")],
)
def test_no_config_of_ten_thousand_is_tried_twice(backend, method):
    n_trials = 60 if backend == "skopt" else 200
    result = run(CHOICES, sum_of, backend=backend, method=method, n_trials=n_trials)
    assert len({tuple(trial.config.values()) for trial in result.trials}) == n_trials
    by_chance = run(CHOICES, sum_of, n_trials=n_trials)
    if method != "random":
        assert result.repeated > 0 or backend == "skopt"
        assert result.best.value < by_chance.best.value


def test_one_worker_takes_repeats_as_the_library_proposes_them():
    result = run(CHOICES, sum_of, backend="optuna", method="tpe", n_trials=120, workers=1)
    assert len({tuple(trial.config.values()) for trial in result.trials}) < 120
    assert result.repeated == 0


def test_a_space_with_few_configs_is_tried_again_once_all_were():
    space = Space({"n": Int(1, 3)})
    result = run(space, any_loss, backend="optuna", method="tpe", n_trials=12)
    assert len(result.trials) == 12
    assert {trial.config["n"] for trial in result.trials[:3]} == {1, 2, 3}


@pytest.mark.parametrize(
    ("backend", "method"), [("optuna", "tpe"), ("hyperopt", "tpe"), ("skopt", "gp_fast")]
)
def test_repeats_are_repeated_when_a_run_is(tmp_path, backend, method):
    space = Space({"n": Int(1, 30)})
    given = {"backend": backend, "method": method, "n_trials": 22}
    first = run(space, any_loss, **given)
    again = run(space, any_loss, **given, replay=first.transcript)
    assert [t.config for t in again.trials] == [t.config for t in first.trials]
    kept = {"storage": tmp_path / "journal.db", "study": "mine", "resume": True}
    run(space, any_loss, **{**given, "n_trials": 20}, **kept)
    resumed = run(space, any_loss, **given, **kept)
    assert resumed.resumed == "exact"
    assert len({t.config["n"] for t in resumed.trials}) >= 20


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
