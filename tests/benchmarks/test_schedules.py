from __future__ import annotations

from itertools import pairwise

import pytest

from unitune_benchmarks.schedules import exponential, piecewise, polynomial


@pytest.mark.parametrize(
    "schedule", [exponential(0.01), polynomial(2.0), polynomial(0.5, end=0.1), piecewise(0.5, 3)]
)
def test_every_schedule_begins_at_one_and_never_rises(schedule):
    rates = [schedule(step / 100) for step in range(100)]
    assert rates[0] == 1.0
    assert all(after <= before for before, after in pairwise(rates))
    assert rates[-1] > 0.0


def test_an_exponential_falls_by_the_same_factor_in_equal_times():
    schedule = exponential(1e-3)
    assert [schedule(t) for t in (1 / 3, 2 / 3, 1.0)] == pytest.approx([0.1, 0.01, 0.001])


def test_a_polynomial_falls_to_its_end():
    schedule = polynomial(3.0, end=0.2)
    assert schedule(1.0) == pytest.approx(0.2)
    assert schedule(0.5) == pytest.approx(0.2 + 0.8 / 8)


def test_a_piecewise_schedule_drops_at_equal_distances():
    schedule = piecewise(0.1, 2)
    seen = [schedule(t) for t in (0.0, 0.33, 0.34, 0.66, 0.67, 0.99)]
    assert seen == pytest.approx([1.0, 1.0, 0.1, 0.1, 0.01, 0.01])
