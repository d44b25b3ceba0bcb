"""What is kept of a trial over pauses, failed attempts and deaths, and from where it goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap

import pytest

import unitune
from unitune import Float, Space
from unitune.errors import BackendError
from unitune.trial import State

SPACE = Space({"x": Float(0, 1)})


def run(objective, **settings):
    given = {"backend": "builtin", "method": "random", "seed": 0, "progress": False}
    return unitune.run(SPACE, objective, **{**given, **settings})


def loss_at(epoch, x=0.0):
    return x + abs(epoch - 3)  # the best is on the way


def fails_once_at(epoch, marks):
    """Return an objective with a checkpoint that fails once in each trial before an epoch."""

    def objective(config, trial):
        done = trial.checkpoint.load(0)
        for now in range(done + 1, trial.resource + 1):
            mark = marks / f"{trial.number}"
            if now == epoch and not mark.exists():
                mark.touch()
                raise OSError("the disk was away")
            trial.checkpoint.save(now)
            trial.report(loss_at(now, config["x"]), step=now)

    return objective


def test_what_was_reported_before_a_failed_attempt_still_counts(tmp_path):
    given = {"resource": (1, 5), "n_trials": 2, "retries": 1}
    result = run(fails_once_at(4, tmp_path), **given, value="best")
    for trial in result.trials:
        assert len(trial.attempts) == 1
        assert [report.step for report in trial.reports] == [1, 2, 3, 4, 5]
        assert trial.value == trial.config["x"]
        assert [(leg.start, leg.reached) for leg in trial.legs] == [(0, 3), (3, 5)]
        assert [leg.how for leg in trial.legs] == ["first", "restored"]


def test_under_a_schedule_what_a_failed_attempt_consumed_is_in_the_ledger_once(tmp_path):
    given = {"method": "hyperband", "resource": (1, 9), "n_trials": 17}
    whole = run(fails_once_at(99, tmp_path), **given)
    result = run(fails_once_at(2, tmp_path), **given, retries=1)
    assert sum(bool(trial.attempts) for trial in result.trials) == 3 + 5 + 3  # those that come to 2
    assert result.resource.total == whole.resource.total
    assert [t.reports for t in result.trials] == [t.reports for t in whole.trials]


@pytest.mark.parametrize("executor", ["serial", "process"])
def test_an_attempt_that_begins_anew_is_heard_from_where_the_first_one_broke_off(executor):
    def objective(config, trial):
        marks = trial.checkpoint.path
        for epoch in (1, 2, 3, 4):
            if epoch == 3 and not (marks / "failed").exists():
                (marks / "failed").touch()
                raise OSError("once")
            trial.report(float(epoch), step=epoch)

    result = run(objective, n_trials=1, retries=1, executor=executor)
    (trial,) = result.trials
    assert [report.step for report in trial.reports] == [1, 2, 3, 4]
    assert [(leg.start, leg.reached, leg.how) for leg in trial.legs] == [
        (0, 2, "first"),
        (0, 4, "replayed"),
    ]


@pytest.mark.parametrize("executor", ["serial", "process"])
def test_an_attempt_that_ends_earlier_than_the_one_before_has_what_it_came_to(executor):
    def objective(config, trial):
        marks = trial.checkpoint.path
        first = not (marks / "failed").exists()
        for epoch in (1, 2, 3, 4) if first else (1, 2):
            trial.report(float(epoch), step=epoch)
        if first:
            (marks / "failed").touch()
            raise OSError("once")

    result = run(objective, n_trials=1, retries=1, executor=executor)
    assert result.trials[0].value == 2.0
    assert [report.step for report in result.trials[0].reports] == [1, 2]


def test_a_trial_whose_driver_was_killed_keeps_its_reports_and_what_it_consumed(tmp_path):
    code = """
        import os, signal, sys, unitune

        def objective(config, trial):
            done = trial.checkpoint.load(0)
            for now in range(done + 1, trial.resource + 1):
                trial.checkpoint.save(now)
                trial.report(config["x"] + abs(now - 3), step=now)
                if trial.number == 1 and now == 4 and done == 0:
                    os.kill(os.getpid(), signal.SIGKILL)

        result = unitune.run(
            {"x": unitune.Float(0, 1)}, objective, backend="builtin", method="random", seed=0,
            resource=(1, 6), n_trials=3, progress=False, value="best",
            storage=sys.argv[1], study="mine", resume=True,
        )
        for t in result.trials:
            legs = [(leg.start, leg.reached) for leg in t.legs]
            print([r.step for r in t.reports], legs, t.value == t.config["x"])
        print(result.resource.total)
    """
    command = [sys.executable, "-c", textwrap.dedent(code), str(tmp_path / "journal.db")]
    environment = {**os.environ, "XDG_DATA_HOME": str(tmp_path)}
    first, second = (
        subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
        for _ in range(2)
    )
    assert first.returncode == -signal.SIGKILL
    steps = "[1, 2, 3, 4, 5, 6]"
    assert second.stdout.splitlines() == [
        f"{steps} [(0, 6)] True",
        f"{steps} [(0, 4), (4, 6)] True",
        f"{steps} [(0, 6)] True",
        "18",
    ], second.stderr


def test_a_generator_that_goes_on_from_files_of_its_own_says_from_which_step():
    def objective(config, trial):
        file = trial.checkpoint.path / "epochs"
        trial.checkpoint.step = int(file.read_text()) if file.exists() else 0
        for epoch in range(trial.checkpoint.step + 1, 10):
            file.write_text(str(epoch))
            yield config["x"] + 1 / epoch

    given = {"method": "hyperband", "resource": (1, 9), "n_trials": 17}
    waited = run(objective, **given)
    # Under a limit of memory no generator waits.
    restored = run(objective, **given, trial_memory=2**30)
    assert set(restored.resource.frame()["how"]) == {"first", "restored"}
    assert [t.reports for t in restored.trials] == [t.reports for t in waited.trials]
    assert restored.resource.total == waited.resource.total


def test_one_that_does_not_say_so_fails_with_a_sentence_and_books_nothing_wrong():
    def objective(config, trial):
        file = trial.checkpoint.path / "epochs"
        done = int(file.read_text()) if file.exists() else 0
        for epoch in range(done + 1, 10):
            file.write_text(str(epoch))
            yield config["x"] + 1 / epoch

    given = {"method": "hyperband", "resource": (1, 9), "n_trials": 17}
    result = run(objective, **given, trial_memory=2**30)
    failed = [trial for trial in result.trials if trial.state is State.FAILED]
    assert failed
    assert all("set trial.checkpoint.step" in trial.failure.message for trial in failed)


def test_what_is_saved_after_its_report_may_say_its_step():
    def objective(config, trial):
        done = trial.checkpoint.load(0)
        for epoch in range(done + 1, 10):
            yield config["x"] + 1 / epoch
            trial.checkpoint.save(epoch, step=epoch)

    given = {"method": "hyperband", "resource": (1, 9), "n_trials": 17}
    result = run(objective, **given, trial_memory=2**30)
    assert all(
        report.value == trial.config["x"] + 1 / report.step
        for trial in result.trials
        for report in trial.reports
    )


@pytest.mark.parametrize("end", ["raise", "yield", "swallow"])
@pytest.mark.parametrize("scheduler", ["unitune:asha", "unitune:hyperband"])
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_what_a_generator_does_when_it_is_closed_changes_nothing(scheduler, end):
    def objective(config):
        for epoch in range(9):
            try:
                yield config["x"] + 1 / (epoch + 1)
            except GeneratorExit:
                if end == "raise":
                    raise OSError("closing failed") from None
                if end == "yield":
                    yield 0.0
                raise
            except BaseException:
                if end != "swallow":
                    raise

    result = run(objective, scheduler=scheduler, resource=(1, 9), n_trials=17)
    assert {trial.state for trial in result.trials} == {State.PRUNED, State.COMPLETE}


@pytest.mark.parametrize("pruner", ["median", "percentile", "successive_halving", "hyperband"])
def test_what_has_run_in_full_is_complete_whatever_a_pruner_says(pruner):
    options = {"percentile": 10.0} if pruner == "percentile" else {}
    given = {"backend": "optuna", "scheduler": pruner, "scheduler_options": options}

    def rising(config):
        for epoch in range(1, 28):
            yield config["x"] * epoch

    for objective in (rising, lambda config: config["x"]):
        result = run(objective, **given, resource=(1, 27), n_trials=40)
        for trial in result.trials:
            whole = trial.reports[-1].step == 27
            assert trial.state is (State.COMPLETE if whole else State.PRUNED)


@pytest.mark.parametrize("executor", ["serial", "process"])
def test_what_a_library_raises_on_a_report_is_not_laid_at_the_objectives_door(
    executor, monkeypatch
):
    from unitune_optuna.study import OptunaStudy

    def refuses(self, token, step, value):
        raise RuntimeError("no reports today")

    monkeypatch.setattr(OptunaStudy, "report", refuses)
    with pytest.raises(BackendError, match="RuntimeError: no reports today") as caught:
        run(iter_of, backend="optuna", executor=executor)
    assert "objective" not in str(caught.value).split("The trials")[0]


def iter_of(config):
    yield config["x"]
    yield config["x"]


def test_a_trial_that_the_library_could_not_learn_is_in_the_errors_result(monkeypatch):
    from unitune_optuna.study import OptunaStudy

    tell = OptunaStudy.tell

    def refuses(self, token, outcome):
        if outcome.value is not None and refuses.left == 0:
            raise RuntimeError("that is too much")
        refuses.left -= 1
        tell(self, token, outcome)

    refuses.left = 3
    monkeypatch.setattr(OptunaStudy, "tell", refuses)
    seen = []

    def objective(config):
        seen.append(config["x"])
        return config["x"]

    with pytest.raises(BackendError, match="that is too much") as caught:
        run(objective, backend="optuna")
    assert [trial.value for trial in caught.value.result.trials] == seen
    assert len(seen) == 4


def test_metrics_are_plain_values():
    numpy = pytest.importorskip("numpy")

    def objective(config):
        return {"loss": numpy.float32(config["x"]), "n": numpy.int64(3), "who": "me"}

    (trial,) = run(objective, metric="loss", n_trials=1).trials
    assert [type(value) for value in trial.metrics.values()] == [float, int, str]


@pytest.mark.parametrize("executor", ["serial", "process"])
def test_failures_of_every_kind_are_kept_the_same_way(executor):
    class Mute(Exception):
        def __str__(self):
            raise RuntimeError("no text")

    class Odd(BaseException):
        pass

    def objective(config, trial):
        if trial.number < 2:
            raise (Mute, Odd)[trial.number]
        return config["x"]

    result = run(objective, n_trials=3, executor=executor)
    kinds = [trial.failure.kind for trial in result.trials[:2]]
    assert kinds == ["Mute", "Odd"]
    assert result.trials[2].state is State.COMPLETE


def test_values_of_different_names_are_not_mixed():
    def objective(config):
        yield {"loss": 1.0}
        yield {"acc": 2.0}

    result = run(objective, n_trials=1)
    assert "a mapping with 'acc', and 'loss' before" in result.trials[0].failure.message
