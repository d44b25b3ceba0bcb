"""When two choices count as one: equal, and of the same type all the way down."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable
from typing import Any


def same(a: Any, b: Any) -> bool:
    """Return whether two objects are the same choice.

    Equality alone will not do: 1, 1.0 and True are equal and three different choices, NaN is
    not equal to itself, and comparing arrays gives no truth value.

    Example:
        >>> same(1, True), same((1, "a"), (1, "a")), same(float("nan"), float("nan"))
        (False, True, True)
    """
    if a is b:
        return True
    if type(a) is not type(b):
        return False
    if isinstance(a, tuple | list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(value, b[key]) for key, value in a.items())
    if isinstance(a, float) and math.isnan(a):
        return math.isnan(b)
    try:
        return bool(a == b)
    except Exception:  # noqa: BLE001 - an object that cannot be compared is only itself
        return False


def key(value: Any) -> Hashable | None:
    """Return what is equal for objects that are the same, and for no others; None: nothing is.

    Plain values have one, and tuples and lists of them.

    Example:
        >>> key(1) == key(True), key([1, "a"]) == key([1, "a"]), key({})
        (False, True, None)
    """
    kind = type(value)
    if value is None or kind in (bool, int, str, bytes):
        return kind, value
    if kind is float:
        return kind, None if math.isnan(value) else value
    if kind in (tuple, list):
        keys = tuple(map(key, value))
        return None if None in keys else (kind, keys)
    return None


class Places:
    """Where objects stand in a row: by identity, or else by which is the same.

    Objects that have a `key` are found by it, however many there are; only the others are
    compared one after another.

    Args:
        row: the objects, no two of them the same.

    Example:
        >>> places = Places([None, 1, True])
        >>> places.find(True), places.find(1.0), places.add("new"), places.add(1)
        (2, None, 3, 1)
    """

    __slots__ = ("_by_identity", "_by_key", "_keyless", "_row")

    def __init__(self, row: Iterable[Any] = ()) -> None:
        self._row: list[Any] = []
        self._by_identity: dict[int, int] = {}
        self._by_key: dict[Hashable, int] = {}
        self._keyless: list[int] = []
        for item in row:
            self.add(item)

    def find(self, item: Any) -> int | None:
        """Return the place of an object; None if it has none."""
        # What a choice holds may have been changed since; it is the same choice all the same.
        if id(item) in self._by_identity:
            return self._by_identity[id(item)]
        own = key(item)
        if own is not None:
            return self._by_key.get(own)
        return next((place for place in self._keyless if same(self._row[place], item)), None)

    def add(self, item: Any) -> int:
        """Return the place of an object, at the end of the row if it had none."""
        known = self.find(item)
        if known is not None:
            return known
        place, own = len(self._row), key(item)
        self._row.append(item)
        self._by_identity[id(item)] = place
        if own is None:
            self._keyless.append(place)
        else:
            self._by_key[own] = place
        return place
