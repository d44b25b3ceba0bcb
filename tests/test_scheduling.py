"""Schedulers in a run: who is stopped, who pauses, what is consumed, and what survives a death."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

import unitune
from unitune import Categorical, Float, Space
from unitune.errors import ObjectiveError, OptionError, UnituneWarning, UnknownNameError
from unitune.trial import State

SPACE = Space({"x": Float(0, 1)})
# Li et al. 2018, table 1: (trials, resource of each) from rung to rung, for R = 81 and eta = 3.
PAPER = {
    4: [(81, 1), (27, 3), (9, 9), (3, 27), (1, 81)],
    3: [(34, 3), (11, 9), (3, 27), (1, 81)],
    2: [(15, 9), (5, 27), (1, 81)],
    1: [(8, 27), (2, 81)],
    0: [(5, 81)],
}
EXECUTORS = ["serial", "process", pytest.param("ray", marks=pytest.mark.ray)]
ROUND = sum(rungs[0][0] for rungs in PAPER.values())


def curve(config):
    for epoch in range(81):
        yield config["x"] + 1 / (epoch + 1)


def run(objective=curve, **settings):
    given = {"backend": "builtin", "method": "random", "seed": 0, "progress": False, **settings}
    return unitune.run(SPACE, objective, **given)


def hyperband(objective=curve, **settings):
    return run(objective, **{"method": "hyperband", "resource": (1, 9), "n_trials": 17, **settings})


@pytest.mark.parametrize("workers", [1, 4])
def test_hyperband_consumes_what_the_table_of_its_paper_says(workers):
    result = hyperband(resource=(1, 81), n_trials=ROUND, workers=workers)
    rungs = result.resource.rungs()
    done = {
        bracket: list(zip(own["trials"], own["reached"], strict=True))
        for bracket, own in rungs.groupby("bracket")
    }
    assert done == PAPER
    assert (rungs["trials"] == rungs["planned_trials"]).all()
    below = {b: [0, *(r for _, r in own)] for b, own in PAPER.items()}
    kept = [n * (r - below[b][k]) for b, own in PAPER.items() for k, (n, r) in enumerate(own)]
    if workers == 1:
        assert result.resource.total == sum(kept)
    complete = [trial for trial in result.trials if trial.state is State.COMPLETE]
    assert len(complete) == 1 + 1 + 1 + 2 + 5
    assert all(trial.reports[-1].step == 81 for trial in complete)
    assert result.frame()["resource"].sum() == result.resource.total


def test_bracket_by_bracket_the_best_go_on():
    result = hyperband()
    first = result.trials[:9]
    by_loss = sorted(first, key=lambda trial: trial.config["x"])
    assert [len(trial.reports) for trial in by_loss] == [9, 3, 3, *[1] * 6]
    assert [trial.state for trial in by_loss] == [State.COMPLETE, *[State.PRUNED] * 8]
    assert all(trial.value == trial.reports[-1].value for trial in first)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_paused_generator_waits_and_goes_on(workers):
    result = hyperband(workers=workers)
    legs = result.resource.frame()
    assert set(legs["how"]) == {"first", "waited"}
    assert all(trial.resource == len(trial.reports) for trial in result.trials)
    assert [r.step for r in result.best.reports] == list(range(1, 10))


def test_a_trial_without_a_generator_loads_its_checkpoint_or_is_computed_again():
    def resumes(config, trial):
        done = trial.checkpoint.load(0)
        for epoch in range(done, 9):
            trial.checkpoint.save(epoch + 1)
            trial.report(config["x"] + 1 / (epoch + 1))

    def begins_again(config, trial):
        for epoch in range(trial.resource):
            trial.report(config["x"] + 1 / (epoch + 1), step=epoch + 1)

    def takes_what_it_is_given(config, trial):
        return config["x"] + 1 / trial.resource

    restored, replayed, plain = map(hyperband, (resumes, begins_again, takes_what_it_is_given))
    waited = hyperband()
    for other, how in [(restored, "restored"), (replayed, "replayed"), (plain, "replayed")]:
        assert set(other.resource.frame()["how"]) == {"first", how}
        assert [t.state for t in other.trials] == [t.state for t in waited.trials]
        assert [t.value for t in other.trials] == [t.value for t in waited.trials]
    assert restored.resource.total == waited.resource.total
    assert replayed.resource.total == plain.resource.total > waited.resource.total
    assert [t.reports for t in replayed.trials] == [t.reports for t in waited.trials]


def test_checkpoints_are_gone_when_the_run_is_over(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)

    def objective(config, trial):
        (trial.checkpoint.path / "weights").write_text("1")
        for _ in range(9):
            trial.report(config["x"])

    assert hyperband(objective).reason == "n_trials"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "executor", ["serial", "process", pytest.param("ray", marks=pytest.mark.ray)]
)
def test_hundreds_of_trials_leave_no_generator_open(executor, tmp_path):
    def objective(config):
        opened = tmp_path / f"{time.monotonic_ns()}-{os.getpid()}-{config['x']}"
        opened.touch()
        try:
            for epoch in range(9):
                yield config["x"] + 1 / (epoch + 1)
        finally:
            opened.unlink()

    result = hyperband(
        objective,
        n_trials=500,
        executor=executor,
        workers=1 if executor == "serial" else 2,
    )
    states = [trial.state for trial in result.trials]
    assert len(states) == 500
    assert states.count(State.PRUNED) > 300
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "executor", ["serial", "process", pytest.param("ray", marks=pytest.mark.ray)]
)
def test_a_stop_reaches_a_trial_within_one_report(executor):
    workers = 1 if executor == "serial" else 2
    result = run(
        scheduler="patience",
        scheduler_options={"patience": 1},
        n_trials=6,
        objective=ever_worse,
        executor=executor,
        workers=workers,
    )
    assert [len(trial.reports) for trial in result.trials] == [2] * 6
    assert {trial.state for trial in result.trials} == {State.PRUNED}


def ever_worse(config):
    for epoch in range(100):
        yield config["x"] + epoch


def test_the_most_resource_ends_a_trial_that_would_go_on_for_ever():
    def objective(config):
        while True:
            yield config["x"]

    result = run(objective, resource=(1, 5), n_trials=3)
    assert {trial.state for trial in result.trials} == {State.COMPLETE}
    assert {len(trial.reports) for trial in result.trials} == {5}


def test_a_budget_of_resource_ends_the_run():
    result = run(resource=(1, 9), max_resource=60)
    assert result.reason == "max_resource"
    assert [trial.resource for trial in result.trials] == [9] * 7
    assert result.resource.total == 63
    assert hyperband(n_trials=None, max_resource=60).resource.total <= 68


def test_max_resource_goes_with_n_trials():
    assert len(run(resource=(1, 9), max_resource=60, n_trials=3).trials) == 3


@pytest.mark.parametrize("value", ["last", "best"])
def test_a_finished_trial_counts_by_its_last_report_or_its_best(value):
    def objective(config):
        yield 3.0
        yield 1.0
        yield 2.0

    assert run(objective, n_trials=1, value=value).best.value == {"last": 2.0, "best": 1.0}[value]


def test_for_the_greatest_values_the_best_report_is_the_greatest():
    def objective(config):
        yield from (1.0, 3.0, 2.0)

    result = run(objective, n_trials=1, value="best", mode="max")
    assert result.best.value == 3.0
    greedy = hyperband(lambda c: (-v for v in curve(c)), mode="max")
    assert [t.config for t in greedy.trials if t.state is State.COMPLETE] == [
        t.config for t in hyperband().trials if t.state is State.COMPLETE
    ]


@pytest.mark.parametrize("backend", ["optuna", "hyperopt", "skopt", "builtin"])
def test_every_backend_runs_under_the_composed_hyperband(backend):
    result = hyperband(backend=backend, scheduler="unitune:hyperband")
    assert (result.method, result.scheduler) == ("random", "unitune:hyperband")
    assert [rung.trials for rung in result.schedule] == [9, 3, 1, 5, 1, 3]
    assert result.resource.rungs()["trials"].tolist() == [9, 3, 1, 5, 1, 3]


@pytest.mark.parametrize(
    ("backend", "learns"), [("optuna", "tpe"), ("hyperopt", "tpe"), ("skopt", "gp")]
)
def test_bohb_is_the_flagship_under_hyperband(backend, learns):
    space = {"x": Float(0, 1), "kind": Categorical(["a", "b"])}
    settings = {"resource": (1, 3), "n_trials": 25, "seed": 1, "progress": False}
    if backend == "skopt":
        settings["options"] = {"n_initial_points": 5}
    result = unitune.run(space, curve, backend=backend, method="bohb", **settings)
    assert result.method == learns
    assert (result.scheduler or "").endswith("hyperband")
    assert {trial.state for trial in result.trials} == {State.COMPLETE, State.PRUNED}


def test_a_stopped_trial_is_never_told_better_than_the_worst_complete_one():
    def objective(config):
        yield 0.0 if config["x"] < 0.5 else 0.5
        yield 1.0

    told = {}
    result = run(
        objective,
        backend="hyperopt",
        method="random",
        scheduler="successive_halving",
        resource=(1, 2),
        scheduler_options={"eta": 2},
        n_trials=8,
    )
    for doc in result.native.trials:
        told.setdefault(doc["result"]["state"], []).append(doc["result"]["loss"])
    assert set(told["complete"]) == {1.0}
    early = [t.value for t in result.trials if t.state is State.PRUNED]
    assert set(early) <= {0.0, 0.5}
    assert 1.0 in told["pruned"]


@pytest.mark.parametrize(
    ("settings", "error", "words"),
    [
        ({"scheduler": "hyperbnad"}, UnknownNameError, "hyperband"),
        ({"scheduler": "asha"}, OptionError, r"resource=\(least, most\)"),
        ({"scheduler": "asha", "resource": (9, 1)}, OptionError, "from 9 on"),
        ({"scheduler": "asha", "resource": 9}, OptionError, r"give \(least, most\)"),
        ({"scheduler": "asha", "resource": (0, 9)}, OptionError, "from 1 on"),
        ({"scheduler_options": {"eta": 3}}, OptionError, "give scheduler="),
        (
            {"scheduler": "asha", "resource": (1, 9), "scheduler_options": {"eat": 3}},
            OptionError,
            "eta",
        ),
        ({"method": "hyperband", "scheduler": "median"}, OptionError, "is another one"),
        (
            {"method": "bohb", "resource": (1, 9)},
            UnknownNameError,
            r"^method='bohb' is 'bayesian' proposals.* no method 'bayesian'. It has: random, grid",
        ),
        (
            {"backend": "optuna", "scheduler": "hyperbnad"},
            UnknownNameError,
            r"Did you mean 'hyperband'\?$",
        ),
        (
            {"backend": "optuna", "scheduler": "q"},
            UnknownNameError,
            "Known: asha, hyperband, median, patience, patient,",
        ),
        (
            {"backend": "optuna", "scheduler": "unitune:percentil"},
            UnknownNameError,
            "Known: asha, hyperband, median, patience, successive_halving.$",
        ),
        ({"options": 5}, OptionError, "^options=5: give a dict"),
        ({"scheduler": "asha", "scheduler_options": 5}, OptionError, "^scheduler_options=5: give"),
        ({"executor_options": ["a"]}, OptionError, r"^executor_options=\['a'\]: give a dict"),
        ({"max_resource": 0}, OptionError, "from 1 on"),
        ({"value": "first"}, OptionError, "'last' or 'best'"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_runs(settings, error, words):
    called = []
    with pytest.raises(error, match=words):
        run(lambda config: called.append(1), **settings)
    assert not called


def test_an_objective_that_cannot_know_how_far_to_go_is_refused_with_a_sentence():
    with pytest.raises(ObjectiveError, match=r"compute up to trial\.resource"):
        hyperband(lambda config: config["x"])
    assert len(run(lambda config: config["x"], resource=(1, 9), n_trials=2).trials) == 2


def test_reports_that_make_no_sense_are_defined():
    def nan(config, trial):
        trial.report(1.0)
        trial.report(math.nan)

    def repeated(config, trial):
        trial.report(1.0, step=3)
        trial.report(5.0, step=3)
        trial.report(6.0, step=2)
        trial.report(2.0, step=4)

    def negative(config, trial):
        trial.report(1.0, step=-1)

    with pytest.warns(UnituneWarning, match="left out"):
        kept = run(repeated, n_trials=1).trials[0]
    assert [(r.step, r.value) for r in kept.reports] == [(3, 1.0), (4, 2.0)]
    failed = [run(broken, n_trials=1).trials[0] for broken in (nan, negative)]
    assert {trial.state for trial in failed} == {State.FAILED}
    assert len(failed[0].reports) == 1
    assert "finite" in failed[0].failure.message
    assert "step -1" in failed[1].failure.message


def test_reports_come_from_a_thread_and_end_with_the_trial():
    late = []

    def objective(config, trial):
        def train():
            for _ in range(5):
                trial.report(config["x"])

        thread = threading.Thread(target=train)
        thread.start()
        thread.join()
        late.append(trial)
        return 1.0

    result = run(objective, n_trials=1)
    assert [r.step for r in result.best.reports] == [1, 2, 3, 4, 5]
    with pytest.raises(unitune.Stop):
        late[0].report(0.0)
    assert len(result.best.reports) == 5


def test_a_stop_that_the_objective_swallows_is_a_stop_all_the_same():
    def objective(config, trial):
        for epoch in range(5):
            try:
                trial.report(float(epoch))
            except trial.Stop:
                break
        return 7.0

    result = run(objective, scheduler="patience", scheduler_options={"patience": 1}, n_trials=2)
    assert {(trial.state, trial.value) for trial in result.trials} == {(State.PRUNED, 1.0)}


def test_a_failed_attempt_is_made_again_under_the_same_decisions(tmp_path):
    def objective(config):
        for epoch in range(9):
            mark = tmp_path / str(config["x"])
            if epoch == 1 and not mark.exists():
                mark.touch()
                raise OSError("the disk was away")
            yield config["x"] + 1 / (epoch + 1)

    result, smooth = hyperband(objective, retries=1), hyperband()
    assert [t.state for t in result.trials] == [t.state for t in smooth.trials]
    assert [t.value for t in result.trials] == [t.value for t in smooth.trials]
    assert any(trial.attempts for trial in result.trials)
    assert result.resource.total > smooth.resource.total


def test_a_worker_that_dies_loses_its_paused_generators_and_no_trial():
    def objective(config):
        for epoch in range(9):
            yield config["x"] + 1 / (epoch + 1)
            if epoch == 0 and config["x"] < 0.05:
                os._exit(1)

    result = hyperband(objective, executor="process", workers=2, n_trials=34, seed=2)
    smooth = hyperband(n_trials=34, seed=2)
    assert len(result.trials) == 34
    died = [t for t in result.trials if t.failure is not None]
    assert {t.failure.kind for t in died} == {"WorkerDied"}
    assert {t.config["x"] < 0.05 for t in died} == {True}
    assert len(smooth.trials) == 34


STORY = """
    import os, signal, sys
    import unitune

    def objective(config, trial):
        done = trial.checkpoint.load(0)
        for epoch in range(done, 9):
            trial.checkpoint.save(epoch + 1)
            trial.report(config["x"] + 1 / (epoch + 1), step=epoch + 1)
            if trial.number == int(sys.argv[2]) and epoch == int(sys.argv[3]):
                os.kill(os.getpid(), signal.SIGKILL)

    result = unitune.run(
        {"x": unitune.Float(0, 1)}, objective, backend="optuna", method="bohb",
        scheduler="unitune:hyperband", resource=(1, 9), n_trials=22, seed=0, progress=False,
        storage=sys.argv[1], study="mine", resume=True,
    )
    print(result.resumed, [(t.number, t.value, str(t.state)) for t in result.trials])
    print([[r.step for r in t.reports] for t in result.trials])
"""


def test_a_run_under_hyperband_goes_on_after_the_death_of_its_driver(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    script = tmp_path / "story.py"
    script.write_text(textwrap.dedent(STORY))

    def go(name, number=-1, epoch=-1):
        command = [sys.executable, script, tmp_path / f"{name}.db", str(number), str(epoch)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    whole = go("whole").stdout
    assert "None [(0," in whole
    for number, epoch in [(0, 0), (5, 0), (8, 0), (12, 2)]:
        assert go("broken", number, epoch).returncode in (-signal.SIGKILL, 0)
    again = go("broken")
    assert again.stdout.replace("exact", "None", 1) == whole, again.stderr
    assert not list(Path(tmp_path / "data" / "unitune" / "checkpoints").iterdir())
