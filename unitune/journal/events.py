"""What a journal holds: a header per study, and events in their order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from datetime import datetime
from typing import Any

from unitune.backend import Mode

# What happens to a trial, and (without a trial's number) to a study.
KINDS = (
    *("asked", "rejected", "repeated", "started", "reported", "paused", "attempt", "finished"),
    *("full", "resumed", "ended"),
)


@dataclass(frozen=True, slots=True)
class Header:
    """What a study was begun with.

    Attributes:
        backend: the backend's name.
        method: the method's name.
        mode: 'min' or 'max'.
        seed: the run's seed.
        metric: which value of a mapping counts, if the objective returns one.
        value: which report counts, 'last' or 'best'.
        n_trials: the number of trials that was asked for.
        options: the options of the method; JSON values.
        space: what `Space.to_dict` returned.
        versions: of unitune, Python and the wrapped library.
        through: 'backend:method' that proposes, where the method is composed.
        scheduler: its name ('unitune:NAME' for a composed one), resource and options; empty
            without one.
    """

    backend: str
    method: str
    _: KW_ONLY
    mode: Mode
    seed: int
    space: Mapping[str, Any]
    metric: str | None = None
    value: str = "last"
    n_trials: int = 0
    options: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    through: str | None = None
    scheduler: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a study.

    Attributes:
        seq: counted from 1 within the study, without gaps.
        kind: one of `KINDS`.
        number: of the trial it happened to; None for the study itself.
        data: JSON values; which ones, the kind decides.
        time: seconds since 1970, UTC.
    """

    seq: int
    kind: str
    number: int | None
    data: dict[str, Any]
    time: float


@dataclass(frozen=True, slots=True)
class StudySummary:
    """One study of a journal at a glance.

    Attributes:
        name: the study's name.
        created: when it was begun, UTC.
        last: when something was last written, UTC.
        backend: the backend it last ran on.
        method: that backend's method.
        mode: 'min' or 'max'.
        n_trials: how many trials its last run asked for, in all.
        states: how many trials ended in which state.
        running: how many trials were begun and have not ended: those a driver is at, or those
            that one left when it died.
        best: the best value of a complete trial.
        reason: why its last run ended; None while it goes on, or where its driver died.
    """

    name: str
    created: datetime
    last: datetime
    _: KW_ONLY
    backend: str
    method: str
    mode: Mode
    n_trials: int
    states: Mapping[str, int]
    running: int
    best: float | None
    reason: str | None
