"""The executor that evaluates in worker processes: it survives their crashes and can kill them."""

from __future__ import annotations

import contextlib
import os
import pickle
import selectors
import sys
import time
from collections import deque

from unitune.errors import ObjectiveError, OptionError
from unitune.executors.launch import LaunchedWorker, write_payload
from unitune.executors.messages import (
    UNPICKLABLE,
    Broken,
    Closed,
    Done,
    Message,
    Ready,
    Reported,
    as_finished,
    discard_message,
    failed,
    job_message,
)
from unitune.job import Finished, Job, OnReport
from unitune.objective import Evaluator
from unitune.trial import Failure, Report

# A closed channel tells of a death at once, unless a child of the worker still holds it open:
# so it is also asked, at least this often (seconds), whether each worker lives.
_GLANCE = 0.5
# Workers that may die in a row before they are up; a single one may have been killed by chance.
_FALSE_STARTS = 3
# Seconds in which paused generators that are let go of may come to their end.
_GRACE = 5.0


class ProcessExecutor:
    """Evaluates jobs side by side in long-lived worker processes (Linux and macOS).

    The objective is sent once to each worker, with all that it refers to; it may be a lambda, a
    closure, or defined in a notebook, and the user's script is not run again. Workers start with
    the first jobs. One that dies fails its trial only, and another takes its place. `close` kills
    them all, and if this process is killed, they end too.

    Args:
        evaluate: evaluates one job.
        on_report: takes the reports of running trials, in `next`.
        workers: how many evaluate side by side.
        trial_timeout: seconds after which a trial is killed, whatever it does; the time for which
            its reports waited to be answered is not counted.
        trial_memory: bytes that a trial may allocate beyond what its worker holds when it
            begins; what then fails raises MemoryError, if the code that allocates is good
            (Linux). A process that the trial starts has a limit of its own, the same one. A
            worker in which trials have left behind more than that is replaced.

    Raises:
        OptionError: the objective cannot be pickled, a number makes no sense, or the platform
            cannot do what is asked.
        ExecutorError: there is no space for the objective; `submit` and `next` raise it where
            no further process can be started.
    """

    def __init__(
        self,
        evaluate: Evaluator,
        on_report: OnReport,
        *,
        workers: int,
        trial_timeout: float | None = None,
        trial_memory: int | None = None,
    ) -> None:
        _check(workers, trial_timeout, trial_memory)
        self._on_report = on_report
        self._size = workers
        self._timeout = trial_timeout
        self._payload = write_payload(evaluate, trial_memory)
        self._selector = selectors.DefaultSelector()
        self._workers: list[LaunchedWorker] = []
        self._waiting: deque[Job] = deque()
        self._finished: deque[Finished] = deque()
        self._deadlines: dict[LaunchedWorker, float] = {}
        self._homes: dict[int, LaunchedWorker] = {}  # where paused generators wait
        self._discards: dict[LaunchedWorker, list[int]] = {}
        self._false_starts = 0
        self._glanced = 0.0

    @property
    def busy(self) -> bool:
        running = any(worker.job is not None for worker in self._workers)
        return bool(running or self._waiting or self._finished)

    def submit(self, job: Job) -> None:
        self._waiting.append(job)
        self._hand_out()

    def next(self) -> Finished:
        if not self.busy:
            raise LookupError("No job was submitted that has not been returned yet.")
        while not self._finished:
            for key, _ in self._selector.select(self._patience()):
                self._listen(key.data)
            self._look_round()
            self._hand_out()
        return self._finished.popleft()

    def discard(self, number: int) -> None:
        home = self._homes.pop(number, None)
        if home is not None:
            self._discards.setdefault(home, []).append(number)
            self._hand_out()

    def close(self) -> None:
        self._await_discards()
        for worker in self._workers:
            worker.kill()
        for worker in self._workers:
            worker.bury()
        self._workers.clear()
        self._deadlines.clear()
        self._homes.clear()
        self._discards.clear()
        self._waiting.clear()
        self._finished.clear()
        self._selector.close()
        self._payload.close()

    def _hand_out(self) -> None:
        """Give waiting jobs to idle workers, and start workers while there may be more."""
        for worker in [w for w in self._discards if w.idle]:
            self._close_discards(worker)
        for job in list(self._waiting):
            home = self._homes.get(job.number)
            idle = home or next((w for w in self._workers if w.idle), None)
            if home is None and idle is None and len(self._workers) == self._size:
                return
            if home is not None and not home.idle:
                continue  # where its generator waits another trial runs
            self._waiting.remove(job)
            self._homes.pop(job.number, None)
            try:
                message = job_message(job)
            except Exception as error:  # noqa: BLE001 - the user's classes run here
                words = f"{type(error).__name__}: {error}"
                text = f"the config cannot be sent to a worker process: {words}"
                self._fail(job, job.reports, Failure(UNPICKLABLE, text), 0.0)
                continue
            self._give(idle or self._start(), job, message)

    def _close_discards(self, worker: LaunchedWorker) -> None:
        message = discard_message(tuple(self._discards.pop(worker)))
        with contextlib.suppress(OSError):  # it is dead, as is seen when it is read from
            worker.channel.send(message)
            worker.closing = True

    def _await_discards(self) -> None:
        """Let generators that are not gone on with come to their `finally`."""
        end = time.monotonic() + _GRACE
        for number in list(self._homes):
            self.discard(number)
        for worker in [w for w in self._discards if w.idle]:
            self._close_discards(worker)
        while any(worker.closing for worker in self._workers) and time.monotonic() < end:
            for key, _ in self._selector.select(_GLANCE):
                self._listen(key.data)

    def _start(self) -> LaunchedWorker:
        worker = LaunchedWorker(self._payload, threads=max(1, (os.cpu_count() or 1) // self._size))
        self._workers.append(worker)
        self._selector.register(worker.channel, selectors.EVENT_READ, worker)
        return worker

    def _give(self, worker: LaunchedWorker, job: Job, message: bytes) -> None:
        try:
            worker.give(job, message)
        except OSError:  # it died since
            worker.job = job
            self._bury(worker, begun=False)
            return
        if worker.ready:
            self._set_deadline(worker)

    def _set_deadline(self, worker: LaunchedWorker) -> None:
        if self._timeout is not None:
            self._deadlines[worker] = time.monotonic() + self._timeout

    def _listen(self, worker: LaunchedWorker) -> bool:
        """Handle what a worker sent, and return whether there may be more."""
        try:
            messages = worker.channel.read()
        except EOFError:
            worker.await_exit(1.0)
            self._bury(worker, begun=worker.ready)
            return False
        for message in messages or ():
            self._handle(worker, pickle.loads(message))  # noqa: S301 - from a process of our own
        return messages is not None and worker in self._workers

    def _handle(self, worker: LaunchedWorker, message: Message) -> None:
        match message:
            case Reported():
                self._answer(worker, message)
            case Done():
                self._settle(worker, message)
            case Closed():
                worker.closing = False
            case Ready():
                worker.ready, worker.begun = True, time.monotonic()
                self._false_starts = 0
                self._set_deadline(worker)
            case Broken(words):
                raise ObjectiveError(
                    f"A worker process could not load the objective ({words}). Workers are fresh "
                    f"interpreters that import what it refers to: what is there must not depend "
                    f"on this process."
                )

    def _answer(self, worker: LaunchedWorker, message: Reported) -> None:
        if worker.job is None:
            return
        worker.reports.append(Report(message.step, message.value))
        verdict = self._on_report(worker.job.number, message.step, message.value)
        if worker in self._deadlines:
            # Both sides read the clock of the system.
            self._deadlines[worker] += max(0.0, time.monotonic() - message.sent)
        try:
            worker.channel.send(verdict.value.encode())
        except OSError:
            return  # it is dead, as is seen when it is read from

    def _settle(self, worker: LaunchedWorker, done: Done) -> None:
        self._deadlines.pop(worker, None)
        job, reports = worker.take()
        if done.spent:
            self._bury(worker, begun=False)
        if done.kept and worker in self._workers:
            self._homes[job.number] = worker
        self._finished.append(as_finished(done, job, reports, "worker process"))

    def _fail(
        self, job: Job, reports: tuple[Report, ...], failure: Failure, seconds: float
    ) -> None:
        self._finished.append(failed(job, reports, failure, seconds))

    def _patience(self) -> float:
        now = time.monotonic()
        soonest = min(self._deadlines.values(), default=now + _GLANCE)
        return max(0.0, min(soonest - now, _GLANCE))

    def _look_round(self) -> None:
        """Kill what is over time, and find the workers that died without a sign."""
        now = time.monotonic()
        for worker, deadline in list(self._deadlines.items()):
            if now >= deadline and not worker.channel.partial:
                self._time_out(worker)
        if now - self._glanced < _GLANCE:
            return
        self._glanced = now
        for worker in [w for w in self._workers if w.exited]:
            while self._listen(worker):  # what it sent before counts
                pass
            if worker in self._workers:
                self._bury(worker, begun=worker.ready)

    def _time_out(self, worker: LaunchedWorker) -> None:
        while self._listen(worker):  # it may have come to its end in this moment
            pass
        if worker not in self._deadlines or time.monotonic() < self._deadlines[worker]:
            return
        seconds = time.monotonic() - worker.begun
        job, reports = worker.take()
        self._bury(worker, begun=False)
        text = f"the trial was killed after {self._timeout:g} seconds (trial_timeout)"
        self._fail(job, reports, Failure("TrialTimeout", text), seconds)

    def _bury(self, worker: LaunchedWorker, *, begun: bool) -> None:
        """Remove a worker; its job, if it has one, failed if it was begun, else it waits again."""
        self._workers.remove(worker)
        self._deadlines.pop(worker, None)
        self._discards.pop(worker, None)
        for number in [n for n, home in self._homes.items() if home is worker]:
            del self._homes[number]  # it is computed again, or loads its checkpoint
        self._selector.unregister(worker.channel)
        seconds = time.monotonic() - worker.begun
        how = worker.bury()
        if worker.job is None:
            return
        job, reports = worker.take()
        if begun:
            text = f"the worker process {how} while it evaluated this trial"
            self._fail(job, reports, Failure("WorkerDied", text), seconds)
            return
        self._waiting.appendleft(job)
        self._false_starts += not worker.ready
        if self._false_starts == _FALSE_STARTS:
            raise ObjectiveError(
                f"{_FALSE_STARTS} worker processes in a row did not come up: the last one {how}. "
                f"Workers load the objective with all that it refers to; see what that does when "
                f"it is imported, and whether there is memory for {self._size} of them."
            )


def _check(workers: int, trial_timeout: float | None, trial_memory: int | None) -> None:
    if os.name != "posix":
        raise OptionError(
            f"Worker processes are started by means that {sys.platform} lacks; evaluate in this "
            f"process, with workers=1, or on Linux or macOS."
        )
    if workers < 1:
        raise OptionError(f"workers={workers!r}; give a whole number from 1 on.")
    if trial_timeout is not None and not trial_timeout > 0:
        raise OptionError(f"trial_timeout={trial_timeout!r}; give seconds, more than 0.")
    if trial_memory is not None and not trial_memory > 0:
        raise OptionError(f"trial_memory={trial_memory!r}; give bytes, more than 0.")
    if trial_memory is not None and sys.platform != "linux":
        raise OptionError(
            f"trial_memory={trial_memory}: {sys.platform} does not keep to such a limit; leave it "
            f"out, or run on Linux."
        )
