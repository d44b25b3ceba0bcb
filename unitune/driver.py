"""The loop: ask, evaluate, tell, record. The only place that calls a study."""

from __future__ import annotations

import contextlib
import heapq
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from time import perf_counter
from typing import Any

from unitune.backend import Answer
from unitune.chronicle import Chronicle, Decision
from unitune.errors import BackendError, UnituneError
from unitune.executors import Executor
from unitune.objective import Finished, Job, OnReport
from unitune.recorder import Run
from unitune.source import Source
from unitune.trial import Failure, Outcome, State, Trial, trial_seed

# Asking ahead pays once the backend needs more than this share of the time of the evaluations.
AHEAD = 0.02
# Seconds before a trial whose worker died is tried again, doubled for each further attempt.
BACK_OFF = 0.25
LONGEST_BACK_OFF = 30.0
# Failures that are the machine's fault, not the objective's.
INFRASTRUCTURE = frozenset({"WorkerDied"})


@dataclass(slots=True)
class Running:
    """A trial between its proposal and its end."""

    job: Job
    token: Any
    _: KW_ONLY
    initial: bool = False
    suggest: float = 0.0
    spent: float = 0.0
    failures: list[Failure] = field(default_factory=list)


class Driver:
    """Runs an ask-and-tell study to the end of a run's budget.

    Args:
        source: hands out configs and holds the study.
        executor: makes the executor, given where reports go.
        run: takes the trials and says when to end.
        chronicle: takes every event before it is acted on.
        seed: the run's seed, from which each trial has its own.
        n_trials: how many trials are to reach a final state.
        workers: how many the executor evaluates side by side.
        retries: how many further attempts a failed trial has.
        order: decisions of an earlier run to repeat in their order.
    """

    def __init__(
        self,
        source: Source,
        executor: Callable[[OnReport], Executor],
        run: Run,
        chronicle: Chronicle,
        *,
        seed: int,
        n_trials: int,
        workers: int = 1,
        retries: int = 0,
        order: Iterable[Decision] = (),
    ) -> None:
        self._source = source
        self._run = run
        self._chronicle = chronicle
        self._seed = seed
        self._n_trials = n_trials
        self._workers = workers
        self._retries = retries
        self._order = deque(order)
        self._executor = executor(self._on_report)
        self._running: dict[int, Running] = {}
        self._again: list[tuple[float, int]] = []  # (when it is due, number) of retries, a heap
        self._early: dict[int, Finished] = {}  # finished, and not yet settled
        self._asked = 0
        self._dry = False
        self._busy_seconds = self._evaluate_seconds = 0.0

    def restore(self, running: Mapping[int, Running], asked: int) -> None:
        """Take over the trials that an earlier run asked for and did not finish."""
        self._asked = asked
        self._source.restore(
            self._run.trials, {number: trial.job.config for number, trial in running.items()}
        )
        room = 0 if self._run.over else self._n_trials - len(self._run.trials)
        for number, trial in sorted(running.items())[: max(0, room)]:
            self._running[number] = trial
            heapq.heappush(self._again, (0.0, number))

    def drive(self) -> None:
        """Run to the end; Ctrl-C ends the run and keeps what is there."""
        try:
            while not self._run.over:
                self._fill()
                if self._running:
                    self._settle(self._next())
                else:
                    self._run.stop("exhausted")
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
        """Submit retries that are due and new trials, as long as a worker would be idle."""
        while self._again and self._again[0][0] <= time.monotonic():
            self._submit(self._running[heapq.heappop(self._again)[1]])
        while self._room() and self._may_ask():
            proposed = self._source.next(waiting=bool(self._running))
            if isinstance(proposed, Answer):
                self._dry = proposed is Answer.EXHAUSTED
                return
            number = self._asked
            job = Job(number, proposed.config, seed=trial_seed(self._seed, number))
            self._chronicle.asked(number, proposed, job.seed)
            self._source.begin(number, proposed.config)
            self._asked += 1
            self._busy_seconds += proposed.suggest
            if self._order:
                self._order.popleft()
            self._running[number] = Running(
                job, proposed.token, initial=proposed.initial, suggest=proposed.suggest
            )
            self._submit(self._running[number])

    def _room(self) -> bool:
        if self._dry or self._run.over or self._asked >= self._n_trials:
            return False
        submitted = len(self._running) - len(self._again) - len(self._early)
        # One trial more than there are workers, so that none waits for the backend to think.
        thinks = self._busy_seconds * self._workers > AHEAD * self._evaluate_seconds > 0
        ahead = 1 if thinks and self._workers > 1 else 0
        return submitted < self._workers + ahead

    def _may_ask(self) -> bool:
        return not self._order or self._order[0] == ("ask", self._asked)

    def _submit(self, trial: Running) -> None:
        self._chronicle.started(trial.job.number, len(trial.failures) + 1)
        self._executor.submit(trial.job)

    def _next(self) -> Finished:
        """Wait for the next trial to finish; in a repetition, for the one whose turn it is."""
        while True:
            early = self._due()
            if early is not None:
                return early
            self._fill()
            if self._executor.busy:
                finished = self._executor.next()
                self._early[finished.job.number] = finished
            elif self._again:
                time.sleep(max(0.0, self._again[0][0] - time.monotonic()))
            else:
                self._order.clear()  # of another run: nothing can come of waiting for it

    def _due(self) -> Finished | None:
        if not self._order:
            return self._early.pop(next(iter(self._early)), None) if self._early else None
        kind, number = self._order[0]
        return self._early.pop(number, None) if kind == "tell" else None

    def _on_report(self, number: int, step: int, value: float) -> bool:
        stop = self._source.study.report(self._running[number].token, step, value)
        self._chronicle.reported(number, step, value, stop=stop)
        return stop

    def _settle(self, finished: Finished) -> None:
        """Try a failed trial again, or tell the study and record it."""
        trial = self._running[finished.job.number]
        trial.spent += finished.seconds
        self._evaluate_seconds += finished.seconds
        failure = finished.outcome.failure
        failed = finished.outcome.state is State.FAILED and failure is not None
        if failed and len(trial.failures) < self._retries and not self._run.over:
            self._retry(trial, failure)
            return
        if self._order:
            self._order.popleft()
        start = max(0.0, self._run.elapsed - finished.seconds)
        self._chronicle.finished(finished, start=start, attempts=len(trial.failures) + 1)
        del self._running[trial.job.number]
        begun = perf_counter()
        self._source.tell(trial.job.number, trial.token, finished.outcome)
        observe = perf_counter() - begun
        self._busy_seconds += observe
        self._run.add(_record(trial, finished.outcome, start=start, observe=observe))

    def _retry(self, trial: Running, failure: Failure | None) -> None:
        if failure is None:
            return
        trial.failures.append(failure)
        attempt = len(trial.failures)
        self._chronicle.failed(trial.job.number, attempt, failure)
        infrastructure = failure.kind in INFRASTRUCTURE
        delay = min(BACK_OFF * 2 ** (attempt - 1), LONGEST_BACK_OFF) if infrastructure else 0.0
        heapq.heappush(self._again, (time.monotonic() + delay, trial.job.number))

    def _abandon(self) -> None:
        """Leave no trial running in the library's own study."""
        for trial in self._running.values():
            interrupted = Failure("Interrupted", "the run ended before the trial did")
            # whatever the library says now, the run is ending for another reason
            with contextlib.suppress(Exception):
                self._source.study.tell(trial.token, Outcome(State.FAILED, failure=interrupted))
        self._running.clear()


def _record(trial: Running, outcome: Outcome, *, start: float, observe: float) -> Trial:
    return Trial(
        trial.job.number,
        trial.job.config,
        state=outcome.state,
        value=outcome.value,
        seed=trial.job.seed,
        reports=outcome.reports,
        metrics=outcome.metrics,
        failure=outcome.failure,
        attempts=tuple(trial.failures),
        initial=trial.initial,
        start=start,
        suggest=trial.suggest,
        evaluate=trial.spent,
        observe=observe,
    )
