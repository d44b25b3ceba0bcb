"""The ranking."""

from __future__ import annotations

from dataclasses import replace

import pytest
from analysis.made import made, owning_its_loop

from unitune.report import standing
from unitune.report.findings import find


def test_the_ranking_has_a_line_a_contender_with_a_cell_a_column(findings):
    places = standing.ranking(findings, findings.main)
    assert [place.label for place in places] == list(findings.labels)
    assert all(len(place.cells) == len(standing.COLUMNS) for place in places)
    first = findings.main.verdict.ranking.iloc[0]
    assert places[0].cells[0] == (f"{first['score']:.3f}", first["score"])
    assert places[0].interval == f"[{first['low']:.3f}, {first['high']:.3f}]"
    assert places[0].cells[4][0] == f"{first['wins']} / {first['ties']} / {first['losses']}"


def test_intervals_are_drawn_in_order_on_one_scale(findings):
    places = standing.ranking(findings, findings.main)
    for place in places:
        low, middle, high = place.span
        assert 0 <= low <= middle <= high <= standing.DRAWN
    assert places[0].span[1] > places[-1].span[1]


def test_a_score_far_below_random_search_does_not_squeeze_the_others(findings):
    ranking = findings.main.verdict.ranking.copy()
    ranking.loc[2, ["score", "low", "high"]] = [-50.0, -90.0, -20.0]
    part = replace(findings.main, verdict=replace(findings.main.verdict, ranking=ranking))
    places = standing.ranking(findings, part)
    assert places[2].span == (6, 6, 6)
    assert places[0].span[1] - places[2].span[1] > 40
    assert 6 < places[0].zero < 100


def test_a_contender_without_scores_has_dashes(findings):
    ranking = findings.main.verdict.ranking.copy()
    names = ["score", "low", "high", "equivalent", "wins", "ties", "losses", "rank"]
    ranking[names] = ranking[names].astype(float)
    ranking.loc[2, names] = float("nan")
    part = replace(findings.main, verdict=replace(findings.main.verdict, ranking=ranking))
    place = standing.ranking(findings, part)[2]
    assert [text for text, _ in place.cells[:5]] == ["–", "–", place.cells[2][0], "–", "– / – / –"]
    assert (place.interval, place.span) == ("", None)


def test_marks_tell_native_from_composed():
    proposals = ["composed (hyperopt:random)", "native"] * 6
    small = made(tasks=2, seeds=2, n_trials=6)
    runs = small.runs.assign(proposals=proposals, stops="composed")
    found = find(replace(small, runs=runs))
    assert standing.marks(found, "skopt:gp") == (
        "composed (hyperopt:random)",
        "native",
        "composed stops",
    )


def test_a_time_that_was_never_taken_has_a_dash():
    found = find(owning_its_loop(made(tasks=2, seeds=2, n_trials=6), "skopt:gp"))
    cells = {
        place.label: place.cells[standing.COLUMNS.index("time a proposal")]
        for place in standing.ranking(found, found.main)
    }
    assert cells["skopt:gp"] == ("–", "")
    assert cells["optuna:tpe"] == ("5.5 ms", pytest.approx(0.0055))
