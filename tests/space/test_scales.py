from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import fractions

from unitune.space.scales import SCALES, between, clamp, fraction

RANGES = [
    ("linear", -3.0, 5.0),
    ("log", 1e-5, 1e-1),
    ("log", 5e-324, 1e300),
    ("reverse_log", 0.0, 0.999999),
    ("reverse_log", 0.9, 0.999),
    ("reverse_log", 0.0, 1e-12),
]


def test_the_scales_are_linear_log_and_reverse_log():
    assert SCALES == ("linear", "log", "reverse_log")


@pytest.mark.parametrize(("scale", "low", "high"), RANGES)
def test_the_ends_are_reached_exactly(scale, low, high):
    assert between(scale, low, high, 0.0) == low
    assert between(scale, low, high, 1.0) == high
    assert fraction(scale, low, high, low) == 0.0
    assert fraction(scale, low, high, high) == 1.0


@pytest.mark.parametrize(("scale", "low", "high"), RANGES)
@given(u=fractions())
def test_no_point_leaves_the_range_and_the_way_back_gives_its_fraction(scale, low, high, u):
    x = between(scale, low, high, u)
    assert low <= x <= high
    assert fraction(scale, low, high, x) == pytest.approx(u, abs=1e-9) or x < 1e-300


@pytest.mark.parametrize(("scale", "low", "high"), RANGES)
@given(pair=st.tuples(fractions(), fractions()).map(sorted))
def test_the_way_is_monotone(scale, low, high, pair):
    assert between(scale, low, high, pair[0]) <= between(scale, low, high, pair[1])


@given(u=fractions())
def test_the_last_float_before_one_is_not_passed(u):
    assert 0.0 <= between("reverse_log", 0.0, 1 - 2**-53, u) <= 1 - 2**-53


def test_half_way_is_the_mean_on_the_scale():
    assert between("linear", 0, 10, 0.5) == 5
    assert between("log", 1, 100, 0.5) == pytest.approx(10)
    assert between("reverse_log", 0.9, 0.999, 0.5) == pytest.approx(0.99)


def test_the_rounding_of_exp_of_log_never_crosses_a_bound():
    assert math.exp(math.log(1e-5)) < 1e-5
    assert between("log", 1e-5, 1e-1, 1e-18) == 1e-5
    assert math.exp(math.log(0.1)) > 0.1
    assert between("log", 1e-5, 0.1, 1 - 2**-53) <= 0.1


def test_clamp_returns_the_bound_that_was_crossed():
    assert [clamp(x, 1, 2) for x in (0, 1, 1.5, 2, 3)] == [1, 1, 1.5, 2, 2]


def test_small_values_keep_their_digits_in_reverse_log():
    # log(1 - 1e-20) is 0 when 1 - x is rounded first
    assert fraction("reverse_log", 0.0, 2e-20, 1e-20) == pytest.approx(0.5)
