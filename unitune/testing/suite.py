"""What all suites have in common: how checks find their methods, their seed and their gaps."""

from __future__ import annotations

import functools
import random
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, ParamSpec

import pytest

from unitune.errors import OptionError, UnituneError
from unitune.testing.known import KnownFailure, find_known, refuse_unknown

Given = ParamSpec("Given")

# What checks take, and pytest puts in for each method.
METHOD = "method"


class Suite:
    """Checks that a subclass runs on one plugin.

    A check is a method called ``test_…``. It is not to be overridden: a gap is a `KnownFailure`
    in `known`, where it stays strict.

    Attributes:
        known: expected failures, by 'check' or 'check[method]'.
        seed: fixes what checks draw; None draws one for each run and prints it on a failure.
    """

    known: ClassVar[Mapping[str, KnownFailure]] = {}
    seed: ClassVar[int | None] = None
    _drawn: ClassVar[int]
    _kept: ClassVar[dict[Any, Any]]

    def __init_subclass__(cls, **given: Any) -> None:
        super().__init_subclass__(**given)
        cls._kept = {}
        cls._drawn = random.SystemRandom().getrandbits(31)
        if _of_the_kit(cls):
            return
        for name in vars(cls):
            owner = next((base for base in cls.__mro__[1:] if name in vars(base)), None)
            if name.startswith("test") and owner is not None and _of_the_kit(owner):
                raise OptionError(
                    f"{cls.__name__} overrides the check {name!r}, so that it would pass whatever "
                    f"it does. Leave it, and list what fails as known = {{{name!r}: "
                    f"KnownFailure(...)}}."
                )

    @classmethod
    def names(cls) -> list[str]:
        """Return the methods, or whatever else the checks are run for one by one."""
        return []

    @classmethod
    def checks(cls) -> list[str]:
        """Return the names of the checks."""
        return sorted(name for name in dir(cls) if name.startswith("test"))

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Run a check that takes a method for each of them (pytest calls this)."""
        suite = type(self)
        try:
            names = suite.names()
            refuse_unknown(suite.__name__, suite.known, suite.checks(), names)
        except UnituneError as error:
            raise pytest.Collector.CollectError(str(error)) from error
        if METHOD in metafunc.fixturenames:
            metafunc.parametrize(METHOD, names)

    @pytest.fixture(autouse=True)
    def _expect_known_failures(self, request: pytest.FixtureRequest) -> None:
        node = request.node
        params = node.callspec.params if hasattr(node, "callspec") else {}
        known = find_known(type(self).known, node.originalname, params.get(METHOD))
        if known is not None:
            mark = pytest.mark.xfail(raises=known.raises, reason=str(known), strict=True)
            request.applymarker(mark)

    @pytest.fixture(name="seed")
    def _seed(self) -> int:
        suite = type(self)
        seed = suite._drawn if suite.seed is None else suite.seed
        print(f"seed = {seed}  # set this on the suite to run with the same numbers")  # noqa: T201
        return seed

    @property
    def kept(self) -> dict[Any, Any]:
        """What the checks of this suite keep for each other."""
        return type(self)._kept

    def needs(self, check: str, *given: Any) -> None:
        """Skip what follows where another check finds the fault that would show here as well."""
        try:
            getattr(self, check)(*given)
        except pytest.skip.Exception:
            return
        except Exception:  # noqa: BLE001 - whatever it is, that check reports it
            pytest.skip(f"left to {check}, which fails")


def remembered(check: Callable[Given, None]) -> Callable[Given, None]:
    """Run a check once for the same arguments, and keep what it came to: others may need it."""

    @functools.wraps(check)
    def once(*args: Given.args, **kwargs: Given.kwargs) -> None:
        suite: Any = args[0]
        key = (check.__name__, *args[1:], *kwargs.values())
        verdicts = suite.kept
        if key not in verdicts:
            try:
                check(*args, **kwargs)
            except (Exception, pytest.skip.Exception) as error:  # noqa: BLE001 - it is raised again
                verdicts[key] = error
            else:
                verdicts[key] = None
        verdict = verdicts[key]
        if verdict is not None:
            raise verdict

    return once


def require(holds: object, sentence: str) -> None:
    """Raise AssertionError with a sentence unless something holds.

    Example:
        >>> require(1 < 2, "one is not less than two")
    """
    if not holds:
        raise AssertionError(sentence)


def _of_the_kit(suite: type) -> bool:
    return suite.__module__.startswith(f"{__package__}.")
