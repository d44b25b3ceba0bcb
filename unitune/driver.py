"""The loop: ask, evaluate, tell, record. The only place that calls a study."""

from __future__ import annotations

import contextlib
import dataclasses
import heapq
import time
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from time import perf_counter

from unitune.backend import Answer
from unitune.checkpoint import remove
from unitune.chronicle import Chronicle
from unitune.errors import BackendError, UnituneError, UnituneWarning
from unitune.executors import Executor
from unitune.job import Finished, Job, OnReport
from unitune.recorder import Run
from unitune.running import Running
from unitune.source import Proposed, Source
from unitune.steering import Steering
from unitune.transcript import Decision
from unitune.trial import Failure, Leg, Outcome, State, Verdict, trial_seed, up_to
from unitune.turns import Turns

# Asking ahead pays once the backend needs more than this share of the time of the evaluations.
AHEAD = 0.02
# Seconds before a trial whose worker died is tried again, doubled for each further attempt.
BACK_OFF = 0.25
LONGEST_BACK_OFF = 30.0
# Failures that are the machine's fault, not the objective's.
INFRASTRUCTURE = frozenset({"WorkerDied"})


class Driver:
    """Runs an ask-and-tell study to the end of a run's budget.

    Args:
        source: hands out configs and holds the study.
        steering: says which running trials go on.
        executor: makes the executor, given where reports go.
        run: takes the trials and says when to end.
        chronicle: takes every event before it is acted on.
        seed: the run's seed, from which each trial has its own.
        n_trials: how many trials are to reach a final state.
        workers: how many the executor evaluates side by side.
        retries: how many further attempts a failed trial has.
        order: decisions of an earlier run, to be repeated in their order.
        places: where checkpoints are kept; None for temporary places.
    """

    def __init__(
        self,
        source: Source,
        steering: Steering,
        executor: Callable[[OnReport], Executor],
        run: Run,
        chronicle: Chronicle,
        *,
        seed: int,
        n_trials: int,
        workers: int = 1,
        retries: int = 0,
        order: Iterable[Decision] = (),
        places: Path | None = None,
    ) -> None:
        self._source = source
        self._steering = steering
        self._run = run
        self._chronicle = chronicle
        self._seed = seed
        self._n_trials = n_trials
        self._workers = workers
        self._retries = retries
        self._turns = Turns(order)
        self._executor = executor(self._on_report)
        self._running: dict[int, Running] = {}
        self._again: list[tuple[float, int]] = []  # (when it is due, number) of retries, a heap
        self._early: dict[int, Finished] = {}  # finished, and not yet settled
        self._promoted: deque[int] = deque()  # released, and to be submitted
        self._places = places
        self._asked = 0
        self._submitted = 0
        self._dry = self._full = False
        self._broken: Exception | None = None  # what the library raised on a report
        self._busy_seconds = self._evaluate_seconds = 0.0

    def restore(self, running: Mapping[int, Running], asked: int) -> None:
        """Take over the trials that an earlier run asked for and did not finish."""
        self._asked = asked
        self._source.restore(
            self._run.trials, {number: trial.job.config for number, trial in running.items()}
        )
        room = 0 if self._run.over else self._n_trials - len(self._run.trials)
        for number, trial in sorted(running.items())[: max(0, room)]:
            trial.job = dataclasses.replace(trial.job, place=self._place(number))
            self._running[number] = trial
            if trial.paused is None:
                heapq.heappush(self._again, (0.0, number))

    def drive(self) -> None:
        """Run to the end; Ctrl-C ends the run and keeps what is there."""
        try:
            while not self._run.over:
                self._fill()
                if self._running:
                    self._settle(self._next())
                elif self._turns:
                    self._leave_order()
                else:
                    self._run.stop("exhausted" if self._dry else "max_resource")
            while self._running:  # begun before the run was over
                self._settle(self._next())
        except KeyboardInterrupt:
            self._run.reason = "interrupted"
        except UnituneError:
            raise
        except Exception as error:
            backend = self._source.translation
            raise BackendError(
                f"Backend {backend.backend!r} ({backend.method}) failed after "
                f"{len(self._run.trials)} trials with {type(error).__name__}: {error}. The trials "
                f"are in this error's `result`."
            ) from error
        finally:
            self._abandon()
            self._executor.close()

    def _fill(self) -> None:
        """Submit what is due, and new trials, as long as a worker would be idle."""
        while self._again and self._again[0][0] <= time.monotonic():
            self._submit(self._running[heapq.heappop(self._again)[1]])
        self._release()
        while self._promoted and self._submitted < self._workers:
            self._go_on(self._running[self._promoted.popleft()])
        while self._room() and self._may_ask():
            proposed = self._source.next(waiting=bool(self._running))
            if isinstance(proposed, Answer):
                self._dry = proposed is Answer.EXHAUSTED
                break
            self._begin(proposed)
        if self._running and not self._full and (self._dry or self._asked >= self._n_trials):
            self._close_schedule()

    def _begin(self, proposed: Proposed) -> None:
        number = self._asked
        seed = trial_seed(self._seed, number)
        self._chronicle.asked(number, proposed, seed)
        resource = self._steering.begin(number)
        place = self._place(number)
        job = Job(number, proposed.config, seed=seed, resource=resource, place=place)
        self._source.begin(number, proposed.config)
        self._asked += 1
        self._full = False  # a scheduler that was told to wait for no more begins a new round
        self._busy_seconds += proposed.suggest
        self._running[number] = Running(
            job, proposed.token, initial=proposed.initial, suggest=proposed.suggest
        )
        self._submit(self._running[number])
        self._pass()

    def _place(self, number: int) -> str | None:
        return None if self._places is None else str(self._places / str(number))

    def _close_schedule(self) -> None:
        """Tell the scheduler that no further trial will begin."""
        self._full = True
        self._chronicle.full()
        self._steering.full()
        self._release()

    def _release(self) -> None:
        """Take up paused trials whose pause is over, and end those that are not gone on with."""
        for release in self._steering.releases():
            trial = self._running.get(release.number)
            if trial is None or trial.paused is None or release.number in self._promoted:
                continue
            if release.resource is None or self._run.over:
                self._end_paused(trial)
            else:
                trial.job = dataclasses.replace(trial.job, resource=release.resource)
                self._promoted.append(release.number)
        if self._run.over:
            self._promoted.clear()
            for trial in self._running.values():
                if trial.paused is not None and trial.job.number not in self._early:
                    self._end_paused(trial)

    def _go_on(self, trial: Running) -> None:
        trial.paused = None
        self._steering.go_on(trial.job.number)
        self._submit(trial)

    def _end_paused(self, trial: Running) -> None:
        number, outcome = trial.job.number, trial.paused
        if outcome is not None:
            self._early[number] = Finished(trial.job, outcome, 0.0)
            trial.paused = None
            self._executor.discard(number)

    def _room(self) -> bool:
        if self._dry or self._run.over or self._asked >= self._n_trials:
            return False
        active = ((trial.job.resource, trial.legs) for trial in self._active())
        if not self._run.affords(active, self._steering.owed):
            return False
        # One trial more than there are workers, so that none waits for the backend to think, which
        # takes no time on a virtual clock.
        thinks = self._busy_seconds * self._workers > AHEAD * self._evaluate_seconds > 0
        virtual = getattr(self._executor, "virtual", False)
        ahead = 1 if thinks and self._workers > 1 and not virtual else 0
        return self._submitted < self._workers + ahead

    def _active(self) -> Iterator[Running]:
        """Return the trials that are being evaluated or are about to be."""
        early = self._early
        return (t for n, t in self._running.items() if t.paused is None and n not in early)

    def _may_ask(self) -> bool:
        return self._turns.may_ask(self._asked)

    def _submit(self, trial: Running) -> None:
        self._chronicle.started(trial.job.number, len(trial.failures) + 1)
        self._submitted += 1
        self._executor.submit(trial.job)

    def _next(self) -> Finished:
        """Wait for the next trial to finish; in a repetition, for the one whose turn it is."""
        while True:
            early = self._due()
            if early is not None:
                return early
            self._fill()
            if self._early and not self._turns:
                continue
            if self._submitted:
                finished = self._executor.next()
                if self._broken is not None:
                    raise self._broken
                self._submitted -= 1
                self._turns.keep(finished)
                self._catch_up()
            elif self._again:
                time.sleep(max(0.0, self._again[0][0] - time.monotonic()))
            elif self._turns and (self._early or self._turns.wants_ask):
                self._leave_order()  # of another run: nothing can come of waiting for it
            elif not self._full:
                self._close_schedule()  # nothing new can begin before a paused trial goes on
            elif self._turns:
                self._leave_order()
            else:
                self._run.stop("stalled")  # a scheduler that lets nobody go on

    def _due(self) -> Finished | None:
        if self._turns:
            number = self._turns.to_tell
            return None if number is None else self._early.pop(number, None)
        return self._early.pop(next(iter(self._early))) if self._early else None

    def _pass(self) -> None:
        """Go on to the next decision of the run that is repeated."""
        self._turns.passed()
        self._catch_up()

    def _leave_order(self) -> None:
        """Go on without the order of another run, and say so."""
        warnings.warn(
            f"From trial {len(self._run.trials)} on, the run is another one than replay= is of: it "
            f"goes its own way. A transcript repeats a run with the same seed, objective and "
            f"arguments.",
            UnituneWarning,
            stacklevel=2,
        )
        self._turns.give_up()
        self._catch_up()

    def _catch_up(self) -> None:
        """Act on what trials brought and has its turn; in a run of its own, that is everything."""
        while (one := self._turns.next()) is not None:
            if isinstance(one, Finished):
                self._take(one)
                continue
            said = self._report(one.number, one.step, one.value)
            if not one.again:
                self._turns.passed()
            if said is not one.answer and self._turns:
                self._leave_order()

    def _on_report(self, number: int, step: int, value: float) -> Verdict:
        if self._turns:
            answer = self._turns.answer(number, step, value)
            self._catch_up()
            if answer is not None:
                return answer
            self._leave_order()  # the run that is repeated has no such report
        return self._report(number, step, value)

    def _report(self, number: int, step: int, value: float) -> Verdict:
        try:
            return self._put(number, step, value)
        except Exception as error:  # noqa: BLE001 - not the objective's, in which it would surface
            self._broken = self._broken or error
            return Verdict.STOP

    def _put(self, number: int, step: int, value: float) -> Verdict:
        verdict = self._steering.report(number, self._running[number].token, step, value)
        self._chronicle.reported(number, step, value, verdict)
        return verdict

    def _take(self, finished: Finished) -> None:
        """Record what a leg consumed; a trial waits, or is tried again, or is to be settled."""
        number = finished.job.number
        trial = self._running[number]
        trial.spent += finished.seconds
        self._evaluate_seconds += finished.seconds
        if trial.start is None:
            trial.start = max(0.0, self._run.elapsed - finished.seconds)
        place = self._steering.place(number)
        leg = Leg(
            finished.start,
            finished.reached,
            how=finished.how,
            bracket=None if place is None else place.bracket,
            rung=None if place is None else place.rung,
        )
        trial.legs.append(leg)
        self._run.consume(leg)
        outcome = finished.outcome
        if finished.paused:
            self._chronicle.paused(finished, leg)
            self._run.works()
            trial.paused = outcome
            trial.job = dataclasses.replace(trial.job, reports=outcome.reports)
        elif outcome.state is State.FAILED and self._may_retry(trial):
            self._retry(trial, outcome, leg)
        else:
            reports = outcome.reports
            if outcome.state is not State.FAILED:
                reports = up_to(reports, finished.reached)
            outcome = dataclasses.replace(outcome, reports=reports)
            self._early[number] = dataclasses.replace(finished, outcome=outcome)

    def _may_retry(self, trial: Running) -> bool:
        return len(trial.failures) < self._retries and not self._run.over

    def _settle(self, finished: Finished) -> None:
        """Tell the study what became of a trial, and record it."""
        number, outcome = finished.job.number, finished.outcome
        trial = self._running[number]
        record = trial.record(outcome)
        self._chronicle.finished(record)
        del self._running[number]
        begun = perf_counter()
        try:
            self._steering.ended(number, outcome)
            self._steering.tell(trial.token, outcome)
        except BaseException:
            self._run.record(record)  # what was evaluated is kept, whatever the library says
            raise
        self._source.learn(number, outcome)
        observe = perf_counter() - begun
        self._busy_seconds += observe
        remove(trial.job.place)
        self._run.add(dataclasses.replace(record, observe=observe))
        self._pass()

    def _retry(self, trial: Running, outcome: Outcome, leg: Leg) -> None:
        failure = outcome.failure or Failure("Unknown", "")
        trial.failures.append(failure)
        attempt = len(trial.failures)
        self._chronicle.failed(trial.job.number, attempt, failure, leg)
        # It may go on from a checkpoint, and would not report again what it has reported.
        trial.job = dataclasses.replace(trial.job, reports=outcome.reports)
        infrastructure = failure.kind in INFRASTRUCTURE
        delay = min(BACK_OFF * 2 ** (attempt - 1), LONGEST_BACK_OFF) if infrastructure else 0.0
        heapq.heappush(self._again, (time.monotonic() + delay, trial.job.number))

    def _abandon(self) -> None:
        """Leave no trial running in the library's own study, and none that it was not told of."""
        with contextlib.suppress(Exception):
            self._steering.settle()
        for trial in self._running.values():
            interrupted = Failure("Interrupted", "the run ended before the trial did")
            # whatever the library says now, the run is ending for another reason
            with contextlib.suppress(Exception):
                self._source.study.tell(trial.token, Outcome(State.FAILED, failure=interrupted))
        self._running.clear()
