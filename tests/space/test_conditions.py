from __future__ import annotations

import itertools

import numpy as np
import pytest

from unitune.errors import SpaceError
from unitune.space import Bool, Categorical, Condition, Const, Float, Int, Space

SGD = Categorical(["sgd", "adam", "rmsprop"])


def conditions(parent, wanted):
    return Space({"p": parent, "x": Float(0, 1, when={"p": wanted})}).conditions["x"]


@pytest.mark.parametrize(
    ("parent", "wanted", "values"),
    [
        (SGD, "adam", ("adam",)),
        (SGD, ["rmsprop", "sgd", "sgd"], ("sgd", "rmsprop")),
        (SGD, {"rmsprop", "sgd"}, ("sgd", "rmsprop")),
        (SGD, frozenset({"adam"}), ("adam",)),
        (SGD, np.array(["adam", "sgd"]), ("sgd", "adam")),
        (Int(1, 5), 3, (3,)),
        (Int(1, 5), np.int64(3), (3,)),
        (Int(1, 5), range(2, 4), (2, 3)),
        (Int(1, 5), (5, 1), (1, 5)),
        (Float(0, 1, step=0.1), 0.1 + 0.2, (0.3,)),
        (Float(0, 1, step=0.1), [1, 0], (0.0, 1.0)),
        (Bool(), True, (True,)),
        (Bool(), [True, False], (False, True)),
        (Const("only"), "only", ("only",)),
        (Const("only"), ["only"], ("only",)),
        (Categorical([None, 1]), None, (None,)),
        (Categorical([(3, 3), (5, 5)]), (3, 3), ((3, 3),)),
        (Categorical([(3, 3), (5, 5), 1]), [(5, 5), (3, 3)], ((3, 3), (5, 5))),
        (Categorical([[1, 2], [3]]), [1, 2], ([1, 2],)),
        (Categorical([[], [3]]), [], ([],)),
        (Categorical(["a", "b", ["a", "b"]]), ("a", "b"), ("a", "b")),
        (Categorical(["a", "b", ["a", "b"]]), [["a", "b"]], (["a", "b"],)),
    ],
)
def test_a_clause_names_one_value_or_several_in_the_parents_order(parent, wanted, values):
    (condition,) = conditions(parent, wanted)
    assert condition == Condition("p", values)
    assert list(map(type, condition.values)) == list(map(type, values))


@pytest.mark.parametrize(
    ("parent", "wanted"),
    [
        (Categorical(["a", "b", ["a", "b"]]), ("a", "b")),
        (Categorical(["a", "b", ["a", "b"]]), [["a", "b"]]),
        (Categorical([(1, 2), 1, 2]), [(1, 2)]),
        (Categorical([(1, 2), 1, 2]), [1, 2]),
        (SGD, {"adam", "sgd"}),
    ],
)
def test_what_a_space_writes_as_when_means_the_same_when_read_again(parent, wanted):
    space = Space({"p": parent, "x": Float(0, 1, when={"p": wanted})})
    again = Space(dict(space))
    assert again == space
    assert again.conditions == space.conditions


def test_the_very_choice_is_the_conditions_value():
    choice = (1, 2)
    (condition,) = conditions(Categorical([choice, 3]), (1, 2))
    assert condition.values[0] is choice


def test_a_true_is_not_a_one():
    space = Space({"p": Categorical([1, True]), "x": Bool(when={"p": True})})
    assert space.contains({"p": 1})
    assert not space.contains({"p": 1, "x": True})
    assert space.contains({"p": True, "x": True})


def test_a_condition_shows_itself_in_words():
    assert str(Condition("p", ("a",))) == "p='a'"
    assert str(Condition("p", (1, 2))) == "p in [1, 2]"


def test_a_condition_holds_only_while_its_parent_is_there():
    assert Condition("p", (1,)).holds({"p": 1})
    assert not Condition("p", (1,)).holds({"p": 2})
    assert not Condition("p", (1,)).holds({})


REFUSED = [
    ({"x": Bool(when={"q": 1}), "p": Bool()}, ["'x'", "'q'", "not in the space", "Known: p."]),
    ({"x": Bool(when={"lern": 1}), "learn": Bool()}, ["Did you mean 'learn'?"]),
    ({"p": Float(0, 1), "x": Bool(when={"p": 0.5})}, ["'x'", "continuous", "give it a step"]),
    ({"p": SGD, "x": Bool(when={"p": "lion"})}, ["'x'", "cannot occur", "'lion'", "'sgd'"]),
    ({"p": SGD, "x": Bool(when={"p": ["sgd", "lion"]})}, ["'x'", "'lion'", "Use its values"]),
    ({"p": SGD, "x": Bool(when={"p": []})}, ["'x'", "given no value"]),
    ({"p": Int(1, 5), "x": Bool(when={"p": 6})}, ["takes 1 to 5, not 6"]),
    ({"p": Int(1, 5), "x": Bool(when={"p": 2.0})}, ["takes whole numbers"]),
    ({"p": Int(1, 5), "x": Bool(when={"p": range(4, 7)})}, ["takes 1 to 5, not 6"]),
    ({"p": Int(1, 5, step=2), "x": Bool(when={"p": 2})}, ["in steps of 2"]),
    ({"p": Float(0, 1, step=0.1), "x": Bool(when={"p": 0.25})}, ["in steps of 0.1"]),
    ({"p": Bool(), "x": Bool(when={"p": 1})}, ["[False, True], not 1"]),
    ({"p": Const(3), "x": Bool(when={"p": 4})}, ["is the constant 3, not 4"]),
    ({"p": SGD, "x": Bool(when="sgd")}, ["'x'", "give a dict of parent names"]),
    ({"p": SGD, "x": Bool(when={})}, ["'x'", "give a dict of parent names"]),
    ({"p": SGD, "x": Bool(when=[("p", "sgd")])}, ["'x'", "give a dict of parent names"]),
    ({"x": Bool(when={"x": True})}, ["circle: x -> x"]),
    ({"a": Bool(when={"b": True}), "b": Bool(when={"a": True})}, ["circle: a -> b -> a"]),
    (
        {
            "z": Bool(),
            "a": Bool(when={"z": True, "b": True}),
            "b": Bool(when={"c": True}),
            "c": Bool(when={"a": True}),
        },
        ["circle: a -> b -> c -> a"],
    ),
    (
        {"p": SGD, "m": Bool(when={"p": "sgd"}), "x": Bool(when={"m": True, "p": "adam"})},
        ["'x' can never be there", "'p'", "exclude each other"],
    ),
    (
        {
            "p": Int(1, 3),
            "m": Bool(when={"p": [1, 2]}),
            "n": Bool(when={"p": [2, 3]}),
            "k": Bool(when={"m": True, "n": True}),
            "x": Bool(when={"k": True, "p": [1, 3]}),
        },
        ["'x' can never be there", "'p'"],
    ),
]


@pytest.mark.parametrize(("parameters", "words"), REFUSED)
def test_an_impossible_condition_is_refused_by_name_with_the_mend(parameters, words):
    with pytest.raises(SpaceError) as refusal:
        Space(parameters)
    for word in words:
        assert word in str(refusal.value)


def test_parents_move_ahead_of_their_children_and_nothing_else_moves():
    space = Space(
        {
            "z": Bool(),
            "leaf": Bool(when={"stem": True}),
            "y": Bool(),
            "stem": Bool(when={"root": 1}),
            "root": Int(0, 1),
        }
    )
    assert list(space) == ["z", "root", "stem", "leaf", "y"]


def test_the_ancestry_names_every_ancestor_with_the_values_all_conditions_leave():
    space = Space(
        {
            "p": Int(1, 4),
            "m": Bool(when={"p": [1, 2, 3]}),
            "x": Bool(when={"m": True, "p": [2, 3, 4]}),
        }
    )
    assert space.ancestries == {"p": {}, "m": {"p": (1, 2, 3)}, "x": {"p": (2, 3), "m": (True,)}}


def test_ancestors_come_eldest_first_whatever_order_the_conditions_have():
    space = Space(
        {
            "p": Int(1, 4),
            "m": Bool(when={"p": [1, 2, 3]}),
            "n": Bool(when={"m": True, "p": [1, 2]}),
            "x": Bool(when={"n": True, "m": [False, True], "p": [2, 3]}),
        }
    )
    assert list(space.ancestries["x"].items()) == [("p", (2,)), ("m", (True,)), ("n", (True,))]


@pytest.mark.parametrize("order", [iter, reversed])
def test_a_thousand_conditions_may_hang_on_one_another(order):
    parameters = {"p0": Bool()}
    for i in range(1, 1100):
        parameters[f"p{i}"] = Bool(when={f"p{i - 1}": True})
    space = Space({name: parameters[name] for name in order(list(parameters))})
    assert list(space) == list(parameters)
    assert list(space.ancestries["p1099"]) == list(parameters)[:-1]
    assert space.size == space.grid_size() == 1101
    assert [len(config) for config in itertools.islice(space.grid(), 2)] == [1, 2]


@pytest.mark.parametrize("known", [2, 60])
def test_conditions_may_name_several_related_ancestors(known):
    # Naming two leaves a Fibonacci number of ways up, naming all a power of two.
    parameters = {"p0": Bool()}
    for i in range(1, 60):
        parents = range(max(0, i - known), i)
        parameters[f"p{i}"] = Bool(when={f"p{j}": True for j in parents})
    space = Space(parameters)
    assert space.ancestries["p59"] == {f"p{j}": (True,) for j in range(59)}
    assert Space.from_dict(space.to_dict()).ancestries == space.ancestries


def test_a_hundred_thousand_choices_may_be_named_by_a_condition():
    words = [f"word {i}" for i in range(100_000)]
    space = Space({"p": Categorical(words), "x": Bool(when={"p": words[::2]})})
    assert space.conditions["x"][0].values == tuple(words[::2])
    assert space.size == 50_000 * 2 + 50_000
    assert space.coerce({"p": words[-1]}) == {"p": words[-1]}
