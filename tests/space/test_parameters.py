from __future__ import annotations

import copy
import pickle
from decimal import Decimal
from fractions import Fraction

import cloudpickle
import numpy as np
import pytest
from hypothesis import given
from strategies import continuous, fractions, parameters

from unitune.errors import SpaceError
from unitune.space import Bool, Categorical, Const, Float, Int, Space

NAN, INF = float("nan"), float("inf")


def checked(parameter):
    return Space({"x": parameter})["x"]


REFUSED = [
    (Float(1, 0), "has low 1.0, which is not below high 0.0; swap them"),
    (Float(1, 1), "use Const"),
    (Int(3, 3), "use Const"),
    (Int(5, 3), "swap them"),
    (Float(0, 1, scale="log"), "a log scale needs low > 0"),
    (Float(-1, 1, scale="log"), "a log scale needs low > 0"),
    (Int(0, 8, scale="log"), "a log scale needs low > 0"),
    (Float(0, 1, scale="reverse_log"), "0 <= low < high < 1"),
    (Float(-0.1, 0.9, scale="reverse_log"), "0 <= low < high < 1"),
    (Int(0, 3, scale="reverse_log"), "use 'linear' or 'log'"),
    (Float(0, 1, scale="exponential"), "use one of linear, log, reverse_log"),
    (Int(0, 1, scale=None), "use one of linear, log, reverse_log"),
    (Float(0, 1, step=2), "larger than its range"),
    (Float(0, 0.3, step=0.1 * 3), "larger than its range"),
    (Int(1, 4, step=4), "larger than its range"),
    (Float(0, 1, step=0), "a step must be above 0"),
    (Float(0, 1, step=-0.1), "a step must be above 0"),
    (Int(0, 9, step=0), "a step must be above 0"),
    (Int(0, 9, step=-1), "a step must be above 0"),
    (Float(0, NAN), "must be finite"),
    (Float(-INF, 0), "must be finite"),
    (Float(0, 1, step=INF), "must be finite"),
    (Float("0", 1), "has low '0'; give a number"),
    (Float(None, 1), "give a number"),
    (Float(0, True), "give a number"),
    (Float(0, 1j), "give a number"),
    (Float(0, 10**400), "give a number"),
    (Float(np.zeros(2), 1), "give a number"),
    (Float(0, 1, step="0.1"), "give a number"),
    (Int(1.5, 3), "Int needs whole numbers, Float takes others"),
    (Int(1, 3.0), "Int needs whole numbers"),
    (Int(1, 9, step=0.5), "Int needs whole numbers"),
    (Int(False, 3), "Int needs whole numbers"),
    (Int("1", 3), "Int needs whole numbers"),
    (Int(0, np.arange(2)), "Int needs whole numbers"),
    (Int(0, 2**51), "use Float"),
    (Int(-(10**400), 0), "use Float"),
    (Float(-1.7e308, 1.7e308), "rescale it"),
    (Float(0, 1e300, step=1e-300), "use a larger step"),
    (Float(1, 1 + 1e-15, step=1e-17), "use a larger step"),
    (Float(1e-9, 1, scale="log", step=1e-13), "use a larger step"),
    (Int(1, 10**13, scale="log"), "use a larger step"),
    (Float(1e15, 1e15 + 1, scale="log"), "use scale='linear'"),
    (Float(0.5, 0.5 + 1e-15, scale="reverse_log"), "use scale='linear'"),
    (Categorical([]), "has no choices; give at least one"),
    (Categorical("abc"), "give them as a list"),
    (Categorical({"a": 1}), "give them as a list"),
    (Categorical(3), "give them as a list"),
    (Categorical(np.array(3)), "give them as a list"),
    (Categorical({"a"}), "give a list"),
    (Categorical(["a", "b", "a"]), "has the choice 'a' twice; leave one out"),
    (Categorical([NAN, NAN]), "twice"),
    (Categorical([[1, {}], [1, {}]]), "twice"),
    (Categorical(["a", "b"], ordered="yes"), "has ordered='yes'; give True or False"),
    (Categorical(["a", "b"], ordered=1), "has ordered=1; give True or False"),
    (Categorical([(1, 2), (1, 2)]), "twice"),
]


@pytest.mark.parametrize(("parameter", "mend"), REFUSED, ids=lambda value: repr(value)[:40])
def test_an_impossible_definition_is_refused_with_its_name_and_the_mend(parameter, mend):
    with pytest.raises(SpaceError) as refusal:
        Space({"alpha": parameter})
    message = str(refusal.value)
    assert message.startswith("Parameter 'alpha' ")
    assert mend in message
    assert message.endswith(".")


ACCEPTED = [
    Float(-5, -1),
    Float(0, 5e-324),
    Float(-1e300, 1e300),
    Float(5e-324, 1e300, scale="log"),
    Float(0, 1 - 2**-53, scale="reverse_log"),
    Float(0, 1, step=1),
    Float(0, 1, step=1e-9),
    Float(-0.3, 0.3, step=0.2),
    Int(-(2**50) // 2, 2**49),
    Int(1, 10**12, scale="log"),
    Int(0, 1, step=1),
]


@pytest.mark.parametrize("parameter", ACCEPTED, ids=repr)
@given(u=fractions())
def test_odd_ranges_keep_their_bounds_and_find_their_values_again(parameter, u):
    parameter = checked(parameter)
    value = parameter.quantile(u)
    assert parameter.low <= value <= parameter.high
    assert parameter.coerce(value) == value
    if parameter.cells:
        assert parameter.quantile(parameter.position(value)) == value


@given(parameters(), fractions())
def test_every_quantile_is_one_of_the_parameters_own_values(parameter, u):
    parameter = checked(parameter)
    value = parameter.quantile(u)
    own = parameter.coerce(value)
    assert own is value or (type(own) is type(value) and own == value)


@given(continuous(), fractions())
def test_position_is_the_inverse_of_quantile(parameter, u):
    parameter = checked(parameter)
    # Where floats lie coarsely in the range the probability can be no finer.
    value = parameter.quantile(u)
    again = parameter.quantile(parameter.position(value))
    assert again == pytest.approx(value, rel=1e-12, abs=1e-12)


@given(parameters())
def test_the_repr_reads_back(parameter):
    parameter = checked(parameter)
    names = {"Float": Float, "Int": Int, "Categorical": Categorical, "Bool": Bool, "Const": Const}
    assert eval(repr(parameter), {**names, "nan": NAN}) == parameter


def test_the_repr_shows_no_defaults():
    assert repr(Float(0.0, 1.0)) == "Float(0.0, 1.0)"
    assert repr(Int(1, 9, scale="log", step=2)) == "Int(1, 9, scale='log', step=2)"
    assert repr(Categorical(("a",), ordered=True)) == "Categorical(('a',), ordered=True)"
    assert repr(Bool()) == "Bool()"
    assert repr(Const(3, when={"a": 1})) == "Const(3, when={'a': 1})"


@pytest.mark.parametrize("send", [pickle, cloudpickle, copy], ids=lambda m: m.__name__)
@given(parameter=parameters())
def test_parameters_survive_being_sent_and_copied(send, parameter):
    parameter = checked(parameter)
    again = copy.deepcopy(parameter) if send is copy else pickle.loads(send.dumps(parameter))
    assert again == parameter
    assert hash(again) == hash(parameter)


def test_parameters_are_frozen():
    with pytest.raises(AttributeError):
        Float(0, 1).low = 2


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Categorical((1, 2)), Categorical((True, 2))),
        (Categorical((1,)), Categorical((1.0,))),
        (Const(0), Const(False)),
        (Const("a"), Categorical(("a",))),
        (Float(0, 1), Int(0, 1)),
        (Float(0, 1), Float(0, 1, scale="reverse_log")),
        (Bool(), Bool(when={"a": 1})),
        (Bool(when={"a": 1}), Bool(when={"a": True})),
    ],
)
def test_parameters_that_mean_something_else_are_not_equal(one, other):
    assert one != other
    assert one == copy.deepcopy(one)


def test_parameters_with_nan_or_arrays_can_be_compared():
    array = np.zeros(3)
    assert Categorical((NAN, 1)) == Categorical((float("nan"), 1))
    assert Categorical((array, 1)) == Categorical((array, 1))
    assert Categorical((array, 1)) != Categorical((np.ones(3), 1))
    assert Float(0, 1) != "Float(0, 1)"


@pytest.mark.parametrize(
    ("low", "high"),
    [
        (np.float32(0.5), np.float64(1.5)),
        (np.int64(1), np.array(2.5)),
        (Decimal("0.5"), Fraction(3, 2)),
        (0, 1),
    ],
)
def test_any_kind_of_number_makes_plain_float_bounds(low, high):
    parameter = checked(Float(low, high))
    assert (type(parameter.low), type(parameter.high)) == (float, float)
    assert (parameter.low, parameter.high) == (float(low), float(high))


def test_numpy_integers_make_plain_int_bounds():
    parameter = checked(Int(np.int8(1), np.array(9), step=np.uint16(2)))
    assert repr(parameter) == "Int(1, 9, step=2)"


def test_numpy_arrays_of_choices_become_plain_values():
    assert checked(Categorical(np.array([1, 2]))).choices == (1, 2)
    assert {type(c) for c in checked(Categorical(np.array(["a", "b"]))).choices} == {str}
    assert checked(Categorical(np.array([[1, 2], [3, 4]]))).choices == ([1, 2], [3, 4])
    assert checked(Categorical(range(3))).choices == (0, 1, 2)


def test_choices_of_any_kind_come_back_as_the_very_objects():
    objects = [None, (1, 2), [1], {"a": 1}, max, Exception, np.zeros(2), NAN, True, 1, 1.0, "1"]
    parameter = checked(Categorical(objects))
    for i, given_object in enumerate(objects):
        assert parameter.quantile((i + 0.5) / len(objects)) is given_object
        assert parameter.coerce(given_object) is given_object
        assert parameter.index(given_object) == i


def test_a_hundred_thousand_choices_are_told_apart_and_found():
    parameter = checked(Categorical([*range(100_000), *map(str, range(100_000))]))
    assert [parameter.index(value) for value in (0, "0", 99_999, "99999")] == [
        0,
        100_000,
        99_999,
        199_999,
    ]
    assert parameter.size == len(list(map(parameter.coerce, parameter.choices)))


def test_looking_a_choice_up_leaves_no_trace():
    one, other = checked(Categorical(["a", max])), checked(Categorical(["a", max]))
    sent = pickle.dumps(one)
    assert one.index(max) == 1
    assert (one, repr(one), pickle.dumps(one)) == (other, repr(other), sent)
    assert pickle.loads(pickle.dumps(one)).index(max) == 1


def test_an_equal_object_becomes_the_choice_itself():
    choice = (1, [2, 3])
    assert checked(Categorical([choice, 2])).coerce((1, [2, 3])) is choice


@pytest.mark.parametrize(
    ("parameter", "given_value", "value"),
    [
        (Float(0, 5), 3, 3.0),
        (Float(0, 5), np.float32(2.5), 2.5),
        (Float(0, 5), np.int64(2), 2.0),
        (Float(0, 5), np.array(2.0), 2.0),
        (Float(0.1, 0.7, step=0.2), 0.1 + 0.2, 0.3),
        (Float(0, 1, step=0.1), 0.1 * 3, 0.3),
        (Int(0, 5), np.int64(3), 3),
        (Int(0, 5), np.array(3), 3),
        (Categorical([1, 2]), np.int64(2), 2),
        (Categorical(["a", "b"]), np.str_("b"), "b"),
        (Bool(), np.True_, True),
        (Const(2.5), np.float64(2.5), 2.5),
    ],
)
def test_values_are_made_the_parameters_own(parameter, given_value, value):
    own = checked(parameter).coerce(given_value)
    assert (own, type(own)) == (value, type(value))


NOT_ITS_OWN = [
    (Float(0, 5), 5.0000001),
    (Float(0, 5), -5e-324),
    (Float(0, 5), NAN),
    (Float(0, 5), INF),
    (Float(0, 5), "3"),
    (Float(0, 5), True),
    (Float(0, 5), np.True_),
    (Float(0, 5), None),
    (Float(0, 5), 10**400),
    (Float(0, 5), np.array([1.0, 2.0])),
    (Float(0, 1, step=0.1), 0.35),
    (Float(0, 1, step=0.1), 1.05),
    (Int(0, 5), 3.0),
    (Int(0, 5), 6),
    (Int(0, 5), True),
    (Int(0, 5), np.True_),
    (Int(0, 5), np.array([1, 2])),
    (Int(1, 9, step=2), 4),
    (Categorical([1, 2]), True),
    (Categorical([1, 2]), 1.0),
    (Categorical([(1, 2)]), [1, 2]),
    (Bool(), 1),
    (Bool(), None),
    (Const(1), True),
    (Const(NAN), 0.0),
]


@pytest.mark.parametrize(("parameter", "value"), NOT_ITS_OWN, ids=repr)
def test_a_value_that_is_none_of_its_own_is_refused_by_a_sentence(parameter, value):
    space = Space({"alpha": parameter})
    assert not space.contains({"alpha": value})
    with pytest.raises(SpaceError, match=r"^Parameter 'alpha' "):
        space.coerce({"alpha": value})


@pytest.mark.parametrize(
    ("parameter", "points", "values"),
    [
        (Float(0, 1), 3, [0.0, 0.5, 1.0]),
        (Float(0, 1), 1, [0.5]),
        (Float(0.01, 1, scale="log"), 3, [0.01, 0.1, 1.0]),
        (Float(0, 0.3, step=0.1), None, [0.0, 0.1, 0.2, 0.3]),
        (Float(0, 0.3, step=0.1), 9, [0.0, 0.1, 0.2, 0.3]),
        (Int(1, 100), 2, [1, 100]),
        (Int(1, 5), None, [1, 2, 3, 4, 5]),
        (Int(1, 4, scale="log"), 3, [1, 2, 4]),
        (Int(1, 9, scale="log"), 8, [1, 2, 3, 4, 6, 9]),
        (Bool(), 1, [False, True]),
        (Categorical([None, 3]), 1, [None, 3]),
        (Const(7), 5, [7]),
    ],
)
def test_grids_go_evenly_along_the_scale_without_repeats(parameter, points, values):
    grid = checked(parameter).grid(points)
    assert grid == pytest.approx(values) if points == 3 else grid == values
    assert (grid[0], grid[-1]) == (values[0], values[-1])


@pytest.mark.parametrize("parameter", [Float(0, 1), Int(1, 5), Bool(), Const(1)], ids=repr)
@pytest.mark.parametrize("points", [True, 0, "2"])
def test_a_grid_of_no_number_of_points_is_refused(parameter, points):
    with pytest.raises(SpaceError, match=r"^cannot have .* grid points; give a whole number"):
        checked(parameter).grid(points)


def test_a_grid_of_a_thousand_million_values_is_refused_in_good_time():
    with pytest.raises(SpaceError, match="1000000001 values, too many"):
        checked(Float(0, 1, step=1e-9)).grid(None)


def test_sizes_are_counts_or_infinite():
    parameters = [
        Float(0, 1),
        Float(0, 1, step=0.25),
        Int(1, 9, step=4),
        Categorical(["a", "b"]),
    ]
    assert [checked(p).size for p in parameters] == [INF, 5, 3, 2]
    assert (Bool().size, Const(1).size) == (2, 1)
