"""Which contenders differ by more than chance, by the tests of scipy and scikit-posthocs."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Mapping
from dataclasses import KW_ONLY, dataclass
from typing import Any

import numpy as np
import pandas as pd

from unitune.analysis.bootstrap import RESAMPLES, intervals
from unitune.analysis.errors import AnalysisError, needs
from unitune.analysis.ranking import ranked

ALPHA = 0.05
FEWER = 1999
PAIRS = ["first", "second", "difference", "low", "high", "wins", "ties", "losses", "p", "separated"]


@dataclass(frozen=True, slots=True)
class Separation:
    """What tests say about a table of scores: n rows (tasks, or seeds of one task), k contenders.

    Attributes:
        unit: what a row is: 'tasks' or 'seeds'.
        n: how many rows.
        k: how many contenders.
        alpha: the level of all tests.
        least: the fewest rows with which the pairwise tests could separate any two contenders,
            however different; below it, nothing can be significant.
        friedman: the Friedman statistic over all contenders; NaN for fewer than three, or one row.
        friedman_p: its p-value.
        ranks: average rank by contender, the best first.
        p: the Holm-corrected p-values of the Wilcoxon signed-rank tests, contender by contender.
        nemenyi: the p-values of Nemenyi's test, contender by contender.
        critical_difference: the difference of average ranks that Nemenyi's test calls significant.
        pairs: one row a pair: `first` (of the better rank), `second`, `difference` (of mean
            scores) with its bootstrap interval (`low`, `high`), `wins`, `ties` and `losses` (rows)
            of the first, `p`, and `separated`.
        groups: the largest groups within which no two contenders are separated.
    """

    unit: str
    n: int
    _: KW_ONLY
    k: int
    alpha: float
    least: int
    friedman: float
    friedman_p: float
    ranks: pd.Series[float]
    p: pd.DataFrame
    nemenyi: pd.DataFrame
    critical_difference: float
    pairs: pd.DataFrame
    groups: tuple[tuple[str, ...], ...]

    @property
    def powerless(self) -> bool:
        """Whether there are too few rows for any difference to be significant."""
        return self.n < self.least


def separation(
    table: pd.DataFrame, unit: str = "tasks", *, alpha: float = ALPHA, resamples: int = RESAMPLES
) -> Separation:
    """Return which columns of a table of scores differ by more than chance.

    Two contenders are separated where the Friedman test over all of them finds a difference (from
    three contenders on), the Holm-corrected Wilcoxon signed-rank test of the pair does, and the
    bootstrap interval of their difference does not hold 0. Rows without a difference count half
    for either side (`zero_method="zsplit"`).

    Args:
        table: a row a task (or a seed), a column a contender; greater is better; no NaN.
        unit: what a row is: 'tasks' or 'seeds'.
        alpha: the level of the tests.
        resamples: of the bootstrap.

    Raises:
        AnalysisError: there are fewer than two contenders, or a score is missing.
        MissingLibraryError: scipy or scikit-posthocs is not installed.

    Example:
        >>> table = pd.DataFrame({"a": np.arange(8) + 1.0, "b": np.arange(8) * 1.0})
        >>> found = separation(table)
        >>> found.pairs[["first", "second", "difference", "p", "separated"]].values.tolist()
        [['a', 'b', 1.0, 0.0078125, True]]
    """
    _check(table)
    n, k = table.shape
    average = ranked(table).mean().sort_values(kind="stable")
    ordered = table[average.index]
    friedman, friedman_p = _friedman(ordered)
    p = _wilcoxon(ordered)
    pairs = _pairs(ordered, p, alpha, resamples)
    return Separation(
        unit,
        n,
        k=k,
        alpha=alpha,
        least=least_rows(k, alpha),
        friedman=friedman,
        friedman_p=friedman_p,
        ranks=average,
        p=p,
        nemenyi=_nemenyi(ordered),
        critical_difference=critical_difference(k, n, alpha),
        pairs=pairs,
        groups=_groups(list(average.index), pairs),
    )


def least_rows(k: int, alpha: float = ALPHA) -> int:
    """Return from how many rows on the Holm-corrected Wilcoxon test can be significant at all.

    With n rows its least p-value is 2 / 2^n, times the number of pairs for the first of Holm's
    steps.

    Example:
        >>> least_rows(2), least_rows(6), least_rows(8)
        (6, 10, 11)
    """
    return math.ceil(math.log2(k * (k - 1) / alpha))


def critical_difference(k: int, n: int, alpha: float = ALPHA) -> float:
    """Return the difference of average ranks from which on Nemenyi's test is significant.

    The studentized range for k groups over the root of two, times √(k (k + 1) / 6 n): Demšar,
    Statistical comparisons of classifiers over multiple data sets, JMLR 7 (2006), 3.2.2.

    Example:
        >>> round(critical_difference(6, 20), 2)
        1.69
    """
    return _studentized(k, alpha) / math.sqrt(2) * math.sqrt(k * (k + 1) / (6 * n))


def separated_leaders(
    runs: pd.DataFrame, leaders: Mapping[str, tuple[str, str]]
) -> dict[str, bool]:
    """Return on which tasks the leader is separated from the runner-up, over the task's seeds.

    The p-values are Holm-corrected over the pairs of a task, not over tasks: of many tasks, some
    show a difference by chance. With fewer seeds than `least_rows`, nothing is separated.

    Args:
        runs: the `scores` of the cells that all contenders have.
        leaders: leader and runner-up by task.
    """
    found = {}
    for task, table in _seed_tables(runs):
        pair = np.sort(table.columns.get_indexer(pd.Index(leaders[task]))).reshape(2, 1)
        # The correction is over all pairs, but an interval is needed of this one only.
        found[task] = _enough(table) and bool(
            _pairs(table, _wilcoxon(table), ALPHA, FEWER, pair)["separated"].item()
        )
    return found


def _seed_tables(runs: pd.DataFrame) -> Iterable[tuple[str, pd.DataFrame]]:
    """Yield each task with a table of its scores, a row a seed; the best contender first."""
    for task, own in runs.dropna(subset="score").groupby("task", sort=False):
        table = own.pivot_table(index="seed", columns="contender", values="score", sort=False)
        if table.shape[1] > 1:
            yield str(task), table[ranked(table).mean().sort_values(kind="stable").index]


def _enough(table: pd.DataFrame) -> bool:
    """Return whether anything can be significant: else no library is asked in vain."""
    return len(table) >= least_rows(table.shape[1])


def _check(table: pd.DataFrame) -> None:
    n, k = table.shape
    missing = int(table.isna().sum().sum())
    if k < 2 or n < 1 or missing:
        raise AnalysisError(
            f"Differences are tested between two contenders or more, on rows that all of them "
            f"have; this table has {k} contender(s), {n} row(s) and {missing} missing score(s)."
        )


@functools.cache
def _studentized(k: int, alpha: float) -> float:
    """Return a quantile of the studentized range, which takes a third of a second to integrate."""
    try:
        from scipy import stats
    except ImportError as error:
        raise needs("scipy") from error
    return float(stats.studentized_range.ppf(1 - alpha, k, np.inf))


def _friedman(table: pd.DataFrame) -> tuple[float, float]:
    from scipy import stats

    n, k = table.shape
    if k < 3 or n < 2:
        return np.nan, np.nan
    places = ranked(table)
    if (places == places.iloc[0, 0]).all(axis=None):
        return 0.0, 1.0  # all are equal everywhere; the library divides by zero
    found = stats.friedmanchisquare(*(places[name] for name in places))
    return float(found.statistic), float(found.pvalue)


def _wilcoxon(table: pd.DataFrame) -> pd.DataFrame:
    if len(table) < 2:
        return pd.DataFrame(1.0, index=table.columns, columns=table.columns)
    # Differences that are rounding only are none.
    long = table.round(12).melt(var_name="contender", value_name="score")
    found: pd.DataFrame = _posthocs().posthoc_wilcoxon(
        long, val_col="score", group_col="contender", zero_method="zsplit", p_adjust="holm"
    )
    return found


def _nemenyi(table: pd.DataFrame) -> pd.DataFrame:
    found: pd.DataFrame = _posthocs().posthoc_nemenyi_friedman(ranked(table).reset_index(drop=True))
    found.index = found.columns = table.columns
    return found


def _posthocs() -> Any:
    try:
        import scikit_posthocs
    except ImportError as error:
        raise needs("scikit-posthocs") from error
    return scikit_posthocs


def _pairs(
    table: pd.DataFrame,
    p: pd.DataFrame,
    alpha: float,
    resamples: int,
    places: Any = None,
) -> pd.DataFrame:
    """Return what is to be said of all pairs, or of those at two lists of places."""
    first, second = np.triu_indices(table.shape[1], 1) if places is None else places
    values = table.to_numpy(float).T
    gaps = (values[first] - values[second]).round(12)
    low, high = intervals(gaps, resamples=resamples)
    frame = pd.DataFrame({"first": table.columns[first], "second": table.columns[second]})
    frame["difference"], frame["low"], frame["high"] = gaps.mean(axis=1), low, high
    frame["wins"], frame["ties"] = (gaps > 0).sum(axis=1), (gaps == 0).sum(axis=1)
    frame["losses"] = (gaps < 0).sum(axis=1)
    frame["p"] = p.loc[table.columns, table.columns].to_numpy()[first, second]
    overall = table.shape[1] < 3 or _friedman(table)[1] <= alpha
    frame["separated"] = overall & (frame["p"] <= alpha) & ((low > 0) | (high < 0))
    return frame


def _groups(names: list[str], pairs: pd.DataFrame) -> tuple[tuple[str, ...], ...]:
    """Return the maximal cliques of what is not separated, by Bron and Kerbosch's algorithm.

    Without the pivot, which spares it what belongs to no new clique, it would not end with many
    contenders: Tomita, Tanaka and Takahashi, The worst-case time complexity for generating all
    maximal cliques, Theoretical Computer Science 363 (2006).
    """
    places = {name: place for place, name in enumerate(names)}
    near: dict[str, set[str]] = {name: set() for name in names}
    alike = pairs[~pairs["separated"]]
    for first, second in zip(alike["first"], alike["second"], strict=True):
        near[first].add(second)
        near[second].add(first)

    def grown(group: list[str], open_: set[str], done: set[str]) -> Iterable[list[str]]:
        if not open_ and not done:
            yield sorted(group, key=places.__getitem__)
            return
        pivot = max(open_ | done, key=lambda name: len(open_ & near[name]))
        for name in open_ - near[pivot]:
            yield from grown([*group, name], open_ & near[name], done & near[name])
            open_, done = open_ - {name}, done | {name}

    found = sorted(grown([], set(names), set()), key=lambda group: [places[n] for n in group])
    return tuple(tuple(group) for group in found)
