"""Bootstrap intervals."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from unitune.analysis import intervals


def test_intervals_equal_those_of_scipy():
    rows = np.random.default_rng(1).normal(size=(3, 12))
    low, high = intervals(rows)
    for row, least, greatest in zip(rows, low, high, strict=True):
        found = stats.bootstrap(
            (row,), np.mean, method="percentile", rng=np.random.default_rng(0)
        ).confidence_interval
        assert (least, greatest) == pytest.approx((found.low, found.high))


def test_the_same_values_always_have_the_same_interval():
    rows = np.random.default_rng(1).normal(size=(2, 8))
    assert np.array_equal(intervals(rows), intervals(rows))


def test_equal_values_have_an_interval_of_no_width():
    low, high = intervals([[0.5] * 6])
    assert (low[0], high[0]) == (0.5, 0.5)


def test_one_value_has_no_interval():
    assert np.isnan(intervals([[1.0], [2.0]])).all()


def test_a_row_with_a_missing_value_has_none_and_spoils_no_other():
    low, high = intervals([[1.0, np.nan, 2.0], [1.0, 2.0, 3.0]])
    assert np.isnan([low[0], high[0]]).all()
    assert 1 <= low[1] < 2 < high[1] <= 3
