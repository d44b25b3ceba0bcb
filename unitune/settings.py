"""Checking and normalising what the user hands to `run`, before anything runs."""

from __future__ import annotations

import math
import operator
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import Any

from unitune.backend import Mode
from unitune.errors import OptionError, SpaceError
from unitune.execution import Execution
from unitune.objective import Evaluator
from unitune.recorder import Callback, Limits
from unitune.scheduling import Choice
from unitune.space import Config, Space
from unitune.transcript import Decision

# Trials of a run that says nothing about how many.
N_TRIALS = 50


@dataclass(frozen=True, slots=True)
class Settings:
    """What a run was asked for, checked; the arguments of `unitune.run` say what each is."""

    evaluate: Evaluator
    limits: Limits
    _: KW_ONLY
    mode: Mode
    seed: int | None
    drawn: int
    initial: tuple[Config, ...]
    callbacks: Iterable[Callback | str]
    progress: bool
    options: Mapping[str, Any]
    execution: Execution
    retries: int
    order: tuple[Decision, ...]
    storage: str | Path | None
    study: str | None
    resume: bool
    choice: Choice


def check_mode(mode: str) -> None:
    """Raise OptionError for anything but 'min' and 'max'."""
    if mode not in ("min", "max"):
        raise OptionError(f"mode={mode!r}: use 'min' or 'max'.")


def read_options(options: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return options as a dict of its own."""
    if options is None:
        return {}
    if not isinstance(options, Mapping) or not all(isinstance(name, str) for name in options):
        raise OptionError(f"options={options!r}: give a dict of names and values.")
    return dict(options)


def read_seed(seed: int | None) -> int:
    """Return the seed, or one drawn from the system where there is none."""
    if seed is None:
        return random.SystemRandom().getrandbits(31)
    number = read_whole("seed", seed, least=0)
    if number >= 2**32:
        raise OptionError(f"seed={seed!r}: libraries take seeds below 2**32; use a smaller one.")
    return number


def read_limits(
    n_trials: int | None,
    timeout: float | None,
    target: float | None,
    patience: int | None,
    *,
    max_resource: int | None = None,
    resource: tuple[int, int] | None = None,
) -> Limits:
    """Return when a run is to end.

    A run with `max_resource` has as many trials as that allows, unless `n_trials` says less.
    """
    for name, value in (("timeout", timeout), ("target", target)):
        if value is not None and (
            isinstance(value, bool) or not isinstance(value, int | float) or math.isnan(value)
        ):
            raise OptionError(f"{name}={value!r}: give a number, or None.")
    if timeout is not None and timeout <= 0:
        raise OptionError(f"timeout={timeout!r}: give seconds above 0, or None.")
    budget = None if max_resource is None else read_whole("max_resource", max_resource, least=1)
    if n_trials is None:
        least = 1 if resource is None else resource[0]
        n_trials = N_TRIALS if budget is None else max(1, budget // least)
    return Limits(
        read_whole("n_trials", n_trials, least=1),
        timeout=timeout,
        target=target,
        patience=None if patience is None else read_whole("patience", patience, least=1),
        max_resource=budget,
    )


def read_resource(resource: Sequence[int] | None) -> tuple[int, int] | None:
    """Return the least and the most resource of a trial."""
    if resource is None:
        return None
    pair = tuple(resource) if isinstance(resource, list | tuple) else ()
    if len(pair) != 2:
        raise OptionError(f"resource={resource!r}: give (least, most), such as (1, 27) epochs.")
    least = read_whole("resource[0]", pair[0], least=1)
    return least, read_whole("resource[1]", pair[1], least=least)


def read_best(value: str, mode: Mode) -> Mode | None:
    """Return by which order the best report counts; None where the last one does."""
    if value not in ("last", "best"):
        raise OptionError(f"value={value!r}: use 'last' or 'best'.")
    return mode if value == "best" else None


def read_whole(name: str, value: Any, *, least: int) -> int:
    """Return a whole number that is not below `least`."""
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise OptionError(f"{name}={value!r}: give a whole number from {least} on.")
    number = operator.index(value)
    if number < least:
        raise OptionError(f"{name}={value!r}: give a whole number from {least} on.")
    return number


def read_initial(space: Space, initial: Iterable[Mapping[str, Any]]) -> tuple[Config, ...]:
    """Return the configs in the space's own values."""
    if isinstance(initial, Mapping | str):
        raise OptionError("initial is a list of configs; put this one into a list.")
    configs = []
    for place, config in enumerate(initial):
        try:
            configs.append(space.coerce(config))
        except SpaceError as error:
            raise SpaceError(f"initial[{place}] is no config of the space: {error}") from None
    return tuple(configs)


def check_storage(settings: Settings) -> None:
    """Raise OptionError for arguments about a journal that do not go together."""
    if settings.storage is None and (settings.study is not None or settings.resume):
        raise OptionError("study= and resume= name a study in a journal: give storage= too.")
    if settings.resume and settings.order:
        raise OptionError("replay= repeats a run from its start, and resume= goes on with one.")
