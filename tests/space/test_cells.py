from __future__ import annotations

import decimal
import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from laws import shares, values
from strategies import integers, stepped

from unitune.space import Float, Int, Space
from unitune.space.cells import Cells

LAWS = [
    Int(1, 64, scale="log"),
    Int(2, 16, scale="log", step=2),
    Int(1, 10, scale="log", step=3),
    Float(0.1, 1.0, scale="log", step=0.1),
    Float(0.05, 1.0, scale="log", step=0.3),
    Float(0.0, 0.9, scale="reverse_log", step=0.1),
    Float(0.5, 0.99, scale="reverse_log", step=0.07),
    Int(-3, 8),
    Float(0.1, 0.7, step=0.2),
]


@pytest.mark.parametrize(
    ("low", "high", "step", "listed"),
    [
        (0.0, 0.5, 0.1, [0.0, 0.1, 0.2, 0.3, 0.4, 0.5]),
        (0.1, 0.7, 0.2, [0.1, 0.3, 0.5, 0.7]),
        (-1.0, 1.0, 0.3, [-1.0, -0.7, -0.4, -0.1, 0.2, 0.5, 0.8]),
        (1e-7, 4e-7, 1e-7, [1e-7, 2e-7, 3e-7, 4e-7]),
        (0.0, 1.0, 0.7, [0.0, 0.7]),
        (1, 10, 3, [1, 4, 7, 10]),
        (-5, 4, 4, [-5, -1, 3]),
    ],
)
def test_values_are_counted_and_rounded_in_decimal(low, high, step, listed):
    cells = Cells.over(low, high, step)
    assert [cells.value(i) for i in range(cells.count)] == listed
    assert cells.last == listed[-1]


def test_the_users_decimal_precision_changes_nothing():
    with decimal.localcontext() as context:
        context.prec = 2
        cells = Cells.over(0.0, 1.0, 0.001)
        assert cells.count == 1001
        assert cells.value(123) == 0.123


def test_a_thousand_million_steps_are_counted_without_being_listed():
    cells = Cells.over(0.0, 1.0, 1e-9)
    assert cells.count == 10**9 + 1
    assert cells.value(123_456_789) == 0.123456789
    assert cells.nearest(0.123456789) == 123_456_789
    assert cells.at(cells.centre(987_654_321)) == 987_654_321


@pytest.mark.parametrize("parameter", LAWS, ids=repr)
def test_each_value_has_the_share_of_its_cell_on_the_scale(parameter):
    cells = parameter.cells
    assert [cells.value(i) for i in range(cells.count)] == values(parameter)
    masses = [cells.probability(i) for i in range(cells.count)]
    assert masses == pytest.approx(shares(parameter), rel=1e-9)
    assert math.fsum(masses) == pytest.approx(1)


@pytest.mark.parametrize("parameter", LAWS, ids=repr)
def test_the_inverse_distribution_function_steps_where_the_shares_add_up(parameter):
    cells = parameter.cells
    total = 0.0
    for index, mass in enumerate(shares(parameter)):
        assert cells.at(total + 1e-9) == index
        total += mass
        assert cells.at(total - 1e-9) == index
    assert cells.at(0.0) == 0
    assert cells.at(1.0) == cells.count - 1


def test_log_integers_follow_the_law_of_half_steps():
    cells = Cells.over(1, 64, 1, "log")
    assert cells.probability(0) == pytest.approx(math.log(3) / math.log(129))
    assert cells.probability(0) == pytest.approx(0.226, abs=1e-3)


def test_an_outermost_cell_that_would_cross_zero_or_one_ends_half_way_there():
    assert Cells.over(0.05, 1.0, 0.3, "log").edges()[0] == pytest.approx(0.025)
    assert Cells.over(1, 10, 3, "log").edges()[0] == 0.5
    assert Cells.over(0.1, 0.9, 0.4, "reverse_log").edges()[1] == pytest.approx(0.95)


def test_a_first_cell_that_stays_inside_is_half_a_step_wide():
    assert Cells.over(1, 4, 1, "log").edges() == (0.5, 4.5)
    assert Cells.over(2, 9, 3, "log").edges() == (1.0, 9.5)


def test_nearest_takes_the_outermost_cells_for_what_lies_outside():
    cells = Cells.over(1, 10, 3)
    assert [cells.nearest(x) for x in (-100, 1, 2.4, 2.6, 9, 100)] == [0, 0, 0, 1, 3, 3]


@given(st.one_of(stepped(), integers()), st.data())
def test_every_index_comes_back_from_its_value_and_from_its_centre(parameter, data):
    cells = Space({"x": parameter})["x"].cells
    index = data.draw(st.integers(0, cells.count - 1))
    assert cells.nearest(cells.value(index)) == index
    assert cells.at(cells.centre(index)) == index


@given(st.one_of(stepped(), integers()))
def test_values_increase_and_stay_inside(parameter):
    parameter = Space({"x": parameter})["x"]
    cells = parameter.cells
    first = [cells.value(i) for i in range(min(cells.count, 200))]
    assert all(a < b for a, b in itertools.pairwise(first))
    assert parameter.low == first[0]
    assert cells.last <= parameter.high
    assert {type(v) for v in first} == {type(parameter.low)}
