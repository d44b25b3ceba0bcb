"""When two choices count as one: equal, and of the same type all the way down."""

from __future__ import annotations

import math
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
