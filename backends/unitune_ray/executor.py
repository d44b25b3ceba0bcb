"""The executor that evaluates in long-lived Ray actors, on this machine or a cluster."""

from __future__ import annotations

import contextlib
import io
import math
import os
import time
import warnings
from collections import deque
from collections.abc import Mapping

from ray.exceptions import RayError

from unitune.errors import BackendError, ObjectiveError, OptionError, UnituneWarning
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
from unitune.executors.nested import dump_objective
from unitune.job import Finished, Job, OnReport
from unitune.objective import Evaluator
from unitune.trial import Failure, Report
from unitune_ray.cluster import connected, undisturbed
from unitune_ray.crew import ActorWorker, Crew, room_for
from unitune_ray.resources import describe, read_request

# After so many idle seconds a worker is asked whether it still lives, before it is given a job: a
# job given to a dead one would count as an attempt.
_LONG_IDLE = 1.0
# The executor looks round at least this often (seconds).
_GLANCE = 1.0
# Seconds for which a cluster may be without any node that could run a trial.
_PATIENCE = 60.0
# Seconds in which paused generators that are let go of may come to their end.
_GRACE = 5.0


class RayExecutor:
    """Evaluates jobs side by side in long-lived Ray actors.

    The objective is sent once to each node, with all that it refers to; it may be a lambda, a
    closure, or defined in a notebook. The actors start when the executor is made, and take part
    once they are up. One that dies, alone or with its node, fails its trial only, and another
    takes its place wherever there is room. A Ray that was started here is shut down by `close`;
    one that this process was connected to before is used as it is, and left running.

    Args:
        evaluate: evaluates one job.
        on_report: takes the reports of running trials, in `next`.
        workers: how many evaluate side by side.
        trial_timeout: seconds after which a trial is killed, whatever it does; the time for which
            its reports waited to be answered is not counted.
        address: of the cluster: "auto", "host:port", or "ray://host:port" for a Ray client; None
            starts a Ray on this machine, unless this process is connected to one.
        resources: what each trial needs: {"cpu": 1, "gpu": 0.5}, memory in bytes, and what the
            cluster has of its own; by default one CPU.

    Raises:
        OptionError: the objective cannot be pickled, a number makes no sense, no node has what
            a trial needs, or the address is not that of the Ray this process is connected to.
        BackendError: Ray cannot be reached.
    """

    def __init__(
        self,
        evaluate: Evaluator,
        on_report: OnReport,
        *,
        workers: int,
        trial_timeout: float | None = None,
        address: str | None = None,
        resources: Mapping[str, float] | None = None,
    ) -> None:
        _check(workers, trial_timeout, address)
        self._request = read_request(resources)
        self._on_report = on_report
        self._size = workers
        self._timeout = trial_timeout
        self._idle: deque[ActorWorker] = deque()
        self._waiting: deque[Job] = deque()
        self._finished: deque[Finished] = deque()
        self._homes: dict[int, ActorWorker] = {}  # where paused generators wait
        self._discards: dict[ActorWorker, list[int]] = {}
        self._running = 0
        self._false_starts = 0
        payload = _pickled(evaluate)
        with contextlib.ExitStack() as stack:
            stack.enter_context(undisturbed({}))
            stack.enter_context(connected(_cpus(self._request, workers), address))
            _check_room(self._request, workers)
            self._crew = Crew(payload, self._request)
            stack.callback(self._crew.close)
            for _ in range(workers):
                self._crew.start()
            self._held = stack.pop_all()
        self._had_room = time.monotonic()

    @property
    def busy(self) -> bool:
        return bool(self._running or self._waiting or self._finished)

    def submit(self, job: Job) -> None:
        self._waiting.append(job)
        self._hand_out()

    def next(self) -> Finished:
        if not self.busy:
            raise LookupError("No job was submitted that has not been returned yet.")
        while not self._finished:
            away = time.monotonic() - self._crew.heard
            for worker, message in self._crew.listen(self._pause()):
                self._handle(worker, message, away)
            self._look_round()
            self._hand_out()
        return self._finished.popleft()

    def discard(self, number: int) -> None:
        home = self._homes.pop(number, None)
        if home is not None:
            self._discards.setdefault(home, []).append(number)
            self._close_discards()

    def close(self) -> None:
        self._await_discards()
        self._homes.clear()
        self._discards.clear()
        self._waiting.clear()
        self._finished.clear()
        self._idle.clear()
        self._running = 0
        self._held.close()

    def _hand_out(self) -> None:
        """Give waiting jobs to idle workers."""
        self._close_discards()
        for job in list(self._waiting):
            home = self._homes.get(job.number)
            if home is not None and home not in self._idle:
                continue  # where its generator waits another trial runs
            worker = home or self._rested()
            if worker is None:
                return
            if home is not None:
                self._idle.remove(home)
                del self._homes[job.number]
            self._waiting.remove(job)
            self._give(worker, job)

    def _rested(self) -> ActorWorker | None:
        """Take an idle worker that is known to live; ask the others whether they do."""
        while self._idle:
            worker = self._idle.popleft()
            if time.monotonic() - worker.since <= _LONG_IDLE:
                return worker
            self._crew.look_for(worker)
        return None

    def _close_discards(self) -> None:
        """Have idle workers close the paused trials that are not gone on with."""
        for worker in [w for w in self._discards if w in self._idle]:
            self._idle.remove(worker)
            worker.closing = True
            self._crew.ask(worker, discard_message(tuple(self._discards.pop(worker))))

    def _await_discards(self) -> None:
        """Let generators that are not gone on with come to their `finally`."""
        end = time.monotonic() + _GRACE
        for number in list(self._homes):
            self.discard(number)
        while any(w.closing for w in self._crew.workers) and time.monotonic() < end:
            for worker, message in self._crew.listen(_GLANCE):
                if isinstance(message, Closed | RayError):
                    worker.closing = False

    def _give(self, worker: ActorWorker, job: Job) -> None:
        self._running += 1
        try:
            message = job_message(job)
        except Exception as error:  # noqa: BLE001 - the user's classes run here
            text = f"the config cannot be sent to a Ray actor: {type(error).__name__}: {error}"
            self._fail(job, job.reports, Failure(UNPICKLABLE, text), 0.0)
            self._idle.appendleft(worker)
            return
        worker.job, worker.reports = job, list(job.reports)
        worker.since = time.monotonic()
        worker.deadline = worker.since + (self._timeout or math.inf)
        self._crew.ask(worker, message)

    def _pause(self) -> float:
        if self._timeout is None:
            return _GLANCE
        soonest = min(worker.deadline for worker in self._crew.workers)
        return max(0.0, min(soonest - time.monotonic(), _GLANCE))

    def _handle(self, worker: ActorWorker, message: Message | RayError, away: float) -> None:
        match message:
            case Reported():
                self._answer(worker, message, away)
            case Done():
                self._settle(worker, message)
            case Closed():
                worker.closing = False
                self._rest(worker)
            case Ready():
                worker.up = True
                self._false_starts = 0
                self._rest(worker)
            case Broken(words):
                raise ObjectiveError(
                    f"A Ray actor could not load the objective ({words}). Actors import what it "
                    f"refers to: the same packages must be installed on every node."
                )
            case error:
                self._lose(worker, error)

    def _answer(self, worker: ActorWorker, message: Reported, away: float) -> None:
        if worker.job is None:
            raise RuntimeError("A Ray actor without a job sent a report.")
        worker.reports.append(Report(message.step, message.value))
        verdict = self._on_report(worker.job.number, message.step, message.value)
        # How long the report lay here before is not known, since nodes have clocks of their own;
        # no longer than the driver was away.
        worker.deadline += away + time.monotonic() - self._crew.heard
        self._crew.ask(worker, verdict.value.encode())

    def _rest(self, worker: ActorWorker) -> None:
        worker.since, worker.deadline = time.monotonic(), math.inf
        self._idle.append(worker)

    def _settle(self, worker: ActorWorker, done: Done) -> None:
        job, reports = worker.take()
        self._rest(worker)
        if done.kept:
            self._homes[job.number] = worker
        self._finish(as_finished(done, job, reports, "Ray actor"))

    def _fail(
        self, job: Job, reports: tuple[Report, ...], failure: Failure, seconds: float
    ) -> None:
        self._finish(failed(job, reports, failure, seconds))

    def _finish(self, finished: Finished) -> None:
        self._running -= 1
        self._finished.append(finished)

    def _lose(self, worker: ActorWorker, error: RayError) -> None:
        """Replace a worker that died; its job, if it has one, failed."""
        self._forget(worker)
        if worker.job is not None:
            job, reports = worker.take()
            text = f"the Ray actor died while it evaluated this trial: {_words(error)}"
            self._fail(job, reports, Failure("WorkerDied", text), time.monotonic() - worker.since)
        elif not worker.up:
            self._false_starts += 1
            # Each may have been on a node that died; one more cannot have been.
            if _cannot_start(error) or self._false_starts > self._size + 2:
                raise BackendError(
                    f"Ray starts no actor ({_words(error)}). On every node of the cluster the "
                    f"same Python, Ray and unitune must be installed, and there must be memory."
                )
        self._crew.start()

    def _forget(self, worker: ActorWorker) -> None:
        self._crew.dismiss(worker)
        self._discards.pop(worker, None)
        for number in [n for n, home in self._homes.items() if home is worker]:
            del self._homes[number]  # it is computed again, or loads its checkpoint

    def _look_round(self) -> None:
        """Kill what is over time, and give up a cluster that has no room any more."""
        now = time.monotonic()
        if self._timeout is not None:
            for worker in [w for w in self._crew.workers if w.deadline <= now]:
                self._time_out(worker)
        if any(worker.up for worker in self._crew.workers) or now < self._had_room + _GLANCE:
            return
        if room_for(self._request):
            self._had_room = now
        elif now > self._had_room + _PATIENCE:
            raise BackendError(
                f"For {_PATIENCE:g} seconds no living node of the Ray cluster has had "
                f"{describe(self._request)}, which each trial needs; the run cannot go on."
            )

    def _time_out(self, worker: ActorWorker) -> None:
        if self._crew.speaks(worker):
            return  # it came to its end, or reported, in this moment
        seconds = time.monotonic() - worker.since
        self._forget(worker)
        job, reports = worker.take()
        text = f"the trial was killed after {self._timeout:g} seconds (trial_timeout)"
        self._fail(job, reports, Failure("TrialTimeout", text), seconds)
        self._crew.start()


def _pickled(evaluate: Evaluator) -> bytes:
    file = io.BytesIO()
    try:
        dump_objective(evaluate, file)
    except Exception as error:
        raise OptionError(
            f"The objective cannot be sent to Ray's workers ({type(error).__name__}: {error}). It "
            f"is sent with all that it refers to: make locks, open files, connections and the "
            f"like inside it."
        ) from error
    return file.getvalue()


def _cpus(request: Mapping[str, float], workers: int) -> int:
    """Return how many CPUs a Ray of our own should count.

    It counts only, so there may be more workers than CPUs; but not larger ones than the machine.
    """
    wanted = math.ceil(workers * request["CPU"])
    return max(1, min(wanted, max(workers, os.cpu_count() or 1)))


def _check_room(request: Mapping[str, float], workers: int) -> None:
    room = room_for(request)
    if not room:
        raise OptionError(
            f"resources: each trial needs {describe(request)}, and no node of this Ray has that; "
            f"ask for less, or name the address= of a cluster that has it."
        )
    if room < workers:
        warnings.warn(
            f"The Ray cluster has room for {room} trials at once that need {describe(request)} "
            f"each, not for workers={workers}; the others start when there is more.",
            UnituneWarning,
            stacklevel=3,
        )


def _cannot_start(error: RayError) -> bool:
    # Its constructor runs nothing of the user's: what raises there would raise again.
    return "creation task" in str(error)


def _words(error: RayError) -> str:
    return next(filter(None, map(str.strip, str(error).splitlines())), type(error).__name__)


def _check(workers: int, trial_timeout: float | None, address: str | None) -> None:
    if workers < 1:
        raise OptionError(f"workers={workers!r}; give a whole number from 1 on.")
    if trial_timeout is not None and not trial_timeout > 0:
        raise OptionError(f"trial_timeout={trial_timeout!r}; give seconds, more than 0.")
    if address is not None and not (isinstance(address, str) and address):
        raise OptionError(
            f"address={address!r}; give 'auto', 'host:port' or 'ray://host:port', or None for a "
            f"Ray on this machine."
        )
