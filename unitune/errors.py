"""What unitune raises: each error says what was given, who refuses, why, and what to do.

Every class descends from `UnituneError` and from the builtin a caller would expect, so that
both ``except unitune.UnituneError`` and ``except ValueError`` work.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any


class UnituneError(Exception):
    """Base of everything unitune raises on purpose.

    Attributes:
        result: the `Result` with what a run had recorded when the error ended it, if any.

    Example:
        >>> import unitune
        >>> try:
        ...     unitune.run({"x": unitune.Float(0, 1)}, abs, mode="least")
        ... except UnituneError as error:
        ...     print(error)
        mode='least': use 'min' or 'max'.
    """

    result: Any = None


class UnituneWarning(UserWarning):
    """Something the user should know, though the run goes on.

    Example:
        Where it is to end the run all the same:

        >>> import warnings
        >>> with warnings.catch_warnings():
        ...     warnings.simplefilter("error", UnituneWarning)
    """


class SpaceError(UnituneError, ValueError):
    """A search space, or a config for it, is not well defined."""


class TranslationError(UnituneError, ValueError):
    """A backend cannot take a space without changing its meaning."""


class OptionError(UnituneError, ValueError):
    """An argument or an option of a run is not acceptable."""


class UnknownNameError(UnituneError, LookupError):
    """No backend, method or parameter has that name."""


class PluginError(UnituneError, RuntimeError):
    """A backend plugin could not be loaded, or two plugins claim one name."""


class MissingLibraryError(UnituneError, ImportError):
    """The library behind a backend is not installed, or is too old."""


class BackendError(UnituneError, RuntimeError):
    """A wrapped library failed or broke its contract in the middle of a run."""


class NoCompleteTrialError(UnituneError, LookupError):
    """A result has no complete trial, so that there is no best one."""


class ObjectiveError(UnituneError, RuntimeError):
    """The objective is broken: the first trials all failed with the same error."""


class CallbackError(UnituneError, RuntimeError):
    """A callback of the user raised."""


class Infeasible(Exception):  # noqa: N818 - a verdict on a config, not a fault of anyone
    """Raised by an objective to say that a config cannot be evaluated.

    The trial becomes INFEASIBLE, the backend is told so in its own way, and the run goes on.

    Example:
        >>> def objective(config):
        ...     if config["heads"] * 64 > config["units"]:
        ...         raise Infeasible("more heads than units")
        ...     return 0.0
    """


def nearest(name: str, known: Iterable[str], *, listed: bool = False) -> str:
    """Return a closing clause that lists the names nearest to a wrong one.

    Args:
        name: the wrong one.
        known: the right ones.
        listed: whether to list them all even where some are near; otherwise where none is.

    Example:
        >>> nearest("tpf", ["tpe", "gp"]), nearest("tpf", ["gp", "cmaes"])
        ("Did you mean 'tpe'?", 'Known: cmaes, gp.')
    """
    names = sorted(set(known))
    close = difflib.get_close_matches(str(name), names, n=3, cutoff=0.5)
    meant = f"Did you mean {' or '.join(repr(n) for n in close)}?" if close else ""
    every = f"Known: {', '.join(names) or 'none'}." if listed or not close else ""
    return f"{meant} {every}".strip()
