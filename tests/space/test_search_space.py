from __future__ import annotations

import copy
import itertools
import math
import pickle
import random
from types import MappingProxyType

import cloudpickle
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from spaces import CONDITIONAL, EVERY_KIND, MIXED
from strategies import countable, spaces

from unitune.errors import SpaceError
from unitune.space import Bool, Categorical, Const, Float, Int, Space, as_space


def below(config):
    """A constraint that pickle can send."""
    return config["a"] < config["b"]


PAIR = Space({"a": Int(1, 4), "b": Int(1, 4)}, [below])


@pytest.mark.parametrize(
    ("parameters", "mend"),
    [
        ({}, "A space needs at least one parameter."),
        (None, "built from a dict of parameters, not None"),
        ([("x", Float(0, 1))], "built from a dict of parameters"),
        ({"": Bool()}, "Parameter names are non-empty strings, not ''"),
        ({3: Bool()}, "Parameter names are non-empty strings, not 3"),
        ({None: Bool()}, "Parameter names are non-empty strings, not None"),
        ({"x": 3}, "Parameter 'x' is 3; use Float, Int, Categorical or Bool, or Const(3)"),
        ({"x": [1, 2]}, "Const([1, 2])"),
        ({"x": Bool}, "Parameter 'x' is <class"),
        ({"x": (0.0, 1.0)}, "use Float"),
    ],
)
def test_what_is_no_space_is_refused_with_the_mend(parameters, mend):
    with pytest.raises(SpaceError) as refusal:
        Space(parameters)
    assert mend in str(refusal.value)


def test_the_refusal_is_a_value_error_too():
    with pytest.raises(ValueError, match="'x'"):
        Space({"x": Float(1, 0)})


def test_a_space_is_a_mapping_of_its_parameters():
    assert list(MIXED) == ["x", "lr", "momentum", "n", "units", "kind"]
    assert len(MIXED) == 6
    assert "lr" in MIXED
    assert "nothing" not in MIXED
    assert MIXED["n"] == Int(1, 64)
    assert dict(MIXED)["kind"].choices == ("a", "b", "c")
    with pytest.raises(KeyError):
        MIXED["nothing"]


def test_any_mapping_makes_a_space_and_a_space_is_one_already():
    assert as_space(MIXED) is MIXED
    assert as_space(MappingProxyType(dict(MIXED))) == MIXED
    with pytest.raises(SpaceError, match=r"not list.*from_optuna"):
        as_space([1])


def test_the_parameters_given_are_left_as_they_were():
    given_parameters = {"x": Float(0, 1), "p": Categorical(["a"])}
    Space(given_parameters)
    assert given_parameters["x"].low == 0
    assert type(given_parameters["x"].low) is int
    assert type(given_parameters["p"].choices) is list


def test_one_parameter_object_may_stand_under_two_names():
    flag = Bool()
    space = Space({"p": flag, "q": flag, "x": Bool(when={"p": True}), "y": Bool(when={"q": True})})
    assert Space.from_dict(space.to_dict()) == space


@given(spaces(), st.integers(0, 2**32))
def test_a_sample_lies_in_the_space_and_is_its_own_form(space, seed):
    config = space.sample(seed)
    assert space.contains(config)
    own = space.coerce(config)
    assert list(own) == list(config)
    assert all(own[name] is value or own[name] == value for name, value in config.items())
    assert [type(value) for value in own.values()] == [type(value) for value in config.values()]
    assert space.sample(random.Random(seed)) == space.sample(seed) or "nan" in repr(config)


@given(spaces())
def test_a_space_written_as_a_dict_and_read_again_is_equal(space):
    assert Space.from_dict(space.to_dict()) == space


@given(spaces())
def test_a_space_built_from_its_own_parameters_is_equal(space):
    again = Space(dict(space))
    assert again == space
    assert again.conditions == space.conditions


@given(spaces(of=countable()))
def test_the_grid_holds_every_config_once(space):
    assert space.size == space.grid_size()
    if space.size <= 3000:
        configs = list(space.grid())
        assert len(configs) == space.size
        assert len({repr(config) for config in configs}) == len(configs)
        assert all(map(space.contains, configs))


@given(spaces(), st.integers(1, 4))
def test_a_grid_with_points_has_the_size_it_says_and_lies_in_the_space(space, points):
    size = space.grid_size(points)
    if size <= 3000:
        configs = list(space.grid(points))
        assert len(configs) == size
        assert len({repr(config) for config in configs}) == size
        assert all(map(space.contains, configs))


@pytest.mark.parametrize("send", [pickle, cloudpickle, copy], ids=lambda m: m.__name__)
@given(space=spaces())
def test_spaces_survive_being_sent_and_copied(send, space):
    again = copy.deepcopy(space) if send is copy else pickle.loads(send.dumps(space))
    assert again == space
    assert again.conditions == space.conditions or "nan" in repr(space)


def test_constraints_are_sent_along():
    assert pickle.loads(pickle.dumps(PAIR)) == PAIR
    private = Space(dict(PAIR), {"apart": lambda c: c["a"] != c["b"]})
    again = cloudpickle.loads(cloudpickle.dumps(private))
    assert not again.contains({"a": 1, "b": 1})
    assert again.contains({"a": 2, "b": 1})


def test_seeds_fix_samples_and_numpys_generators_serve_too():
    assert MIXED.sample(3) == MIXED.sample(3) == MIXED.sample(np.int64(3)) != MIXED.sample(4)
    first, second = (MIXED.sample(np.random.default_rng(7)) for _ in range(2))
    assert first == second
    assert {type(v) for v in first.values()} == {float, int, str}


@pytest.mark.parametrize("rng", ["abc", 1.5, True, [1], object()])
def test_what_is_no_source_of_random_numbers_is_refused(rng):
    with pytest.raises(SpaceError, match=r"^Samples are drawn from .*give a seed"):
        MIXED.sample(rng)


def test_sampling_leaves_global_random_state_alone():
    random.seed(1)
    np.random.seed(1)  # noqa: NPY002 - the very state that must not move
    before = (random.getstate(), repr(np.random.get_state()))  # noqa: NPY002
    EVERY_KIND.sample()
    EVERY_KIND.sample(5)
    assert (random.getstate(), repr(np.random.get_state())) == before  # noqa: NPY002


def test_samples_leave_out_what_their_conditions_rule_out():
    names = {tuple(CONDITIONAL.sample(seed)) for seed in range(200)}
    base = ("lr", "optimizer")
    assert (*base, "momentum", "nesterov", "damping", "layers", "units_3") in names
    assert (*base, "layers") in names
    for config in (CONDITIONAL.sample(seed) for seed in range(200)):
        assert ("damping" in config) == (config.get("nesterov") is False)
        assert ("momentum" in config) == (config["optimizer"] != "adam")
        assert ("units_3" in config) == (config["layers"] == 3)


def test_samples_keep_to_constraints():
    assert all(below(PAIR.sample(seed)) for seed in range(100))


def test_constraints_that_nothing_satisfies_end_sampling_with_a_sentence():
    space = Space({"x": Float(0, 1)}, {"never": lambda c: False})
    with pytest.raises(SpaceError, match=r"'never'.*Loosen the constraints"):
        space.sample(0)


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"a": 1}, "Parameter 'b' has no value in the config; add one"),
        ({"a": 1, "b": 2, "c": 3}, "There is no parameter 'c' here"),
        ({"a": 1, "b": 9}, "Parameter 'b' takes 1 to 4, not 9"),
        ({"a": 2, "b": 2}, "breaks the constraint 'below'"),
        ([1, 2], "A config is a dict of values by name"),
        (None, "A config is a dict of values by name"),
    ],
)
def test_a_config_outside_is_refused_with_the_reason(config, words):
    assert not PAIR.contains(config)
    with pytest.raises(SpaceError) as refusal:
        PAIR.coerce(config)
    assert words in str(refusal.value)


def test_an_inactive_parameter_in_a_config_is_refused_with_what_it_needs():
    config = {"lr": 0.01, "optimizer": "adam", "momentum": 0.9, "layers": 1}
    with pytest.raises(SpaceError, match=r"'momentum' is there only when optimizer in \['sgd'"):
        CONDITIONAL.coerce(config)


def test_coerce_puts_a_config_in_order_and_leaves_it_as_it_was():
    config = {"units_3": np.int64(8), "layers": 3, "optimizer": "adam", "lr": 0.1}
    own = CONDITIONAL.coerce(config)
    assert list(own.items()) == [("lr", 0.1), ("optimizer", "adam"), ("layers", 3), ("units_3", 8)]
    assert type(own["units_3"]) is int
    assert list(config) == ["units_3", "layers", "optimizer", "lr"]


def test_the_broken_constraint_is_named():
    assert PAIR.broken_constraint({"a": 3, "b": 1}) == "below"
    assert PAIR.broken_constraint({"a": 1, "b": 3}) is None


def test_the_grid_goes_in_order_with_the_last_parameter_fastest():
    space = Space({"n": Int(1, 2), "c": Categorical(["a", "b"])})
    assert [tuple(config.values()) for config in space.grid()] == [
        (1, "a"),
        (1, "b"),
        (2, "a"),
        (2, "b"),
    ]


def test_the_grid_takes_points_by_name_and_leaves_out_broken_configs():
    space = Space({"x": Float(0, 1), "y": Float(0, 1)})
    assert space.grid_size({"x": 3, "y": 2}) == len(list(space.grid({"x": 3, "y": 2}))) == 6
    assert len(list(PAIR.grid())) == 6
    assert PAIR.grid_size() == PAIR.size == 16


@pytest.mark.parametrize("points", [0, -1, 2.5, "3", True, False, [3]])
@pytest.mark.parametrize("parameter", [Float(0, 1), Bool(), Const(1)])
def test_a_senseless_number_of_grid_points_is_refused(parameter, points):
    with pytest.raises(
        SpaceError, match=r"^Parameter 'x' cannot have .* grid points; give a whole"
    ):
        Space({"x": parameter}).grid(points)


def test_a_grid_goes_through_as_many_parameters_as_there_are():
    space = Space({f"x{i}": Int(0, 1) for i in range(1100)})
    first, second = itertools.islice(space.grid(), 2)
    assert first == dict.fromkeys(space, 0)
    assert second == {**first, "x1099": 1}


def test_grid_points_for_an_unknown_parameter_are_refused_with_the_nearest():
    with pytest.raises(SpaceError, match=r"no parameter 'momentun' here. Did you mean 'momentum'"):
        MIXED.grid_size({"momentun": 3})


def test_a_continuous_grid_without_points_is_refused_by_name():
    with pytest.raises(SpaceError, match=r"'y' is continuous, .*give points="):
        Space({"x": Int(0, 1), "y": Float(0, 1)}).grid_size({"x": 2})


def test_the_size_counts_configs_of_every_branch():
    space = Space(
        {
            "p": Categorical(["a", "b", "c"]),
            "n": Int(1, 5, when={"p": ["a", "b"]}),
            "m": Bool(when={"n": [1, 2]}),
            "q": Bool(),
        }
    )
    # of n's five values two bring m, so that a and b have 3 + 2 * 2 configs each
    assert space.size == (7 + 7 + 1) * 2
    assert CONDITIONAL.size == math.inf


def test_sizes_of_large_spaces_are_counted_without_walking_through_them():
    toggles = {f"use_{i}": Bool() for i in range(40)}
    details = {f"n_{i}": Int(1, 9, when={f"use_{i}": True}) for i in range(40)}
    assert Space({**toggles, **details}).size == 10**40
    fine = Space({"x": Float(0, 1, step=1e-9), "b": Bool(when={"x": [0.0, 0.5]})})
    assert fine.size == 10**9 + 3


def test_order_counts_in_equality_and_constraints_do_too():
    assert Space({"a": Bool(), "b": Int(0, 1)}) != Space({"b": Int(0, 1), "a": Bool()})
    assert Space(dict(PAIR)) != PAIR
    assert Space(dict(PAIR), [below]) == PAIR
    assert PAIR != "a space"
    with pytest.raises(TypeError):
        hash(PAIR)


def test_the_repr_is_the_definition():
    space = Space({"n": Int(1, 3), "b": Bool(when={"n": 2})}, {"rule": lambda c: True})
    assert repr(space) == (
        "Space({\n    'n': Int(1, 3),\n    'b': Bool(when={'n': 2}),\n}, constraints=['rule'])"
    )
    assert eval(repr(Space({"c": Const(1)})), {"Space": Space, "Const": Const})["c"].value == 1
