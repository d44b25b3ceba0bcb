"""Gaps that a suite is told of: each with its kind, its error and its reason, and strictly held."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import KW_ONLY, dataclass
from typing import Literal, get_args

from unitune.errors import OptionError, nearest

Gap = Literal["notimpl", "notyet", "never"]


@dataclass(frozen=True, slots=True)
class KnownFailure:
    """One check that is expected to fail, so that a suite can be passed with an honest gap.

    It is strict: a check that passes after all is an error, and so is one that fails otherwise
    than by `raises`.

    Args:
        kind: 'notimpl' (the library can, its adapter does not yet), 'notyet' (the library cannot
            as yet) or 'never' (it is against the nature of the library).
        raises: the exception of the check; a check that finds fault raises AssertionError.
        reason: what is missing, and why.

    Raises:
        OptionError: the kind is another word, or there is no reason.

    Example:
        >>> from unitune.testing import KnownFailure
        >>> known = {"test_replay[gp]": KnownFailure("notyet", reason="threads order the sums")}
    """

    kind: Gap
    raises: type[BaseException] | tuple[type[BaseException], ...] = AssertionError
    _: KW_ONLY
    reason: str

    def __post_init__(self) -> None:
        if self.kind not in get_args(Gap):
            raise OptionError(
                f"A known failure is of the kind {' or '.join(map(repr, get_args(Gap)))}, not "
                f"{self.kind!r}."
            )
        if not self.reason.strip():
            raise OptionError("A known failure has a reason: say what is missing, and why.")

    def __str__(self) -> str:
        return f"{self.kind}: {self.reason}"


def find_known(
    known: Mapping[str, KnownFailure], check: str, method: str | None
) -> KnownFailure | None:
    """Return the failure that is expected of a check, for one method or for all."""
    return known.get(f"{check}[{method}]") or known.get(check)


def refuse_unknown(
    suite: str,
    known: Mapping[str, KnownFailure],
    checks: Iterable[str],
    methods: Iterable[str],
) -> None:
    """Raise OptionError for a known failure that names no check, or a method that is not run."""
    names, parameters = set(checks), set(methods)
    for key, failure in known.items():
        if not isinstance(failure, KnownFailure):
            raise OptionError(f"{suite}.known[{key!r}] is {failure!r}; give a KnownFailure.")
        check, bracket, method = key.removesuffix("]").partition("[")
        if check not in names:
            raise OptionError(
                f"{suite}.known names the check {check!r}, which the suite has not. "
                f"{nearest(check, names)}"
            )
        if bracket and method not in parameters:
            raise OptionError(
                f"{suite}.known names the check {key!r}, and {method!r} is not run. "
                f"{nearest(method, parameters)}"
            )
