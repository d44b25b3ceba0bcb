"""A handful of objects: Categorical, Bool and Const."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from unitune.errors import SpaceError
from unitune.space.record import Record, When, check_points, plain
from unitune.space.sameness import Places, same


class _Discrete(Record):
    """What Categorical and Bool share: a handful of objects known by their index."""

    __slots__ = ("__dict__",)  # holds the places, which are no field
    _POSITIONAL: ClassVar[int] = 1

    if TYPE_CHECKING:  # Categorical has it as a field, Bool as a constant

        @property
        def choices(self) -> Sequence[Any]: ...

    @property
    def size(self) -> float:
        return len(self.choices)

    def index(self, value: Any) -> int:
        """Return which choice a value is: the very object, or one of equal type and value."""
        place = self._places.find(value)
        if place is not None:
            return place
        own = plain(value)
        if own is not value:
            return self.index(own)
        raise SpaceError(f"has the choices {list(self.choices)!r}, not {value!r}")

    def quantile(self, u: float) -> Any:
        return self.choices[min(int(u * len(self.choices)), len(self.choices) - 1)]

    def coerce(self, value: Any) -> Any:
        return self.choices[self.index(value)]

    def grid(self, points: int | None) -> list[Any]:
        check_points(points)
        return list(self.choices)

    @cached_property
    def _places(self) -> Places:
        return Places(self.choices)


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Categorical(_Discrete):
    """One of several objects of any kind, each as likely; the very object comes back.

    Args:
        choices: the objects; None, tuples, dicts, callables and mixed types are all welcome.
        ordered: whether the order means something ('small' < 'medium' < 'large'), so that
            backends may treat neighbours as alike.
        when: parent values under which the parameter is there; see `Float`.

    Example:
        >>> Categorical([None, (3, 3), max]).coerce((3, 3))
        (3, 3)
    """

    choices: Sequence[Any]
    _: KW_ONLY
    ordered: bool = False
    when: When = None

    def checked(self) -> Categorical:
        given: Any = self.choices
        # numpy arrays hold numpy scalars, which would reach the objective
        given = given.tolist() if hasattr(given, "tolist") else given
        if isinstance(given, set | frozenset):
            raise SpaceError(
                f"has the set {given!r} for choices, whose order no seed fixes; give a list"
            )
        if isinstance(given, str | bytes | Mapping) or not isinstance(given, Iterable):
            raise SpaceError(f"has choices {given!r}; give them as a list")
        choices = tuple(given)
        if not choices:
            raise SpaceError("has no choices; give at least one")
        places = Places()
        for i, choice in enumerate(choices):
            if places.add(choice) < i:
                raise SpaceError(f"has the choice {choice!r} twice; leave one out")
        if not isinstance(self.ordered, bool):
            raise SpaceError(f"has ordered={self.ordered!r}; give True or False")
        return dataclasses.replace(self, choices=choices)


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Bool(_Discrete):
    """False or True.

    Args:
        when: parent values under which the parameter is there; see `Float`.

    Example:
        >>> from unitune import Categorical, Space
        >>> space = Space({
        ...     "optimizer": Categorical(["sgd", "adam"]),
        ...     "nesterov": Bool(when={"optimizer": "sgd"}),
        ... })
        >>> space.size
        3
    """

    _POSITIONAL: ClassVar[int] = 0
    choices: ClassVar[tuple[bool, bool]] = (False, True)
    _: KW_ONLY
    when: When = None

    def checked(self) -> Bool:
        return self


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Const(Record):
    """A value that every config has and no backend sees.

    Args:
        value: any object.
        when: parent values under which the parameter is there; see `Float`.

    Example:
        >>> from unitune import Float, Space
        >>> sorted(Space({"x": Float(0, 1), "data": Const("digits")}).sample(0))
        ['data', 'x']
    """

    _POSITIONAL: ClassVar[int] = 1
    value: Any
    _: KW_ONLY
    when: When = None

    @property
    def choices(self) -> tuple[Any, ...]:
        """The one value, so that a constant can be a parent like any choice."""
        return (self.value,)

    @property
    def size(self) -> float:
        return 1

    def checked(self) -> Const:
        return self

    def quantile(self, u: float) -> Any:
        return self.value

    def coerce(self, value: Any) -> Any:
        if any(v is self.value or same(v, self.value) for v in (value, plain(value))):
            return self.value
        raise SpaceError(f"is the constant {self.value!r}, not {value!r}")

    def grid(self, points: int | None) -> list[Any]:
        check_points(points)
        return [self.value]
