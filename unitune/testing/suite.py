"""What all suites have in common: how checks find their methods, their seed and their gaps."""

from __future__ import annotations

import functools
import random
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar, ParamSpec

import numpy as np
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
        cls._refuse_overridden()

    @classmethod
    def names(cls) -> list[str]:
        """Return the methods, or whatever else the checks are run for one by one."""
        return []

    @classmethod
    def checks(cls) -> list[str]:
        """Return the names of the checks."""
        return sorted(name for name in dir(cls) if name.startswith("test"))

    @classmethod
    def _refuse_overridden(cls) -> None:
        for name in cls.checks():
            homes = [base for base in cls.__mro__ if name in vars(base)]
            if any(map(_of_the_kit, homes)) and not _of_the_kit(homes[0]):
                raise OptionError(
                    f"{homes[0].__name__} overrides the check {name!r}, so that it would pass "
                    f"whatever it does. Leave it, and list what fails as known = {{{name!r}: "
                    f"KnownFailure(...)}}."
                )

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Run a check that takes a method for each of them (pytest calls this)."""
        suite = type(self)
        try:
            names = suite.names()
            suite._refuse_overridden()  # of a suite that was changed after it was made
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
            node.obj = _not_skipped(node.obj, node.name)

    @pytest.fixture(autouse=True)
    def _keep_numpys_errors(self) -> Iterator[None]:
        errors = np.geterr()  # one plugin's fault is not to show in the checks of another one
        yield
        np.seterr(**errors)

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
        """Skip what follows where another check finds the fault that would show here as well.

        A known failure hides nothing: what follows is run, and shows what else there is.
        """
        method = next((each for each in given if isinstance(each, str)), None)
        known = find_known(self.known, check, method)
        try:
            getattr(self, check)(*given)
        except pytest.skip.Exception:
            return
        except Exception as error:  # noqa: BLE001 - whatever it is, that check reports it
            if known is None or not isinstance(error, known.raises):
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


def _not_skipped(check: Callable[..., None], name: str) -> Callable[..., None]:
    """Let a check fail where it would be skipped: what is not run is no known failure."""

    @functools.wraps(check)
    def run(*args: Any, **kwargs: Any) -> None:
        try:
            check(*args, **kwargs)
        except pytest.skip.Exception as skip:
            sentence = f"{name} is listed as a known failure, and it is skipped: {skip}. "
            pytest.fail(f"{sentence}Take it off the list.", pytrace=False)

    return run


def _of_the_kit(suite: type) -> bool:
    return suite.__module__.startswith(f"{__package__}.")
