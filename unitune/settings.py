"""Checking and normalising what the user hands to `run`, before anything runs."""

from __future__ import annotations

import contextlib
import math
import numbers
import operator
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import Any, TypeVar

from unitune.backend import Mode
from unitune.errors import OptionError, SpaceError
from unitune.execution import Execution
from unitune.journal.names import check_name
from unitune.objective import Evaluator
from unitune.recorder import Callback, Limits
from unitune.scheduling import Choice
from unitune.space import Config, Space
from unitune.transcript import Decision

Read = TypeVar("Read")

# Trials of a run that says nothing about how many.
N_TRIALS = 50
# Bytes without which a worker process cannot even take its first trial.
LEAST_MEMORY = 1_000_000
# What the system takes as a limit on memory ends below this.
MOST_MEMORY = 2**63


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
    callbacks: tuple[Callback | str, ...]
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


def read_options(name: str, options: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the options that an argument of that name holds, as a dict of their own."""
    if options is None:
        return {}
    if not isinstance(options, Mapping) or not all(isinstance(key, str) for key in options):
        raise OptionError(f"{name}={options!r}: give a dict of names and values.")
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
    budget = None if max_resource is None else read_whole("max_resource", max_resource, least=1)
    if n_trials is None:
        least = 1 if resource is None else resource[0]
        n_trials = N_TRIALS if budget is None else max(1, budget // least)
    return Limits(
        read_whole("n_trials", n_trials, least=1),
        timeout=read_optional(read_seconds, "timeout", timeout),
        target=read_optional(read_number, "target", target),
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
    whole = not isinstance(value, bool) and hasattr(value, "__index__")
    number = operator.index(value) if whole else least - 1
    if number < least:
        raise OptionError(f"{name}={_shown(value)}: give a whole number from {least} on.")
    return number


def read_number(name: str, value: Any) -> float:
    """Return a number of any kind, numpy's too, as a float; NaN is none."""
    number = math.nan
    if isinstance(value, numbers.Real) and not isinstance(value, bool):
        with contextlib.suppress(OverflowError):
            number = float(value)
    if math.isnan(number):
        raise OptionError(f"{name}={_shown(value)}: give a number, or None.")
    return number


def read_seconds(name: str, value: Any) -> float:
    """Return a time above 0."""
    seconds = read_number(name, value)
    if seconds <= 0:
        raise OptionError(f"{name}={value!r}: give seconds above 0, or None.")
    return seconds


def read_memory(trial_memory: Any) -> int | None:
    """Return how many bytes a trial may allocate; None where there is no limit."""
    if trial_memory is None:
        return None
    size = read_whole("trial_memory", trial_memory, least=LEAST_MEMORY)
    if size >= MOST_MEMORY:
        shown = _shown(trial_memory)
        raise OptionError(f"trial_memory={shown}: give bytes below 2**63, or None for no limit.")
    return size


def read_optional(read: Callable[[str, Any], Read], name: str, value: Any) -> Read | None:
    """Return what `read` makes of a value; None where it is None."""
    return None if value is None else read(name, value)


def read_name(name: str, value: Any) -> str:
    """Return what is to be a name."""
    if not isinstance(value, str):
        raise OptionError(f"{name}={value!r}: give a name, which is a string.")
    return value


def read_callbacks(callbacks: Any) -> tuple[Callback | str, ...]:
    """Return callbacks as a tuple, those given by name by their names."""
    if callable(callbacks):
        raise OptionError("callbacks is a list of functions; put this one into a list.")
    given = _listed("callbacks", [callbacks] if isinstance(callbacks, str) else callbacks)
    for place, one in enumerate(given):
        if not callable(one) and not isinstance(one, str):
            raise OptionError(
                f"callbacks[{place}]={one!r}: give what is called as callback(trial, run), or the "
                f"name of a callback that a plugin brings."
            )
    return given


def read_initial(space: Space, initial: Iterable[Mapping[str, Any]]) -> tuple[Config, ...]:
    """Return the configs in the space's own values."""
    if isinstance(initial, Mapping | str):
        raise OptionError("initial is a list of configs; put this one into a list.")
    configs = []
    for place, config in enumerate(_listed("initial", initial)):
        try:
            configs.append(space.coerce(config))
        except SpaceError as error:
            raise SpaceError(f"initial[{place}] is no config of the space: {error}") from None
    return tuple(configs)


def check_storage(settings: Settings) -> None:
    """Raise OptionError for arguments about a journal that do not go together."""
    if not isinstance(settings.resume, bool):
        raise OptionError(f"resume={settings.resume!r}: give True or False.")
    if settings.study is not None:
        check_name(settings.study)
    if settings.storage is None and (settings.study is not None or settings.resume):
        raise OptionError("study= and resume= name a study in a journal: give storage= too.")
    if settings.resume and settings.order:
        raise OptionError("replay= repeats a run from its start, and resume= goes on with one.")


def _listed(name: str, value: Any) -> tuple[Any, ...]:
    if not isinstance(value, Iterable):
        raise OptionError(f"{name}={value!r}: give a list; an empty one stands for none.")
    return tuple(value)


def _shown(value: Any) -> str:
    """Return a value as messages have it; Python writes no number of thousands of digits."""
    try:
        words = repr(value)
    except ValueError:
        return "a number of thousands of digits"
    return words if len(words) <= 100 else f"{words[:80]}…"
