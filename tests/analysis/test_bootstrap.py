"""Bootstrap intervals."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from unitune.analysis import bootstrap, intervals


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


def test_many_rows_at_a_time_or_few_have_the_same_intervals(monkeypatch):
    rows = np.random.default_rng(1).normal(size=(7, 12))
    whole = intervals(rows, resamples=500)
    monkeypatch.setattr(bootstrap, "AT_A_TIME", 1100)
    np.testing.assert_allclose(intervals(rows, resamples=500), whole)


@pytest.mark.parametrize("n", [3, 7, 10, 49])
def test_no_interval_ends_beyond_the_values(n):
    # A mean of values that are all 0.1 is not 0.1 to the last digit.
    drawn = np.random.default_rng(2).choice([-4.0, -0.1, 0.1, 0.7, 1.0], size=(20, n))
    rows = np.concatenate([drawn, np.repeat([[-4.0], [0.1], [0.7], [1 / 3], [1.0]], n, axis=1)])
    low, high = intervals(rows)
    assert (rows.min(axis=1) <= low).all()
    assert (low <= high).all()
    assert (high <= rows.max(axis=1)).all()
