"""The suite for an executor."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest

from unitune.capabilities import ExecutorSpec
from unitune.errors import OptionError
from unitune.execution import Execution
from unitune.executors import Executor
from unitune.job import Job, OnReport
from unitune.objective import Evaluator
from unitune.plugins import find_backend, find_executor, missing
from unitune.testing import objectives
from unitune.testing.jobs import alive, by_number, evaluated, go_on, jobs, verdict_at
from unitune.testing.spaces import EVERY_KIND
from unitune.testing.suite import Suite, remembered, require
from unitune.testing.watching import watching
from unitune.trial import State, Verdict

JOBS = 12
Start = Callable[..., Executor]


class ExecutorSuite(Suite):
    """Checks that an executor keeps its contract.

    Attributes:
        executor: its name; or override `make`, for one that is not installed as a plugin.
        options: those it is made with.
        workers: how many trials it is to run side by side, where it takes that.
        apart: whether trials run in other processes, which may die or be killed; None if it
            takes a limit on their time.
        known: expected failures, by check.
        seed: fixes what checks draw; None draws one for each run and prints it on a failure.

    Example:
        >>> from unitune.testing import ExecutorSuite
        >>> class TestMine(ExecutorSuite):
        ...     executor = "process"
        ...     workers = 3
    """

    executor: ClassVar[str] = ""
    options: ClassVar[Mapping[str, Any]] = {}
    workers: ClassVar[int] = 2
    apart: ClassVar[bool | None] = None

    @classmethod
    def spec(cls) -> ExecutorSpec | None:
        """Return the executor's record, None where it has none."""
        return find_executor(cls.executor) if cls.executor else None

    def make(self, evaluate: Evaluator, on_report: OnReport, **limits: Any) -> Executor:
        """Make the executor, with trial_timeout= among the limits in one of the checks."""
        if not self.executor:
            raise OptionError(f"{type(self).__name__} names no executor: set executor = its name.")
        workers = self.workers if "workers" in self._takes() else 1
        settings = {"workers": workers, "options": dict(self.options), **limits}
        chosen = Execution(self.executor, **settings).chosen(find_backend("builtin"))
        return chosen.factory(evaluate)(on_report)

    @pytest.fixture
    def start(self) -> Iterator[Start]:
        """Make executors, one after the other: each is closed before the next, or in the end."""
        spec = self.spec()
        lack = None if spec is None else missing(spec)
        if lack is not None:
            pytest.fail(f"Nothing can be checked. {lack}", pytrace=False)
        with contextlib.ExitStack() as stack:

            def start(objective: Any, on_report: OnReport = go_on, **limits: Any) -> Executor:
                stack.close()  # there may be room for one only
                executor = self.make(Evaluator(objective, "loss"), on_report, **limits)
                stack.callback(executor.close)
                return executor

            yield start

    @remembered
    def test_every_job(self, start: Start) -> None:
        """Every job comes back once, with its own value."""
        executor = start(objectives.double)
        given = jobs(range(JOBS))
        found = evaluated(executor, given)
        numbers = sorted(finished.job.number for finished in found)
        require(numbers == list(range(JOBS)), f"of {JOBS} jobs these came back: {numbers}")
        wrong = [f for f in found if f.outcome.value != 2.0 * f.job.number]
        require(not wrong, f"jobs have the values of others: {wrong[:2]}")
        require([f.job for f in by_number(found)] == given, "jobs come back as other ones")

    def test_seconds(self, start: Start) -> None:
        """Every job is said to take as long as it did."""
        executor, begun = start(objectives.nap), time.monotonic()
        [finished] = evaluated(executor, jobs([1]))
        most = time.monotonic() - begun
        require(
            0.9 * objectives.NAP <= finished.seconds <= most,
            f"of a job that took {objectives.NAP} to {most:.3g} s it says {finished.seconds} s",
        )

    def test_busy(self, start: Start) -> None:
        """It is busy from the first job that is submitted to the last that is returned."""
        executor = start(objectives.double)
        states = [executor.busy]
        for job in jobs(range(2)):
            executor.submit(job)
        states.append(executor.busy)
        executor.next()
        states.append(executor.busy)
        executor.next()
        states.append(executor.busy)
        require(states == [False, True, True, False], f"busy goes through {states}")
        with pytest.raises(LookupError):
            executor.next()

    def test_order(self, start: Start) -> None:
        """One that runs a job at a time runs them in their order."""
        if "workers" in self._takes():
            pytest.skip("it runs several side by side")
        found = evaluated(start(objectives.double), jobs(range(JOBS)))
        numbers = [finished.job.number for finished in found]
        require(numbers == sorted(numbers), f"jobs are run in the order {numbers}")

    def test_side_by_side(self, start: Start, tmp_path: Path) -> None:
        """As many trials run at the same time as it has workers, and no more."""
        if "workers" not in self._takes():
            pytest.skip("it runs one trial at a time")
        given = {"place": str(tmp_path), "several": self.workers}
        meeting = [Job(n, {"x": n, **given}, seed=n) for n in range(self.workers + 1)]
        most = max(f.outcome.value or 0 for f in evaluated(start(objectives.meeting), meeting))
        require(most == self.workers, f"of trials with {self.workers} workers {most} met")

    def test_config(self, start: Start) -> None:
        """Configs, numbers and seeds arrive as they were sent, and stay as they were."""
        config = EVERY_KIND.sample(3)
        kept, job = dict(config), Job(5, config, seed=1234567890)
        [finished] = evaluated(start(objectives.shown), [job])
        metrics = finished.outcome.metrics
        due = {"number": 5, "seed": 1234567890}
        found = {name: metrics.get(name) for name in due}
        require(found == due, f"the trial was given {found}, not {due}")
        plain = [(name, repr(v)) for name, v in kept.items() if not callable(v)]
        lost = [name for name, words in plain if words not in str(metrics.get("config"))]
        require(not lost, f"the config arrives otherwise: {lost} in {metrics.get('config')}")
        require(job.config == kept, "the config of a job is changed")

    def test_reports(self, start: Start) -> None:
        """Reports arrive in their order, on the driver's own thread."""
        heard: list[tuple[int, int, float]] = []
        threads = set()

        def listen(number: int, step: int, value: float) -> Verdict:
            heard.append((number, step, value))
            threads.add(threading.get_ident())
            return Verdict.CONTINUE

        found = evaluated(start(objectives.curve, listen), jobs(range(3)))
        for finished in found:
            number = finished.job.number
            due = [(number, step, float(number - step)) for step in range(1, 6)]
            own = [report for report in heard if report[0] == number]
            require(own == due, f"of trial {number} these reports arrived: {own}")
            kept = [(number, report.step, report.value) for report in finished.outcome.reports]
            require(kept == due, f"trial {number} comes back with the reports {kept}")
        require(threads == {threading.get_ident()}, "reports arrive on another thread")

    def test_stop(self, start: Start) -> None:
        """A trial that is stopped ends there, with its last value."""
        self.needs("test_reports", start)
        found = evaluated(start(objectives.curve, verdict_at(3, Verdict.STOP)), jobs(range(3)))
        for finished in found:
            steps = [report.step for report in finished.outcome.reports]
            require(
                finished.outcome.state is State.PRUNED and not finished.paused,
                f"a trial that was stopped is {finished.outcome.state.value}",
            )
            require(steps == [1, 2, 3], f"a trial that was stopped at step 3 reported {steps}")
            require(
                finished.outcome.value == finished.job.number - 3.0,
                f"a trial that was stopped has the value {finished.outcome.value}",
            )

    @remembered
    def test_pause(self, start: Start) -> None:
        """A trial that pauses goes on, and reports every step once."""
        self.needs("test_reports", start)
        executor = start(objectives.curve, verdict_at(2, Verdict.PAUSE, once=True))
        first = evaluated(executor, jobs(range(3)))
        paused = [f for f in first if f.paused and [r.step for r in f.outcome.reports] == [1, 2]]
        require(len(paused) == 3, f"trials do not pause at step 2: {first}")
        again = [Job(f.job.number, f.job.config, seed=f.job.seed, reports=f.outcome.reports)
                 for f in paused]  # fmt: skip
        executor.discard(again.pop().number)
        executor.discard(99)  # nobody's
        for finished in evaluated(executor, again):
            steps = [report.step for report in finished.outcome.reports]
            require(
                finished.outcome.state is State.COMPLETE and steps == [1, 2, 3, 4, 5],
                f"a trial that went on is {finished.outcome.state.value} with the steps {steps}",
            )

    def test_discard(self, start: Start, tmp_path: Path) -> None:
        """The generator of a paused trial that is not gone on with is closed."""
        self.needs("test_pause", start)
        executor = start(objectives.closing, verdict_at(1, Verdict.PAUSE))
        mark = tmp_path / "closed"
        [finished] = evaluated(executor, jobs([str(mark)]))
        executor.discard(finished.job.number)
        end = time.monotonic() + objectives.LONG
        while not mark.exists():
            require(time.monotonic() < end, "a trial that is not gone on with waits for ever")
            time.sleep(0.02)

    @remembered
    def test_failures(self, start: Start) -> None:
        """Exceptions, refusals, exits and values that are none end their own trial only."""
        kinds = ["raises", "fine", "refuses", "exits", "nan", "text", "fine"]
        found = by_number(evaluated(start(objectives.troubled), jobs(kinds)))
        states = dict.fromkeys(kinds, State.FAILED)
        states |= {"fine": State.COMPLETE, "refuses": State.INFEASIBLE}
        wrong = {
            f.job.config["x"]: f.outcome.state.value
            for f in found
            if f.outcome.state is not states[f.job.config["x"]]
        }
        require(not wrong, f"trials end otherwise than they should: {wrong}")
        failure = found[0].outcome.failure
        require(
            failure is not None and failure.kind == "KeyError" and "no such" in failure.traceback,
            f"of an exception this is kept: {failure}",
        )
        bare = [f.job.config["x"] for f in found if (g := f.outcome.failure) and not g.message]
        require(not bare, f"nothing is said of why these trials end: {bare}")
        failure = found[3].outcome.failure
        require(
            failure is not None and failure.kind == "SystemExit" and "raise" in failure.traceback,
            f"of a SystemExit this is kept: {failure}",
        )

    def test_closures(self, start: Start) -> None:
        """Objectives may be lambdas and closures."""
        shift = 7
        found = evaluated(start(lambda config: config["x"] + shift), jobs(range(2)))
        values = [finished.outcome.value for finished in by_number(found)]
        require(values == [7.0, 8.0], f"a closure comes to {values}")

    def test_pickling(self, start: Start) -> None:
        """What cannot be sent to another process fails with a sentence, and alone."""
        if not self._apart():
            pytest.skip("trials run in this process")
        stubborn = objectives.Stubborn()
        with pytest.raises(OptionError):
            start(lambda _: stubborn)
        for objective, second in ((objectives.unsendable, 1), (objectives.one, stubborn)):
            found = by_number(evaluated(start(objective), jobs([0, second, 2])))
            states = [finished.outcome.state for finished in found]
            due = [State.COMPLETE, State.FAILED, State.COMPLETE]
            require(states == due, f"trials end as {[state.value for state in states]}")

    def test_crash(self, start: Start) -> None:
        """A worker that dies fails its own trial only, and another takes its place."""
        if not self._apart():
            pytest.skip("trials run in this process")
        found = by_number(evaluated(start(objectives.deadly), jobs([1, 0, 1, 0, 0])))
        kinds = [f.outcome.failure.kind if f.outcome.failure else None for f in found]
        require(
            kinds == ["WorkerDied", None, "WorkerDied", None, None],
            f"with two workers that die, trials fail of {kinds}",
        )

    def test_trial_timeout(self, start: Start) -> None:
        """A trial over its time is killed and fails alone; one without limits refuses them."""
        if not self.executor:
            pytest.skip("it has no record")
        if "trial_timeout" not in self._takes():
            with pytest.raises(OptionError, match="trial_timeout"):
                start(objectives.endless, trial_timeout=3.0)
            return
        executor = start(objectives.endless, trial_timeout=3.0)
        found = by_number(evaluated(executor, jobs([0, 1, 0])))
        kinds = [f.outcome.failure.kind if f.outcome.failure else None for f in found]
        require(kinds == [None, "TrialTimeout", None], f"trials fail of {kinds}")

    def test_trial_memory(self, start: Start) -> None:
        """A trial that takes too much memory fails alone; one without limits refuses them."""
        if not self.executor:
            pytest.skip("it has no record")
        limit = objectives.HUGE // 4
        if "trial_memory" not in self._takes():
            with pytest.raises(OptionError, match="trial_memory"):
                start(objectives.hungry, trial_memory=limit)
            return
        if sys.platform != "linux":
            pytest.skip("only Linux keeps to such a limit")
        found = by_number(evaluated(start(objectives.hungry, trial_memory=limit), jobs([0, 1, 0])))
        states = [finished.outcome.state.value for finished in found]
        require(states == ["complete", "failed", "complete"], f"trials end as {states}")

    def test_close(self, start: Start) -> None:
        """It can be closed twice, and while trials run; its processes are gone then."""
        executor = start(objectives.process)
        found = evaluated(executor, jobs(range(4)))
        pids = {int(finished.outcome.value or 0) for finished in found}
        require(
            (os.getpid() in pids) is not self._apart(),
            f"trials run in {'this' if self._apart() else 'another'} process",
        )
        executor.submit(Job(9, {"x": 0}, seed=0))
        executor.close()
        executor.close()
        end = time.monotonic() + objectives.LONG
        while any(alive(pid) for pid in pids - {os.getpid()}):
            require(time.monotonic() < end, f"of the processes {pids} some still run")
            time.sleep(0.02)

    def test_traces(
        self,
        start: Start,
        tmp_path: Path,
        capfd: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """No random number is used up, no file left, no variable changed, nothing said."""
        with watching(tmp_path, capfd, monkeypatch) as traces:
            executor = start(objectives.double)
            evaluated(executor, jobs(range(3)))
            executor.close()
        require(not traces.left(), f"it leaves behind: {traces.left()}")

    def _takes(self) -> Iterable[str]:
        spec = self.spec()
        return ("workers",) * (self.workers > 1) if spec is None else spec.takes

    def _apart(self) -> bool:
        return "trial_timeout" in self._takes() if self.apart is None else self.apart
