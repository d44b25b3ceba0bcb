from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from spaces import CONDITIONAL, EVERY_KIND, MIXED, activation
from strategies import spaces

from unitune.errors import SpaceError
from unitune.space import Bool, Categorical, Const, Float, Int, Space

OBJECTS = [None, True, 1, 1.0, (1, 2), {"a": 1}, activation, "1"]


def through_json(space, **given_again):
    return Space.from_dict(json.loads(json.dumps(space.to_dict())), **given_again)


@given(spaces())
def test_a_space_comes_back_from_json_as_it_was(space):
    assert through_json(space) == space


@pytest.mark.parametrize("space", [MIXED, CONDITIONAL])
def test_the_shared_spaces_come_back_from_json(space):
    assert through_json(space) == space


def test_the_json_has_no_constants_that_other_readers_refuse():
    space = Space({"c": Categorical([math.nan, math.inf, -math.inf, 0.5])})
    text = json.dumps(space.to_dict(), allow_nan=False)
    assert Space.from_dict(json.loads(text)) == space


def test_the_form_is_fixed_so_that_old_files_can_be_read():
    space = Space(
        {
            "p": Categorical([(1, 2), None], ordered=True),
            "x": Float(1e-5, 0.1, scale="log", when={"p": None}),
            "n": Int(1, 9, step=2),
            "b": Bool(when={"n": [3, 5]}),
            "c": Const("on"),
        }
    )
    assert space.to_dict() == {
        "unitune_space": 1,
        "parameters": {
            "p": {"type": "Categorical", "choices": [{"$tuple": [1, 2]}, None], "ordered": True},
            "x": {"type": "Float", "low": 1e-5, "high": 0.1, "scale": "log", "when": {"p": [1]}},
            "n": {"type": "Int", "low": 1, "high": 9, "step": 2},
            "b": {"type": "Bool", "when": {"n": [3, 5]}},
            "c": {"type": "Const", "value": "on"},
        },
        "constraints": [],
    }


def test_choices_that_json_cannot_hold_are_asked_for_by_name():
    data = json.loads(json.dumps(EVERY_KIND.to_dict()))
    with pytest.raises(SpaceError, match=r"'objects' was stored with .*activation.*objects="):
        Space.from_dict(data)
    again = Space.from_dict(data, objects={"objects": OBJECTS})
    assert again == EVERY_KIND
    assert again["objects"].choices[6] is activation


def test_an_object_inside_a_tuple_is_asked_for_too():
    space = Space({"pair": Categorical([(1, activation), 2])})
    with pytest.raises(SpaceError, match="'pair' was stored with"):
        through_json(space)
    assert through_json(space, objects={"pair": [(1, activation), 2]}) == space


def test_an_object_that_is_a_constant_is_given_again_in_a_list():
    space = Space({"act": Const(activation)})
    with pytest.raises(SpaceError, match="objects="):
        through_json(space)
    assert through_json(space, objects={"act": [activation]}) == space


def test_conditions_on_objects_are_kept_by_index():
    space = Space(
        {"act": Categorical([max, activation]), "a": Float(0, 1, when={"act": activation})}
    )
    again = through_json(space, objects={"act": [max, activation]})
    assert again == space
    assert again.contains({"act": activation, "a": 0.5})
    assert not again.contains({"act": max, "a": 0.5})


@pytest.mark.parametrize("given_again", [[max], [max, activation, min], []])
def test_too_few_or_too_many_objects_are_refused(given_again):
    space = Space({"act": Categorical([max, activation])})
    with pytest.raises(SpaceError, match="stored with 2 choices and objects= gives"):
        through_json(space, objects={"act": given_again})


def test_no_object_for_a_constant_is_refused():
    with pytest.raises(SpaceError, match="stored with 1 choices and objects= gives 0"):
        through_json(Space({"act": Const(max)}), objects={"act": []})


@pytest.mark.parametrize(
    ("given_again", "words"),
    [
        ({"objects": {"akt": [max]}}, "objects= names 'akt', .*leave it out. Did you mean 'act'?"),
        ({"objects": {"x": [1]}}, "objects= gives choices for 'x', a Float, which has none"),
        ({"constraints": {"rulle": max}}, "constraints= names 'rulle', .*Did you mean 'rule'?"),
    ],
)
def test_names_that_the_stored_space_does_not_have_are_refused(given_again, words):
    space = Space({"act": Categorical([max, min]), "x": Float(0, 1)}, {"rule": lambda config: True})
    needed = {"objects": {"act": [max, min]}, "constraints": {"rule": max}}
    with pytest.raises(SpaceError, match=words):
        through_json(space, **{name: needed[name] | given_again.get(name, {}) for name in needed})


def test_numpy_choices_and_subclasses_count_as_objects():
    space = Space({"c": Categorical([np.float64(0.5), np.float64(1.5)])})
    with pytest.raises(SpaceError, match="objects="):
        through_json(space)


def test_constraints_are_kept_by_name_and_given_again():
    def positive(config):
        return config["x"] > 0

    space = Space({"x": Float(-1, 1)}, [positive])
    with pytest.raises(SpaceError, match="'positive' is stored by name only"):
        through_json(space)
    assert through_json(space, constraints={"positive": positive}) == space


def parameters(**fields):
    return {"unitune_space": 1, "constraints": [], "parameters": fields}


DAMAGED = [
    None,
    [],
    "space",
    {},
    {"unitune_space": 2, "parameters": {}, "constraints": []},
    {"unitune_space": 1},
    {"unitune_space": 1, "parameters": {}},
    {"unitune_space": 1, "parameters": [], "constraints": []},
    {"unitune_space": 1, "parameters": {}, "constraints": 3},
    parameters(),
    parameters(x=3),
    parameters(x={}),
    parameters(x={"type": "Path"}),
    parameters(x={"type": ["Float"]}),
    parameters(x={"type": "Float", "low": 0}),
    parameters(x={"type": "Float", "low": 0, "high": 1, "call": "os.system"}),
    parameters(x={"type": "Float", "low": 1, "high": 0}),
    parameters(x={"type": "Bool", "choices": [1, 2]}),
    parameters(x={"type": "Categorical"}),
    parameters(x={"type": "Categorical", "choices": 5}),
    parameters(x={"type": "Categorical", "choices": [{"$tuple": 1}]}),
    parameters(x={"type": "Categorical", "choices": [{"$set": [1]}]}),
    parameters(x={"type": "Categorical", "choices": [{"a": 1, "b": 2}]}),
    parameters(x={"type": "Categorical", "choices": [{"$float": "one"}]}),
    parameters(x={"type": "Const"}),
    parameters(x={"type": "Bool", "when": {"y": [0]}}),
    parameters(x={"type": "Bool", "when": 3}),
    parameters(p={"type": "Bool"}, x={"type": "Bool", "when": {"p": [2]}}),
    parameters(p={"type": "Bool"}, x={"type": "Bool", "when": {"p": [-1]}}),
    parameters(p={"type": "Bool"}, x={"type": "Bool", "when": {"p": []}}),
    parameters(p={"type": "Int", "low": 0, "high": 1}, x={"type": "Bool", "when": {"p": [7]}}),
    parameters(
        p={"type": "Int", "low": 0, "high": 1},
        x={"type": "Bool", "when": {"p": [{"$object": "0"}]}},
    ),
]


@pytest.mark.parametrize("data", DAMAGED, ids=lambda data: repr(data)[:70])
def test_damaged_data_is_refused_by_a_sentence(data):
    with pytest.raises(SpaceError) as refusal:
        Space.from_dict(data)
    assert str(refusal.value).endswith(".")


def test_reading_loads_no_code():
    data = parameters(x={"type": "Categorical", "choices": [{"$object": "__import__('os')"}, 1]})
    with pytest.raises(SpaceError, match="JSON cannot hold"):
        Space.from_dict(data)
