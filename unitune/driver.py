"""The loop: ask, lift, evaluate, tell, record. The only place that calls a study."""

from __future__ import annotations

import contextlib
import warnings
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from unitune.backend import Answer, Proposal, Service, Study
from unitune.errors import BackendError, SpaceError, UnituneError, UnituneWarning
from unitune.executors import Executor, SerialExecutor
from unitune.objective import Evaluator, Finished, Job
from unitune.recorder import Run
from unitune.space import Config
from unitune.translation import Raw, Translation
from unitune.trial import Failure, Outcome, State, Trial, trial_seed

# A library that proposes so many configs in a row that break a constraint has nothing to offer.
REJECTIONS = 1000


@dataclass(slots=True)
class _Running:
    """A trial between its proposal and its end."""

    job: Job
    token: Any
    initial: bool
    suggest: float
    start: float


class Driver:
    """Runs an ask-and-tell study to the end of a run's budget.

    Args:
        study: the open study.
        translation: how its raw values become configs.
        evaluate: evaluates one config.
        run: takes the trials and says when to end.
        seed: the run's seed, from which each trial has its own.
        initial: configs to evaluate before the study is asked.
    """

    def __init__(
        self,
        study: Study,
        translation: Translation,
        evaluate: Evaluator,
        run: Run,
        *,
        seed: int,
        initial: Iterable[Config] = (),
    ) -> None:
        self._study = study
        self._translation = translation
        self._run = run
        self._seed = seed
        self._initial = deque(initial)
        self._executor: Executor = SerialExecutor(evaluate, self._on_report)
        self._running: dict[int, _Running] = {}
        self._asked = 0

    def drive(self) -> None:
        """Run to the end; Ctrl-C ends the run and keeps what is there."""
        try:
            while not self._run.over:
                self._fill()
                if not self._executor.busy:
                    self._run.stop("exhausted")
                    break
                self._settle(self._executor.next())
        except KeyboardInterrupt:
            self._run.reason = "interrupted"
        except UnituneError:
            raise
        except Exception as error:
            raise BackendError(
                f"Backend {self._translation.backend!r} ({self._translation.method}) failed after "
                f"{len(self._run.trials)} trials with {type(error).__name__}: {error}. The trials "
                f"are in this error's `result`."
            ) from error
        finally:
            self._abandon()
            self._executor.close()

    def _fill(self) -> None:
        """Submit proposals while a worker is free."""
        while self._executor.free:
            begun = perf_counter()
            initial = bool(self._initial)
            proposal, config = self._next_initial() if initial else self._next_proposed()
            if proposal is None:
                return
            job = Job(self._asked, config, seed=trial_seed(self._seed, self._asked))
            self._asked += 1
            suggest = perf_counter() - begun
            start = self._run.elapsed
            self._running[job.number] = _Running(job, proposal.token, initial, suggest, start)
            self._executor.submit(job)

    def _next_initial(self) -> tuple[Proposal, Config]:
        config = self._initial.popleft()
        return self._study.inject(self._translation.lower(config)), config

    def _next_proposed(self) -> tuple[Proposal | None, Config]:
        for _ in range(REJECTIONS):
            answer = self._study.ask()
            if isinstance(answer, Answer):
                if answer is Answer.NOT_READY and not self._executor.busy:
                    raise BackendError(
                        f"Backend {self._translation.backend!r} waits for results, and no trial "
                        f"is running; this is a fault of the backend."
                    )
                return None, {}
            config = self._translation.lift(answer.values)
            broken = self._translation.space.broken_constraint(config)
            if broken is None:
                return answer, config
            self._run.rejected += 1
            self._study.tell(answer.token, refused(broken))
        warnings.warn(
            f"{self._translation.backend} ({self._translation.method}) proposed {REJECTIONS} "
            f"configs in a row that break a constraint; the run ends.",
            UnituneWarning,
            stacklevel=5,  # the line that called run()
        )
        return None, {}

    def _on_report(self, number: int, step: int, value: float) -> bool:
        return self._study.report(self._running[number].token, step, value)

    def _settle(self, finished: Finished) -> None:
        """Tell the study, then record the trial."""
        running = self._running.pop(finished.job.number)
        begun = perf_counter()
        self._study.tell(running.token, finished.outcome)
        observe = perf_counter() - begun
        outcome = finished.outcome
        self._run.add(
            Trial(
                running.job.number,
                running.job.config,
                state=outcome.state,
                value=outcome.value,
                seed=running.job.seed,
                reports=outcome.reports,
                metrics=outcome.metrics,
                failure=outcome.failure,
                initial=running.initial,
                start=running.start,
                suggest=running.suggest,
                evaluate=finished.seconds,
                observe=observe,
            )
        )

    def _abandon(self) -> None:
        """Leave no trial running in the library's own study."""
        for running in self._running.values():
            interrupted = Failure("Interrupted", "the run ended before the trial did")
            # whatever the library says now, the run is ending for another reason
            with contextlib.suppress(Exception):
                self._study.tell(running.token, Outcome(State.FAILED, failure=interrupted))
        self._running.clear()


class ServiceSink:
    """Records what a service does, as the driver records what a study does."""

    def __init__(self, translation: Translation, run: Run, *, seed: int, initial: int) -> None:
        self._translation = translation
        self._run = run
        self._seed = seed
        self._initial = initial
        self._started: dict[str, tuple[int, Config, float]] = {}
        self._error: UnituneError | None = None

    def started(self, key: str, values: Mapping[str, Raw]) -> None:
        number = len(self._started)
        self._started[key] = (number, self._translation.lift(values), self._run.elapsed)

    def reported(self, key: str, step: int, value: float) -> bool:
        return False

    def finished(self, key: str, outcome: Outcome, seconds: float) -> None:
        number, config, start = self._started[key]
        if self._error is not None:
            return
        try:
            self._run.add(
                Trial(
                    number,
                    config,
                    state=outcome.state,
                    value=outcome.value,
                    seed=trial_seed(self._seed, number),
                    reports=outcome.reports,
                    metrics=outcome.metrics,
                    failure=outcome.failure,
                    initial=number < self._initial,
                    start=start,
                    evaluate=seconds,
                )
            )
        except UnituneError as error:
            # Raised inside the library's loop it might be taken for one of the library's own.
            self._error = error

    def rejected(self) -> None:
        self._run.rejected += 1

    @property
    def done(self) -> bool:
        return self._error is not None or self._run.over

    def check(self) -> None:
        """Raise the error that ended the run, if one did."""
        if self._error is not None:
            raise self._error


def serve(service: Service, evaluate: Evaluator, sink: ServiceSink, run: Run) -> None:
    """Run a service to its end; Ctrl-C ends the run and keeps what is there."""
    try:
        service.run(evaluate, sink)
        run.stop("exhausted")
    except KeyboardInterrupt:
        run.reason = "interrupted"
    except UnituneError:
        raise
    except Exception as error:
        raise BackendError(
            f"The backend failed after {len(run.trials)} trials with {type(error).__name__}: "
            f"{error}. The trials are in this error's `result`."
        ) from error
    sink.check()


def refused(constraint: str) -> Outcome:
    """Return the outcome of a proposal that breaks a constraint of the space."""
    return Outcome(State.INFEASIBLE, failure=Failure("Constraint", constraint))


def check_constraints(translation: Translation, seed: int) -> None:
    """Raise SpaceError before a run if no config seems to satisfy the constraints."""
    if translation.space.constraints:
        try:
            translation.space.sample(seed)
        except SpaceError as error:
            raise SpaceError(f"The run was not begun: {error}") from error
