"""Bootstrap intervals of means."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unitune.analysis.errors import needs

CONFIDENCE = 0.95
RESAMPLES = 9999
# So many values are held at a time: those of all pairs of many contenders fill no memory.
AT_A_TIME = 20_000_000


def intervals(
    samples: Any, *, resamples: int = RESAMPLES
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the 95 % percentile bootstrap interval of the mean of each row.

    It is `scipy.stats.bootstrap` with a fixed seed, so that the same results always give the same
    interval. All rows are resampled by the same columns, which are drawn once: each mean is a
    product of the row with how often each column was drawn. An interval of one value says nothing:
    both ends are NaN then, and where a value is missing. With few values it is too narrow (see
    docs/measures.md).

    Args:
        samples: rows of values; columns are what is resampled (tasks, or seeds).
        resamples: how often.

    Raises:
        MissingLibraryError: scipy is not installed.

    Example:
        >>> low, high = intervals([[0.0, 1.0, 2.0, 3.0]])
        >>> float(low[0]), float(high[0])
        (0.5, 2.5)
    """
    rows = np.atleast_2d(np.asarray(samples, dtype=float))
    low, high = np.full(len(rows), np.nan), np.full(len(rows), np.nan)
    whole = np.isfinite(rows).all(axis=1)
    if rows.shape[1] < 2 or not whole.any():
        return low, high
    drawn, places = _drawn(rows.shape[1], resamples), np.flatnonzero(whole)
    for some in np.array_split(places, -(-len(places) * resamples // AT_A_TIME)):
        means = rows[some] @ drawn / rows.shape[1]
        ends = np.quantile(means, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2], axis=1)
        # Not beyond the values by rounding.
        low[some], high[some] = ends.clip(rows[some].min(axis=1), rows[some].max(axis=1))
    return low, high


@functools.lru_cache(maxsize=4)
def _drawn(n: int, resamples: int) -> NDArray[np.float64]:
    """Return how often scipy draws each of n columns: a row a column, a column a resample."""
    try:
        from scipy import stats
    except ImportError as error:
        raise needs("scipy") from error
    # The mean of a resample of a row of the identity is the share of its column in the resample.
    shares = stats.bootstrap(
        (np.eye(n),),
        np.mean,
        axis=-1,
        n_resamples=resamples,
        batch=max(1, AT_A_TIME // n**2),
        method="percentile",
        rng=np.random.default_rng(0),
    ).bootstrap_distribution
    counts: NDArray[np.float64] = np.round(shares * n)
    counts.setflags(write=False)
    return counts
