"""What a suite says of the backend it is for, and what its checks begin with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar

import pytest

from unitune.backend import Mode
from unitune.capabilities import BackendSpec, Method
from unitune.errors import OptionError
from unitune.plugins import find_backend, find_method, missing
from unitune.space import Space
from unitune.testing.spaces import PLANE, TINY, negative_loss, plane_loss
from unitune.testing.stepping import (
    Asked,
    Setting,
    by_value,
    searchable,
    setting,
    takeable,
)
from unitune.testing.suite import METHOD, Suite

# No library that we know of draws more proposals at random before it learns.
ENOUGH = 20

# Raw values by name, proposal by proposal.
Raws = list[dict[str, Any]]


class MethodSuite(Suite):
    """Checks that are run for each method of a backend.

    Attributes:
        backend: the backend's name.
        methods: those to check; None for all.
        startup: how many proposals a learning method draws at random before it begins to learn,
            for all methods or by method; every check runs past them. Where it is not said, 20 are
            taken, and their laws are not checked.
        beyond: how many trials checks run past that, for all methods or by method.
        options: options by method, for those that are dear with the library's own.
        lesson: how many trials checks of learning run past the random ones, for all methods or by
            method; they look at the second half of them.
    """

    backend: ClassVar[str] = ""
    methods: ClassVar[tuple[str, ...] | None] = None
    startup: ClassVar[int | Mapping[str, int]] = MappingProxyType({})
    beyond: ClassVar[int | Mapping[str, int]] = 12
    options: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    lesson: ClassVar[int | Mapping[str, int]] = 40

    @classmethod
    def spec(cls) -> BackendSpec:
        """Return the backend's record."""
        if not cls.backend:
            raise OptionError(f"{cls.__name__} names no backend: set backend = 'its name'.")
        return find_backend(cls.backend)

    @classmethod
    def names(cls) -> list[str]:
        spec = cls.spec()
        chosen = spec.method_names() if cls.methods is None else cls.methods
        return [find_method(spec, name).name for name in chosen]

    @pytest.fixture(autouse=True)
    def _look_for_libraries(self, request: pytest.FixtureRequest) -> None:
        """Fail without the backend's own library; skip methods that need a further one."""
        lack = missing(self.spec())
        if lack is not None:
            pytest.fail(f"Nothing can be checked. {lack}", pytrace=False)
        params = request.node.callspec.params if hasattr(request.node, "callspec") else {}
        lack = missing(self.spec(), self.described(params[METHOD])) if METHOD in params else None
        if lack is not None:
            pytest.skip(lack)

    def described(self, method: str) -> Method:
        """Return a method's record."""
        return find_method(self.spec(), method)

    def random_start(self, method: str) -> int:
        """Return how many proposals a method draws before it learns; 0 if it does not learn."""
        if not self.described(method).learns:
            return 0
        return by_method(self.startup, method, ENOUGH)

    def knows_start(self, method: str) -> bool:
        """Return whether the suite says how many proposals a method draws at random."""
        return isinstance(self.startup, int) or method in self.startup

    def past_start(self, method: str) -> int:
        """Return how many trials a check runs past the random ones."""
        return by_method(self.beyond, method, 12)

    def length(self, method: str) -> int:
        """Return how many trials a check runs."""
        return self.random_start(method) + self.past_start(method)

    def lessons(self, method: str) -> int:
        """Return how many trials a check of learning runs past the random ones."""
        return by_method(self.lesson, method, 40)

    def prepared(self, space: Space, method: str) -> Setting:
        """Return a method ready to be opened on what it takes of a space."""
        taken = takeable(space, self.backend, method)
        if not searchable(taken):
            pytest.skip(f"method {method!r} takes nothing of {', '.join(space)}")
        return setting(taken, self.backend, method, self.options.get(method))

    def trace(self, method: str, seed: int, *, negative: bool = False, mode: Mode = "min") -> Raws:
        """Return what a method proposes on PLANE, one by one; made once for all checks."""
        key = ("trace", method, seed, negative, mode)
        if key not in self.kept:
            study = self.prepared(PLANE, method).open(seed, mode=mode)
            judge = by_value(negative_loss if negative else plane_loss)
            self.kept[key] = raws(study.go(judge, self.length(method)))
        found: Raws = self.kept[key]
        return found

    def ends(self, method: str) -> bool:
        """Return whether a method comes to an end on a space of few configs."""
        key = ("ends", method)
        if key not in self.kept:
            tiny, count = self.prepared(TINY, method).open(0), 4 * int(TINY.size)
            self.kept[key] = len(tiny.go(by_value(lambda _: 0.0), count)) < count
        return bool(self.kept[key])

    def draws_only(self, method: str) -> bool:
        """Return whether every proposal of a method is to follow the laws of the parameters."""
        return not self.described(method).learns and method != "grid" and not self.ends(method)


class StudySuite(MethodSuite):
    """Checks that are run for each method of a backend that is asked and told.

    Attributes:
        twins: how many in a hundred proposals may repeat an earlier one while several trials are
            under way, or after a trial that came to nothing, for all methods or by method: genetic
            ones breed some.
    """

    twins: ClassVar[int | Mapping[str, int]] = 0

    def pairs(self, method: str) -> int:
        """Return how many pairs of studies decide at the least; the dearer, the fewer."""
        return max(1, self.lessons(method) // 8)

    def repeatable(self, method: str, count: int) -> float:
        """Return how many of so many proposals may repeat an earlier one."""
        return by_method(self.twins, method, 0) * count / 100


def raws(asked: Sequence[Asked]) -> Raws:
    """Return the raw values of proposals, in copies."""
    return [dict(each.values) for each in asked]


def by_method(setting: int | Mapping[str, int], method: str, default: int) -> int:
    """Return a suite's number for one method.

    Example:
        >>> by_method(20, "tpe", 5), by_method({"tpe": 10}, "tpe", 5), by_method({}, "gp", 5)
        (20, 10, 5)
    """
    return setting if isinstance(setting, int) else setting.get(method, default)
