"""Regret, ranks and solved targets."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import pytest
from analysis.made import RANDOM, made

from unitune import analysis
from unitune.report import progress_figures
from unitune.report.findings import find

MOST_OF_TRIALS = "share of the most trials that a run used"


def lines(view):
    return {t["name"]: t for t in view["traces"] if t["role"] == "line"}


@pytest.mark.parametrize("by", ["trials", "seconds", "resource"])
def test_the_lines_are_the_aggregated_curves(findings, by):
    view = progress_figures.regret(findings, findings.main).views[by]
    curves = analysis.aggregate_curves(findings.main.results, by=by)
    for name, line in lines(view).items():
        own = curves[curves["contender"] == name].set_index("x")["normalised"]
        last = float(own.iloc[-1])
        assert line["y"][-1] == pytest.approx(last, rel=1e-5)
        assert len(line["x"]) == len(line["y"]) <= len(own)
    assert set(lines(view)) == set(findings.contenders)


def test_bands_lie_under_all_lines_and_around_their_own(findings):
    view = progress_figures.regret(findings, findings.main).views["trials"]
    roles = [t["role"] for t in view["traces"]]
    assert roles == sorted(roles) == ["band"] * 3 + ["line"] * 3
    for band, line in zip(view["traces"][:3], view["traces"][3:], strict=True):
        assert band["c"] == line["c"]
        assert np.all(np.array(band["low"]) <= np.array(line["y"]) + 1e-6)
        assert np.all(np.array(line["y"]) <= np.array(band["high"]) + 1e-6)


def test_the_stretch_in_which_nobody_has_found_anything_is_left_out(findings):
    view = progress_figures.regret(findings, findings.main).views["seconds"]
    starts = {line["x"][0] for line in lines(view).values()}
    assert len(starts) == 1
    assert min(line["y"][1] for line in lines(view).values()) < 1


def test_regret_against_wall_clock_is_the_same_curve(findings):
    regret = progress_figures.regret(findings, findings.main)
    assert progress_figures.wall_clock(regret).views[""] is regret.views["seconds"]


def test_ranks_end_where_the_verdict_has_them(findings):
    view = progress_figures.ranks(findings, findings.main).views[""]
    ranking = findings.main.verdict.ranking.set_index("contender")["rank"]
    assert {name: line["y"][-1] for name, line in lines(view).items()} == pytest.approx(
        ranking.to_dict(), rel=1e-5
    )
    assert all(line["x"][-1] == 1 for line in lines(view).values())


def test_very_many_curves_have_fewer_points(findings):
    from dataclasses import replace

    assert progress_figures.points(findings) == 100
    many = replace(findings, contenders=tuple(f"library:{i}" for i in range(200)))
    assert progress_figures.points(many) == 20


def test_solved_targets_end_where_the_statistics_have_them(findings):
    view = progress_figures.solved(findings, findings.main).views["trials"]
    ecdf = analysis.ecdf(findings.main.results)
    last = ecdf.groupby("contender")["solved"].last()
    for name, line in lines(view).items():
        assert line["y"][-1] == pytest.approx(last[name], rel=1e-5)


def test_solved_targets_only_grow(findings):
    figure = progress_figures.solved(findings, findings.main)
    for view in figure.views.values():
        for line in lines(view).values():
            assert line["shape"] == "hv"
            assert sorted(line["y"]) == line["y"]


def test_the_second_comparison_begins_with_resource(findings):
    from dataclasses import replace

    also = replace(findings.main, name="also")
    assert progress_figures.against(findings.main).options[0][0] == "trials"
    assert progress_figures.against(also).options[0][0] == "resource"
    assert progress_figures.regret(findings, also).name == "regret_also"


@pytest.mark.parametrize(
    ("budget", "first"),
    [("20 trials", "trials"), ("1 second", "seconds"), ("60 units of resource", "resource")],
)
def test_what_the_budget_was_given_in_comes_first(findings, budget, first):
    from dataclasses import replace

    part = replace(findings.main, verdict=replace(findings.main.verdict, budget=budget))
    for figure in (
        progress_figures.regret(findings, part),
        progress_figures.solved(findings, part),
    ):
        assert next(iter(figure.views)) == figure.controls[0].options[0][0] == first
    title = progress_figures.regret(findings, part).views["trials"]["x"]["title"]
    of_trials = budget == "20 trials"
    assert title == ("share of the trials" if of_trials else MOST_OF_TRIALS)


def test_among_many_lines_intervals_are_off_at_the_start(findings):
    assert progress_figures.bands(findings) == {"band": True}
    many = {RANDOM: 1.0, **{f"library:{i}": 2.0 for i in range(7)}}
    assert progress_figures.bands(find(made(many, tasks=1, seeds=2, n_trials=4))) == {"band": False}


def test_axes_are_settings_that_plotly_knows(drawn):
    for figure in drawn:
        for view in figure.views.values():
            settings = {f"{name}axis": view[name]["axis"] for name in ("x", "y")}
            go.Layout(**settings, **view.get("layout", {}))
