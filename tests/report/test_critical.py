"""The critical-difference diagram."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pandas as pd
import pytest
from analysis.made import RANDOM, made

from unitune.report import critical
from unitune.report.findings import find


def with_ranks(findings, ranks, groups=()):
    """Return findings, and a comparison with these ranks and groups."""
    separation = replace(
        findings.main.verdict.separation, ranks=pd.Series(ranks), groups=tuple(groups)
    )
    verdict = replace(findings.main.verdict, separation=separation)
    names = tuple(ranks)
    labels = tuple(name[:44] for name in names)
    return replace(findings, contenders=names, labels=labels), replace(
        findings.main, verdict=verdict
    )


def test_contenders_lie_at_their_mean_ranks(findings):
    ranks = {"a": 1.5, "b": 2.0, "c": 2.5, "d": 4.0}
    drawn = critical.diagram(*with_ranks(findings, ranks))
    places = {name.label: name.x for name in drawn.names}
    unit = (places["d"] - places["a"]) / 2.5
    assert places["b"] - places["a"] == pytest.approx(0.5 * unit)
    assert places["c"] - places["b"] == pytest.approx(0.5 * unit)
    assert [rank for _, rank in drawn.ticks] == [1, 2, 3, 4]


def test_a_bar_joins_the_members_of_a_group_and_bars_do_not_overlap(findings):
    ranks = {"a": 1.0, "b": 2.0, "c": 3.0, "d": 4.0}
    groups = [("a", "b"), ("b", "c"), ("c", "d")]
    drawn = critical.diagram(*with_ranks(findings, ranks, groups))
    places = {name.label: name.x for name in drawn.names}
    assert [bar.members for bar in drawn.bars] == [
        (places[first], places[second]) for first, second in groups
    ]
    for one, other in itertools.combinations(drawn.bars, 2):
        apart = one.members[-1] < other.members[0] or other.members[-1] < one.members[0]
        assert apart or one.level != other.level


def test_names_of_one_side_have_rows_of_their_own_and_all_stay_inside(findings):
    ranks = {f"a contender with a long name, number {i}": 1 + i / 2 for i in range(13)}
    drawn = critical.diagram(*with_ranks(findings, ranks))
    for left in (True, False):
        rows = [name.y for name in drawn.names if name.left is left]
        assert len(set(rows)) == len(rows)
    assert all(0 < name.x < drawn.width and name.y < drawn.height for name in drawn.names)


def test_of_many_contenders_the_best_are_drawn(findings):
    ranks = {f"library:{i}": float(i + 1) for i in range(30)}
    found, part = with_ranks(findings, ranks)
    drawn = critical.diagram(found, part)
    assert len(drawn.names) == critical.MOST
    assert drawn.left_out == 10
    assert len(critical.column(found, part).names) == critical.MOST


def test_the_narrow_diagram_has_a_row_a_contender_from_best_to_worst(findings):
    found, part = with_ranks(findings, {"a": 1.0, "b": 2.5}, [("a", "b")])
    drawn = critical.column(found, part)
    assert [name.label for name in drawn.names] == ["a", "b"]
    assert drawn.names[0].y < drawn.names[1].y
    assert drawn.names[0].x < drawn.names[1].x <= drawn.right
    assert drawn.bars[0].members == (drawn.names[0].y, drawn.names[1].y)
    assert drawn.right < drawn.bars[0].level < drawn.width


def test_groups_are_told_in_words(findings):
    found, part = with_ranks(findings, {"a": 1.0, "b": 2.0}, [("a", "b"), ("b",)])
    assert critical.unseparated(found, part) == "Not separated from one another: a, b."
    assert critical.unseparated(*with_ranks(findings, {"a": 1.0, "b": 2.0})) == ""


def test_one_contender_has_no_diagram():
    found = find(made({RANDOM: 1.0}, tasks=2, seeds=2, n_trials=5))
    assert critical.diagram(found, found.main) is None
    assert critical.column(found, found.main) is None
    assert critical.unseparated(found, found.main) == ""
