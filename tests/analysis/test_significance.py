"""The tests equal the libraries', and a contender does not differ from itself."""

from __future__ import annotations

import gc
import itertools
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scikit_posthocs
from analysis.made import RANDOM, made
from scipy import stats
from statsmodels.stats.multitest import multipletests

from unitune.analysis import (
    AnalysisError,
    critical_difference,
    least_rows,
    score_table,
    scores,
    separation,
)
from unitune.analysis.significance import separated_leaders
from unitune.errors import MissingLibraryError

EXAMPLE = Path(__file__).with_name("example.csv")


@pytest.fixture(scope="module")
def table():
    return pd.read_csv(EXAMPLE, index_col="task")


@pytest.fixture(scope="module")
def found(table):
    return separation(table)


def test_friedman_equals_scipys(table, found):
    by_hand = stats.friedmanchisquare(*(table[name] for name in table))
    assert found.friedman == pytest.approx(by_hand.statistic)
    assert found.friedman_p == pytest.approx(by_hand.pvalue)


def test_pairwise_tests_equal_scipys_wilcoxon_with_statsmodels_holm(table, found):
    pairs = list(itertools.combinations(table, 2))
    raw = [stats.wilcoxon(table[a], table[b], zero_method="zsplit").pvalue for a, b in pairs]
    holm = multipletests(raw, method="holm")[1]
    for (a, b), p in zip(pairs, holm, strict=True):
        assert found.p.loc[a, b] == found.p.loc[b, a] == pytest.approx(p)


def test_pairwise_tests_equal_scikit_posthocs(table, found):
    by_hand = scikit_posthocs.posthoc_wilcoxon(
        table.melt(var_name="contender", value_name="score"),
        val_col="score",
        group_col="contender",
        zero_method="zsplit",
        p_adjust="holm",
    )
    pd.testing.assert_frame_equal(found.p.loc[table.columns, table.columns], by_hand)


def test_nemenyi_equals_scikit_posthocs(table, found):
    by_hand = scikit_posthocs.posthoc_nemenyi_friedman(table.reset_index(drop=True))
    own = found.nemenyi.loc[table.columns, table.columns]
    np.testing.assert_allclose(own.to_numpy(), by_hand.to_numpy())


def test_ranks_are_the_mean_ranks_the_best_first(table, found):
    by_hand = table.rank(axis=1, ascending=False).mean().sort_values()
    pd.testing.assert_series_equal(
        found.ranks.sort_index(), by_hand.sort_index(), check_names=False
    )
    assert found.ranks.is_monotonic_increasing


def test_differences_and_their_intervals_equal_scipys_bootstrap(table, found):
    for pair in found.pairs.itertuples():
        gap = (table[pair.first] - table[pair.second]).to_numpy()
        by_hand = stats.bootstrap(
            (gap,), np.mean, method="percentile", rng=np.random.default_rng(0)
        ).confidence_interval
        assert pair.difference == pytest.approx(gap.mean())
        assert (pair.low, pair.high) == pytest.approx((by_hand.low, by_hand.high))
        assert pair.wins + pair.ties + pair.losses == len(table)


def test_the_critical_difference_is_demsars():
    # Demšar 2006, table 5: the critical values of Nemenyi's test at 0.05.
    for k, q in {2: 1.960, 3: 2.343, 6: 2.850, 10: 3.164}.items():
        assert critical_difference(k, 1) == pytest.approx(q * np.sqrt(k * (k + 1) / 6), abs=2e-3)
    assert [round(critical_difference(6, n), 2) for n in (8, 20, 40)] == [2.67, 1.69, 1.19]


def test_the_example_separates_some_and_not_others(found):
    marks = found.pairs.set_index(["first", "second"])["separated"]
    assert marks.any()
    assert not marks.all()
    assert not found.powerless


def test_groups_hold_no_separated_pair_and_leave_none_out(found):
    apart = {
        frozenset(p)
        for p in found.pairs.loc[found.pairs["separated"], ["first", "second"]].to_numpy()
    }
    level = {
        frozenset(p)
        for p in found.pairs.loc[~found.pairs["separated"], ["first", "second"]].to_numpy()
    }
    inside = {frozenset(p) for group in found.groups for p in itertools.combinations(group, 2)}
    assert inside == level
    assert not inside & apart
    assert set(itertools.chain(*found.groups)) == set(found.ranks.index)
    assert not any(set(a) < set(b) for a in found.groups for b in found.groups)


@pytest.mark.parametrize("k", [2, 3, 6, 8])
def test_from_the_least_number_of_rows_on_the_greatest_difference_is_significant(k):
    n = least_rows(k)
    # Every contender beats the next one on every row.
    noise = np.random.default_rng(0).random((n, k))
    whole = pd.DataFrame({f"c{i}": noise[:, i] - 10 * i for i in range(k)})
    assert separation(whole).p.to_numpy()[0, 1] <= 0.05
    fewer = separation(whole[:-1])
    assert fewer.powerless
    assert fewer.p.to_numpy().min() > 0.05
    assert not fewer.pairs["separated"].any()


def test_columns_that_are_equal_everywhere_are_not_separated():
    table = pd.DataFrame({"a": [0.5] * 12, "b": [0.5] * 12, "c": [0.5] * 12})
    found = separation(table)
    assert (found.friedman, found.friedman_p) == (0.0, 1.0)
    assert (found.p == 1).all(axis=None)
    assert found.groups == (("a", "b", "c"),)


def test_differences_of_rounding_are_none():
    values = np.linspace(0, 1, 12)
    found = separation(pd.DataFrame({"a": values, "b": values + 1e-15}))
    assert found.pairs["ties"].item() == 12
    assert not found.pairs["separated"].item()


def test_a_pair_counts_only_where_friedman_finds_a_difference_too():
    rng = np.random.default_rng(5)
    noise = pd.DataFrame(rng.normal(size=(12, 8)), columns=list("abcdefgh"))
    noise["b"] = noise["a"] + rng.uniform(1e-4, 1e-3, 12)
    found = separation(noise, alpha=0.05)
    assert found.friedman_p > 0.05
    assert found.p.loc["a", "b"] <= 0.05
    assert not found.pairs["separated"].any()


def test_one_row_says_nothing():
    found = separation(pd.DataFrame({"a": [1.0], "b": [0.0], "c": [0.5]}))
    assert found.powerless
    assert np.isnan(found.friedman)
    assert found.pairs[["low", "high"]].isna().all(axis=None)
    assert not found.pairs["separated"].any()


@pytest.mark.parametrize(
    "table",
    [
        pd.DataFrame({"a": [1.0, 2.0]}),
        pd.DataFrame({"a": [1.0, np.nan], "b": [1.0, 2.0]}),
        pd.DataFrame({"a": [], "b": []}),
    ],
)
def test_tables_that_cannot_be_tested_are_refused(table):
    with pytest.raises(AnalysisError, match="Differences are tested between two contenders"):
        separation(table)


def test_without_the_library_the_error_says_what_to_install(monkeypatch, table):
    monkeypatch.setitem(sys.modules, "scikit_posthocs", None)
    with pytest.raises(MissingLibraryError, match=r"pip install 'unitune\[report\]'"):
        separation(table)


@pytest.fixture
def cheap_collections():
    """Keep what is loaded out of the garbage collections of the library that corrects p-values."""
    gc.freeze()
    yield
    gc.unfreeze()


def repeated(skills, repetitions, *, tasks, seeds):
    """Yield the separation of each of so many benchmarks, which are made and scored at once."""
    results = made(skills, tasks=repetitions * tasks, seeds=seeds, n_trials=20)
    runs = scores(results)
    for first in range(0, repetitions * tasks, tasks):
        names = [f"task-{i}" for i in range(first, first + tasks)]
        yield separation(score_table(runs[runs["task"].isin(names)]), resamples=999)


def claims(tested, *names):
    """Return how often a pair of contenders is separated."""
    both = [
        found.pairs[found.pairs[["first", "second"]].isin(names).all(axis=1)] for found in tested
    ]
    return sum(int(pair["separated"].item()) for pair in both)


@pytest.mark.usefixtures("cheap_collections")
@pytest.mark.parametrize(("tasks", "seeds"), [(10, 3), (1, 10)])
def test_a_contender_does_not_differ_from_itself_in_95_of_100_repetitions(tasks, seeds):
    # Beside a random search that both are better than, so that the overall test finds something.
    skills = {RANDOM: 1.0, "one": 1.4, "other": 1.4}
    tested = list(repeated(skills, 100, tasks=tasks, seeds=seeds))
    assert claims(tested, "one", "other") <= 5


@pytest.mark.usefixtures("cheap_collections")
def test_the_same_design_finds_a_difference_that_is_there():
    skills = {RANDOM: 1.0, "one": 1.4, "other": 2.2}
    assert claims(repeated(skills, 10, tasks=10, seeds=5), "one", "other") >= 8


@pytest.mark.parametrize("seeds", [4, 9])
def test_leaders_are_separated_where_the_pair_is(seeds):
    skills = {RANDOM: 1.0, "one": 1.3, "other": 2.2}
    runs = scores(made(skills, tasks=3, seeds=seeds))
    tables = {
        task: own.pivot_table(index="seed", columns="contender", values="score")
        for task, own in runs.groupby("task")
    }
    apart = {}
    for task, table in tables.items():
        pairs = separation(table, "seeds").pairs
        named = zip(pairs["first"], pairs["second"], pairs["separated"], strict=True)
        apart |= {(task, frozenset(names)): separated for *names, separated in named}
    for pair in itertools.permutations(skills, 2):
        found = separated_leaders(runs, dict.fromkeys(runs["task"], pair))
        assert found == {task: apart[task, frozenset(pair)] for task in tables}
    assert any(apart.values()) == (seeds > 4)


def test_leaders_of_tasks_without_scores_are_not_asked_for():
    results = made(tasks=1)
    runs = scores(replace(results, trials=results.trials.assign(loss=0.0)))
    assert separated_leaders(runs, {}) == {}


def test_many_contenders_that_are_alike_make_one_group():
    # Each subset of them would be tried if those of no new group were not passed over.
    names = [f"c{i:03}" for i in range(150)]
    found = separation(pd.DataFrame([np.arange(150.0)], columns=names))
    assert found.groups == (tuple(reversed(names)),)
    assert len(found.pairs) == 150 * 149 / 2


def test_groups_come_in_the_order_of_the_ranks(found):
    places = [[list(found.ranks.index).index(name) for name in group] for group in found.groups]
    assert places == sorted(places)
    assert all(group == sorted(group) for group in places)
    assert len(places) > 1
