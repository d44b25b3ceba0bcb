from __future__ import annotations

import numpy as np
import pytest

from unitune.space.sameness import same

NAN = float("nan")


class Incomparable:
    def __eq__(self, other):
        raise TypeError("no")

    __hash__ = None


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (1, 1),
        ("a", "a"),
        (None, None),
        (NAN, float("nan")),
        ((1, [2, {"k": NAN}]), (1, [2, {"k": float("nan")}])),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        (max, max),
        (np.float64(1), np.float64(1)),
        (0.0, -0.0),
    ],
)
def test_equal_objects_of_one_type_are_the_same(a, b):
    assert same(a, b)
    assert same(b, a)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (1, True),
        (1, 1.0),
        (0, False),
        ((1, 2), [1, 2]),
        ((1,), (True,)),
        ([1, 2], [1, 2, 3]),
        ({"a": 1}, {"a": 1.0}),
        ({"a": 1}, {"b": 1}),
        (NAN, 0.0),
        ("1", 1),
        (np.float64(1), 1.0),
        (np.zeros(3), np.zeros(3)),
        (Incomparable(), Incomparable()),
        (max, min),
    ],
)
def test_objects_of_another_type_or_value_are_not_the_same(a, b):
    assert not same(a, b)
    assert not same(b, a)


def test_an_object_that_cannot_be_compared_is_itself():
    lonely, array = Incomparable(), np.zeros(3)
    assert same(lonely, lonely)
    assert same((array, lonely), (array, lonely))
