from __future__ import annotations

import numpy as np
import pytest

from unitune.space.sameness import Places, key, same

NAN = float("nan")


class Incomparable:
    def __eq__(self, other):
        raise TypeError("no")

    __hash__ = None


SAME = pytest.mark.parametrize(
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
        ([], []),
        (((1,), b"a"), ((1,), b"a")),
    ],
)


@SAME
def test_equal_objects_of_one_type_are_the_same(a, b):
    assert same(a, b)
    assert same(b, a)


OTHER = pytest.mark.parametrize(
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
        (NAN, None),
        ("a", b"a"),
        ((), []),
    ],
)


@OTHER
def test_objects_of_another_type_or_value_are_not_the_same(a, b):
    assert not same(a, b)
    assert not same(b, a)


def test_an_object_that_cannot_be_compared_is_itself():
    lonely, array = Incomparable(), np.zeros(3)
    assert same(lonely, lonely)
    assert same((array, lonely), (array, lonely))


@SAME
def test_what_is_the_same_has_one_key_or_none_and_one_place(a, b):
    assert key(a) == key(b)
    assert Places([None, a]).find(b) == 1 or a is b is None
    assert Places([max, a]).add(b) == (0 if a is max else 1)


@OTHER
def test_what_is_not_the_same_has_two_places(a, b):
    assert key(a) is None or key(a) != key(b)
    assert Places([a]).find(b) is None
    assert Places([a]).add(b) == 1


def test_plain_values_have_keys_and_so_have_tuples_and_lists_of_them():
    assert None not in map(key, [None, True, 1, 1.5, NAN, "a", b"a", (1, [2, (None,)]), ()])
    assert list(map(key, [max, {}, np.float64(1), (1, {}), [max]])) == [None] * 5


def test_an_object_that_was_changed_keeps_its_place():
    first, second = [1], [2]
    places = Places([first, second])
    first[0] = 2
    assert (places.find(first), places.find(second)) == (0, 1)


def test_a_hundred_thousand_values_find_their_places_without_being_compared():
    row = [(i, str(i)) for i in range(100_000)]
    places = Places(row)
    assert [places.find((i, str(i))) for i in range(100_000)] == list(range(100_000))
