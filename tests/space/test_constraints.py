from __future__ import annotations

import pytest

from unitune.errors import SpaceError
from unitune.space import Float, Space
from unitune.space.constraints import Constraint, read_constraints


def ordered(config):
    return config["a"] < config["b"]


def test_functions_bring_their_own_names():
    assert read_constraints([ordered]) == (Constraint("ordered", ordered),)


def test_a_dict_gives_names():
    assert [c.name for c in read_constraints({"first": ordered, "second": ordered})] == [
        "first",
        "second",
    ]


@pytest.mark.parametrize(
    ("given", "mend"),
    [
        ([ordered, ordered], "Two constraints are called 'ordered'; give them names"),
        ([lambda c: True, lambda c: False], "Two constraints are called '<lambda>'"),
        ({3: ordered}, "Constraint names are non-empty strings, not 3; name what it demands"),
        ({"": ordered}, "Constraint names are non-empty strings, not ''"),
        ({None: ordered}, "Constraint names are non-empty strings, not None"),
        ({"first": 3}, "Constraint 'first' is 3; give a function of the config"),
        (["a < b"], "give a function of the config"),
        (ordered, "give a dict of names and predicates"),
        (7, "give a dict of names and predicates"),
    ],
)
def test_a_bad_constraint_is_refused_with_the_mend(given, mend):
    with pytest.raises(SpaceError) as refusal:
        Space({"a": Float(0, 1), "b": Float(0, 1)}, given)
    assert mend in str(refusal.value)


def test_the_verdict_is_a_plain_truth_value():
    assert Constraint("c", lambda config: [1]).allows({}) is True
    assert Constraint("c", lambda config: "").allows({}) is False


def test_a_predicate_that_fails_is_named_with_its_error_and_the_config():
    with pytest.raises(SpaceError) as refusal:
        Constraint("ordered", ordered).allows({"a": 1})
    for word in ("'ordered'", "KeyError", "'a': 1", "config.get"):
        assert word in str(refusal.value)
    assert isinstance(refusal.value.__cause__, KeyError)


def test_a_predicate_cannot_change_the_config():
    config = {"a": 1}
    assert Constraint("greedy", lambda c: c.pop("a")).allows(config)
    assert config == {"a": 1}


def test_a_constraint_called_like_a_parameter_is_refused():
    with pytest.raises(SpaceError, match="'x' is called like a parameter"):
        Space({"x": Float(0.0, 1.0)}, {"x": lambda config: True})
