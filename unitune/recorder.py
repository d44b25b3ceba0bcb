"""A run as it happens: what was recorded, and whether it should end."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any, TypeVar

from unitune.backend import Mode
from unitune.errors import CallbackError, ObjectiveError
from unitune.past import Past
from unitune.progress import Progress
from unitune.trial import Leg, State, Trial

# Called after every trial with the trial and the run; may call `run.stop()`. One that has a method
# `close` is closed when the run is over.
Callback = Callable[[Trial, "Run"], Any]
Done = TypeVar("Done")

# So many equal failures from the first trial on mean that the objective is broken.
BROKEN_AFTER = 3


@dataclass(frozen=True, slots=True)
class Limits:
    """When a run ends.

    Attributes:
        n_trials: the number of trials in a final state.
        timeout: seconds from the start of the run, after which no trial is begun.
        target: a value good enough.
        patience: how many trials in a row may bring nothing better.
        max_resource: how much resource all trials together may consume; those that are running
            when it is used up come to their end.
    """

    n_trials: int
    _: KW_ONLY
    max_resource: int | None = None
    timeout: float | None = None
    target: float | None = None
    patience: int | None = None


class Run:
    """The trials so far, the best of them, and the reason to end if there is one.

    Attributes:
        trials: every finished trial, in the order in which they finished.
        best: the best complete one; None so far.
        mode: whether smaller or greater values are better.
        reason: why the run is over; None while it goes on.
        rejected: how many proposals broke a constraint of the space; they are no trials.
        repeated: how many proposals repeated an earlier config; they are no trials either.
        restored: how many of the trials are of an earlier run of the same study.
        consumed: how much resource all trials have consumed, running ones among them.
        anew: whether trials that go on after a pause are computed again from their start.
    """

    def __init__(
        self,
        mode: Mode,
        limits: Limits,
        *,
        callbacks: Iterable[Callback] = (),
        progress: Progress | None = None,
    ) -> None:
        self.mode = mode
        self.trials: list[Trial] = []
        self.best: Trial | None = None
        self.reason: str | None = None
        self.rejected = 0
        self.repeated = 0
        self.restored = 0
        self.consumed = 0
        self.anew = False
        self._limits = limits
        self._callbacks = tuple(callbacks)
        self._progress = progress
        self._since_best = 0
        self._longest = 0
        self._all_failed_alike = True
        self.started = time.perf_counter()

    def restore(self, past: Past) -> None:
        """Begin with the trials of an earlier run of the same study.

        An objective that failed from the first trial on is not taken for broken again: it may
        have been mended since.
        """
        self._all_failed_alike = False
        self.rejected, self.repeated = past.rejected, past.repeated
        for trial in past.trials:
            self.trials.append(trial)
            self._weigh(trial)
        self.restored = len(self.trials)
        self._spend(past.consumed)
        if self._progress is not None and self.trials:
            self._progress.advance(self)

    @property
    def elapsed(self) -> float:
        """Seconds since the run began."""
        return time.perf_counter() - self.started

    @property
    def over(self) -> bool:
        """Whether no further trial should begin."""
        timeout = self._limits.timeout
        if self.reason is None and timeout is not None and self.elapsed >= timeout:
            self.reason = "timeout"
        return self.reason is not None

    def stop(self, reason: str = "stopped by a callback") -> None:
        """End the run once the trials now running have finished."""
        self.reason = self.reason or reason

    def works(self) -> None:
        """Learn that a trial has got far enough to show that the objective is not broken."""
        self._all_failed_alike = False

    def consume(self, leg: Leg) -> None:
        """Count what a trial has consumed."""
        self._longest = max(self._longest, leg.reached)
        self.anew |= leg.how == "replayed"
        self._spend(leg.consumed)

    def _spend(self, amount: int) -> None:
        self.consumed += amount
        limit = self._limits.max_resource
        if limit is not None and self.consumed >= limit:
            self.stop("max_resource")

    def affords(
        self, running: Iterable[tuple[int | None, Sequence[Leg]]], owed: Callable[[bool], int]
    ) -> bool:
        """Return whether there is resource for a further trial.

        Args:
            running: how far each running trial may go, and its legs so far; None where that is
                not known, which counts as far as any trial has come.
            owed: what the trials that wait, and the further one, need to come to their ends, given
                whether trials that go on are computed again; 0 where that is not known, so that
                one is begun as long as anything is left.
        """
        limit = self._limits.max_resource
        if limit is None:
            return True
        bound = 0
        for far, legs in running:
            start = legs[-1].reached if legs and not self.anew else 0
            bound += max(0, (self._longest if far is None else far) - start)
        needed = owed(self.anew)
        left = limit - self.consumed - bound
        return left >= needed if needed else left > 0

    def better(self, value: float, than: float) -> bool:
        """Return whether one value beats another."""
        return value < than if self.mode == "min" else value > than

    def add(self, trial: Trial) -> None:
        """Record a finished trial and see whether the run is over.

        Raises:
            ObjectiveError: the first trials all failed with the same error.
            CallbackError: a callback raised.
        """
        self.record(trial)
        if self._progress is not None:
            self._progress.advance(self)
        for callback in self._callbacks:
            try:
                callback(trial, self)
            except Exception as error:
                raise CallbackError(
                    f"A callback raised {type(error).__name__}: {error} after trial "
                    f"{trial.number}; the run is over, its trials are in this error's `result`."
                ) from error
        self._refuse_broken_objective(trial)
        self._refuse_free_trials(trial)

    def record(self, trial: Trial) -> None:
        """Record a finished trial, and no more: no callback sees it."""
        self.trials.append(trial)
        self._weigh(trial)

    def _weigh(self, trial: Trial) -> None:
        # What was stopped early has not been tried in full.
        self._since_best += trial.state is not State.PRUNED
        if trial.state is State.COMPLETE and trial.value is not None:
            best = self.best.value if self.best is not None else None
            if best is None or self.better(trial.value, best):
                self.best = trial
                self._since_best = 0
        self._check_limits()

    def _check_limits(self) -> None:
        limits, best = self._limits, self.best.value if self.best is not None else None
        if limits.target is not None and best is not None and not self.better(limits.target, best):
            self.stop("target")
        elif limits.patience is not None and self.best and self._since_best >= limits.patience:
            self.stop("patience")
        elif len(self.trials) >= limits.n_trials:
            failed = all(trial.state is State.FAILED for trial in self.trials)
            self.stop("all failed" if failed else "n_trials")

    def _refuse_free_trials(self, trial: Trial) -> None:
        if self._limits.max_resource is None or trial.state is not State.COMPLETE or trial.resource:
            return
        self.reason = "failed"
        raise ObjectiveError(
            f"Trial {trial.number} consumed no resource, so that max_resource= would never end the "
            f"run: it counts the steps that trials report, from 1. Report at each step, or say "
            f"with resource=(least, most) how much a trial that does not report consumes."
        )

    def _refuse_broken_objective(self, trial: Trial) -> None:
        if not self._all_failed_alike:
            return
        first = self.trials[0].failure
        if trial.state is not State.FAILED or first is None or trial.failure is None:
            self._all_failed_alike = False
            return
        where = (trial.failure.kind, trial.failure.place)
        if where != (first.kind, first.place):
            self._all_failed_alike = False
        elif len(self.trials) == BROKEN_AFTER:
            self.reason = "all failed"
            raise ObjectiveError(
                f"The first {BROKEN_AFTER} trials all failed with {trial.failure}. The objective "
                f"is broken, so the run was stopped.\n{trial.failure.traceback}".rstrip()
            )


def closing(callbacks: Iterable[Callback], work: Callable[[], Done]) -> Done:
    """Do what callbacks follow, and then call `close()` of each that has one, once.

    However the work ends, and whatever one of them raises, all are closed. An error that ended the
    work comes out as it is, with a note on each callback that could not be closed.

    Args:
        callbacks: those that follow it; one that is there twice is closed once.
        work: what they follow.

    Returns:
        what the work returned.

    Raises:
        CallbackError: not all could be closed; what the work returned is in its `result`.
    """
    try:
        done = work()
    except BaseException as error:
        for words, _ in _close(callbacks):
            error.add_note(words)
        raise
    failures = _close(callbacks)
    if not failures:
        return done
    sentences = " ".join(words for words, _ in failures)
    refused = CallbackError(f"{sentences} The run is over, and is in this error's `result`.")
    refused.result = done
    raise refused from failures[0][1]


def _close(callbacks: Iterable[Callback]) -> list[tuple[str, BaseException]]:
    """Close callbacks in their order; return what they raised, in words too."""
    failures: list[tuple[str, BaseException]] = []
    with contextlib.ExitStack() as stack:  # goes on where one of them calls `sys.exit`
        for callback in reversed(list({id(one): one for one in callbacks}.values())):
            stack.callback(_close_one, callback, failures)
    return failures


def _close_one(callback: Callback, failures: list[tuple[str, BaseException]]) -> None:
    close = getattr(callback, "close", None)
    if not callable(close):
        return
    try:
        close()
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - Ctrl-C loses no result
        what = f"{type(error).__name__}: {error}"
        failures.append((f"Closing the callback {callback!r} raised {what}.", error))
