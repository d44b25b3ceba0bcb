from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spaces import CONDITIONAL, EVERY_KIND
from strategies import spaces

from unitune.errors import SpaceError
from unitune.journal.changes import space_changes
from unitune.journal.packing import pack_config
from unitune.space import Bool, Categorical, Const, Float, Int, Space


def stored(space):
    return json.loads(json.dumps((space if isinstance(space, Space) else Space(space)).to_dict()))


def compare(old, new):
    return space_changes(stored(old), new if isinstance(new, Space) else Space(new))


class Layer:
    """A choice whose repr holds its address."""


@given(spaces(), st.integers(0, 2**32))
def test_the_same_space_is_identical_and_reads_its_configs(space, seed):
    changes = compare(space, space)
    assert changes.identical
    changes.check("s")
    config = space.sample(seed)
    assert pack_config(space, changes.config(pack_config(space, config))) == pack_config(
        space, config
    )


@pytest.mark.parametrize("space", [EVERY_KIND, CONDITIONAL])
def test_the_same_space_with_every_kind_of_parameter_is_identical(space):
    assert compare(space, space).identical


def test_objects_are_compared_without_their_addresses():
    old, new = Categorical([Layer(), None, len]), Categorical([Layer(), None, len])
    assert compare({"layer": old}, {"layer": new}).identical
    assert compare({"layer": Const(Layer())}, {"layer": Const(Layer())}).identical


@pytest.mark.parametrize("choices", [["z", "a", "b"], ["a", "z", "b"], ["a", "b", "z", 1]])
def test_added_choices_are_accepted_at_any_place_and_old_configs_carry_over(choices):
    old, new = {"kind": Categorical(["a", "b"])}, Space({"kind": Categorical(choices)})
    changes = compare(old, new)
    assert not changes.identical
    changes.check("s")
    assert "'kind': it has the new choices 'z'" in changes.accepted[0]
    assert [changes.config({"kind": i}) for i in (0, 1)] == [{"kind": "a"}, {"kind": "b"}]


def test_choices_that_python_takes_for_equal_are_told_apart():
    changes = compare({"v": Categorical([1, 2])}, {"v": Categorical([True, 1.0, 1, 2])})
    assert type(changes.config({"v": 0})["v"]) is int
    assert compare({"v": Categorical([1, 2])}, {"v": Categorical([True, 2])}).refused


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (Float(0, 1), Float(-1, 2)),
        (Float(1e-3, 1, scale="log"), Float(1e-4, 1, scale="log")),
        (Int(1, 9), Int(1, 20)),
        (Int(4, 10, step=3), Int(1, 20, step=3)),
        (Float(0.3, 0.7, step=0.1), Float(0.1, 0.9, step=0.1)),
    ],
)
def test_wider_bounds_are_accepted_and_keep_the_values(old, new):
    changes = compare({"v": old}, {"v": new})
    assert (len(changes.accepted), changes.refused) == (1, ())
    for u in (0.0, 0.3, 0.6, 1.0):
        value = Space({"v": old})["v"].quantile(u)
        assert changes.config({"v": value}) == {"v": value}
        assert changes.space.contains(changes.config({"v": value}))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (Float(0, 1), Float(0, 0.5), "0.0 to 1.0, are now 0.0 to 0.5, which is not wider"),
        (Float(0, 1), Float(0.5, 2), "which is not wider"),
        (Float(1, 9), Int(1, 9), "Float is now Int"),
        (Float(1, 9), Float(1, 9, scale="log"), "its scale, linear, is now log"),
        (Int(1, 9), Int(1, 9, step=2), "its step, None, is now 2"),
        (Int(4, 10, step=3), Int(2, 20, step=3), "its steps no longer meet the old values"),
        (Categorical([1, 2]), Categorical([2, 3]), "its choices 1 are gone"),
        (Categorical(["a", "b"]), Categorical(["b", "a"]), "in another order"),
        (Categorical([1, 2]), Categorical([1, 2], ordered=True), "its ordered"),
        (Categorical([len]), Const(len), "Categorical is now Const"),
        (Const(1), Const(2), "its value, 1, is now 2"),
        (Const(1), Const(True), "its value, 1, is now True"),
        (Categorical([Layer()]), Categorical([Layer(), Layer()]), "look alike as text"),
    ],
)
def test_anything_else_is_refused_with_the_difference(old, new, words):
    changes = compare({"v": old, "w": Bool()}, {"v": new, "w": Bool()})
    assert len(changes.refused) == 1
    with pytest.raises(SpaceError) as caught:
        changes.check("digits")
    assert words in str(caught.value)
    assert "Study 'digits' was begun with another space:\n  'v': " in str(caught.value)


def test_new_lost_and_reordered_parameters_are_refused_one_by_one():
    old = {"a": Bool(), "b": Bool(), "c": Bool()}
    new = {"b": Bool(), "a": Bool(), "d": Bool()}
    assert compare(old, new).refused == (
        "'c': it is gone",
        "'d': it is new",
        "the order of the parameters, a, b, is now b, a",
    )


def test_constraints_are_compared_by_their_names():
    old = Space({"a": Bool()}, {"small": lambda c: True})
    assert compare(old, Space({"a": Bool()}, {"small": lambda c: True})).identical
    assert compare(old, {"a": Bool()}).refused == ("the constraints, small, are now none",)


def test_a_condition_on_a_choice_follows_the_choice_to_its_new_place():
    def space(choices, when):
        return Space({"kind": Categorical(choices), "n": Int(1, 3, when={"kind": when})})

    old = space(["a", "b"], ["b"])
    assert compare(old, space(["z", "a", "b"], ["b"])).refused == ()
    assert compare(old, space(["z", "a", "b"], ["b"])).config({"kind": 1, "n": 2}) == {
        "kind": "b",
        "n": 2,
    }
    assert compare(old, space(["z", "a", "b"], ["a"])).refused == (
        "'n': its when=, kind='b', is now kind='a'",
    )
    assert compare(old, space(["z", "a", "b"], ["b", "z"])).refused
    assert compare(old, {"kind": Categorical(["a", "b"]), "n": Int(1, 3)}).refused == (
        "'n': its when=, kind='b', is now none",
    )


@pytest.mark.parametrize("damage", [{}, {"parameters": {"v": {}}, "constraints": []}])
def test_a_damaged_space_is_said_to_be_damaged(damage):
    with pytest.raises(SpaceError, match="damaged"):
        space_changes(damage, Space({"v": Bool()}))
