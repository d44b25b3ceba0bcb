"""What a run decided, in order: kept as a transcript, and written to a journal if there is one."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Protocol

from unitune.job import Finished
from unitune.source import Proposed
from unitune.transcript import Transcript
from unitune.trial import Failure, Leg, Trial, Verdict


class Log(Protocol):
    """Where events go; they are durable when `append` returns."""

    def append(self, kind: str, number: int | None, data: Mapping[str, Any]) -> None:
        """Write one event."""


class Chronicle:
    """Takes every event of a run before it is acted on.

    Args:
        log: a study's log in a journal; None keeps the transcript only.
        pack: makes JSON of a config.
        transcript: of the run that is gone on with; by default a new one.

    Attributes:
        transcript: the order of asks, reports and tells so far.
    """

    def __init__(
        self, log: Log | None = None, pack: Any = dict, transcript: Transcript | None = None
    ) -> None:
        self.transcript = transcript or Transcript()
        self._log = log
        self._pack = pack

    def asked(self, number: int, proposed: Proposed, seed: int) -> None:
        """The study proposed a config, or the user's was entered."""
        self.transcript.ask(number)
        if self._log is not None:
            data = {
                "raw": dict(proposed.values),
                "config": self._pack(proposed.config),
                "initial": proposed.initial,
                "entered": proposed.entered,
                "seed": seed,
                "suggest": proposed.suggest,
            }
            self._log.append("asked", number, data)

    def rejected(self, values: Mapping[str, Any], constraint: str) -> None:
        """A proposal broke a constraint of the space."""
        self._append("rejected", None, raw=dict(values), constraint=constraint)

    def repeated(self, values: Mapping[str, Any], number: int) -> None:
        """A proposal repeated the config of an earlier trial."""
        self._append("repeated", None, raw=dict(values), of=number)

    def started(self, number: int, attempt: int) -> None:
        """An attempt at a trial begins."""
        self._append("started", number, attempt=attempt)

    def reported(self, number: int, step: int, value: float, verdict: Verdict) -> None:
        """A trial reported, and was told what becomes of it."""
        self.transcript.report(number, step, verdict)
        self._append("reported", number, step=step, value=value, verdict=verdict.value)

    def paused(self, finished: Finished, leg: Leg) -> None:
        """A trial paused at the end of a leg."""
        value, seconds = finished.outcome.value, finished.seconds
        self._append("paused", finished.job.number, leg=_leg(leg), value=value, seconds=seconds)

    def full(self) -> None:
        """The scheduler was told that no further trial will begin."""
        self._append("full", None)

    def failed(self, number: int, attempt: int, failure: Failure, leg: Leg) -> None:
        """An attempt failed, and another follows."""
        self._append("attempt", number, attempt=attempt, failure=_words(failure), leg=_leg(leg))

    def finished(self, trial: Trial) -> None:
        """A trial reached its final state, of which the study is now told."""
        self.transcript.tell(trial.number)
        if self._log is None:
            return
        self._append(
            "finished",
            trial.number,
            state=trial.state.value,
            value=trial.value,
            metrics=dict(trial.metrics),
            failure=_words(trial.failure),
            seconds=trial.evaluate,
            start=trial.start,
            attempts=len(trial.attempts) + 1,
            legs=[_leg(leg) for leg in trial.legs],
        )

    def ended(self, reason: str) -> None:
        """The run is over."""
        self._append("ended", None, reason=reason)

    def _append(self, kind: str, number: int | None, **data: Any) -> None:
        if self._log is not None:
            self._log.append(kind, number, data)


def _leg(leg: Leg) -> dict[str, Any]:
    return dataclasses.asdict(leg)


def _words(failure: Failure | None) -> dict[str, str] | None:
    if failure is None:
        return None
    return {
        "kind": failure.kind,
        "message": failure.message,
        "traceback": failure.traceback,
        "place": failure.place,
    }
