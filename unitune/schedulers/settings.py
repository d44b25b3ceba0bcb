"""What the schedulers' options have in common: they are checked, and refused with a reason."""

from __future__ import annotations

import math
import operator
from typing import Any

from unitune.backend import Scheduling
from unitune.errors import OptionError


def bounds(scheduling: Scheduling, *, needed: bool) -> tuple[int, int] | None:
    """Return the least and the most resource of a trial, checked.

    Args:
        scheduling: the user's wishes.
        needed: whether the scheduler cannot do without.

    Raises:
        OptionError: they are missing, reversed, or no whole numbers from 1.
    """
    given: Any = scheduling.resource
    if given is None:
        if not needed:
            return None
        raise OptionError(
            f"Scheduler {scheduling.name!r} needs to know how far a trial goes. Give "
            f"resource=(least, most), such as resource=(1, 27) for 27 epochs."
        )
    try:
        least, most = (operator.index(bound) for bound in given)
    except (TypeError, ValueError):
        raise _bad_bounds(scheduling, "is no pair of whole numbers") from None
    if least < 1:
        raise _bad_bounds(scheduling, "begins below 1")
    if most < least:
        raise _bad_bounds(scheduling, "is reversed")
    return least, most


def needed_bounds(scheduling: Scheduling) -> tuple[int, int]:
    """Return the least and the most resource, which must have been given."""
    found = bounds(scheduling, needed=True)
    assert found is not None  # noqa: S101 - it raises otherwise
    return found


def whole(name: str, given: Any, *, least: int) -> int:
    """Return an option that is a whole number, checked.

    Raises:
        OptionError: it is none, or is below `least`.
    """
    try:
        number = None if isinstance(given, bool) else operator.index(given)
    except TypeError:
        number = None
    if number is None or number < least:
        raise OptionError(
            f"The scheduler's option {name}={given!r} is refused: give a whole number of at least "
            f"{least}."
        )
    return number


def real(name: str, given: Any, *, least: float) -> float:
    """Return an option that is a finite number, checked.

    Raises:
        OptionError: it is none, or is below `least`.
    """
    fits = isinstance(given, int | float) and not isinstance(given, bool)
    if not fits or not math.isfinite(given) or given < least:
        raise OptionError(
            f"The scheduler's option {name}={given!r} is refused: give a number of at least "
            f"{least:g}."
        )
    return float(given)


def one_of(name: str, given: Any, known: tuple[str, ...]) -> str:
    """Return an option that is one of a few words, checked.

    Raises:
        OptionError: it is another.
    """
    if given not in known:
        words = " or ".join(repr(word) for word in known)
        raise OptionError(f"The scheduler's option {name}={given!r} is refused: give {words}.")
    return str(given)


def graded(loss: float) -> float:
    """Return a loss that can be ranked: what is no number is as bad as can be."""
    return math.inf if math.isnan(loss) else loss


def _bad_bounds(scheduling: Scheduling, fault: str) -> OptionError:
    return OptionError(
        f"resource={scheduling.resource!r} {fault}; scheduler {scheduling.name!r} takes "
        f"resource=(least, most), two whole numbers with 1 <= least <= most."
    )
