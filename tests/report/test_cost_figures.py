"""Where the time went, and what it bought."""

from __future__ import annotations

from dataclasses import replace

import pytest
from analysis.made import made, owning_its_loop

from unitune.report import cost_figures
from unitune.report.drawings import draw
from unitune.report.findings import find


def test_the_parts_of_the_bars_are_the_mean_seconds_of_a_run(findings):
    view = cost_figures.overhead(findings).views["seconds"]
    costs = findings.costs.set_index("contender")
    for trace in view["traces"]:
        assert trace["y"] == list(findings.labels)
        assert trace["by"] == [0, 1, 2]
        expected = [costs[trace["part"]][name] for name in findings.contenders]
        assert trace["x"] == pytest.approx(expected, rel=1e-4)
    assert {trace["part"] for trace in view["traces"]} == set(cost_figures.PARTS)


def test_idle_is_what_is_left(findings):
    assert "idle while none of this went on" in cost_figures.overhead(findings).about


def test_shares_add_up_to_one(findings):
    view = cost_figures.overhead(findings).views["share"]
    for values in zip(*(trace["x"] for trace in view["traces"]), strict=True):
        assert sum(values) == pytest.approx(1, abs=1e-3)


def test_without_evaluating_leaves_the_objective_out(findings):
    view = cost_figures.overhead(findings).views["own"]
    assert "evaluate" not in {trace["part"] for trace in view["traces"]}


def test_a_proposal_is_drawn_in_milliseconds(findings):
    view = cost_figures.suggestion(findings).views[""]
    (trace,) = view["traces"]
    costs = findings.costs.set_index("contender")["suggestion"]
    expected = [1000 * costs[name] for name in findings.contenders]
    assert trace["x"] == pytest.approx(expected, rel=1e-4)
    assert 0 < view["floor"] < min(trace["x"])


def test_the_price_puts_score_over_seconds(findings):
    (trace,) = cost_figures.price(findings).views[""]["traces"]
    ranking = findings.main.verdict.ranking.set_index("contender")
    assert trace["text"] == list(findings.labels)
    assert trace["y"] == pytest.approx(ranking["score"][list(findings.contenders)], rel=1e-4)
    assert trace["x"] == pytest.approx(ranking["wall"][list(findings.contenders)], rel=1e-4)


def test_whose_time_is_drawn_is_told(findings):
    assert "not the backend's alone" in cost_figures.price(findings).about
    assert "backend's time to propose a trial" in cost_figures.suggestion(findings).about


@pytest.fixture(scope="module")
def untimed():
    return find(owning_its_loop(made(tasks=2, seeds=2, n_trials=6), "skopt:gp"))


def test_what_was_never_timed_is_not_drawn(untimed):
    (trace,) = cost_figures.suggestion(untimed).views[""]["traces"]
    assert set(trace["y"]) == {"builtin:random", "optuna:tpe"}
    figure = cost_figures.overhead(untimed)
    place = untimed.labels.index("skopt:gp")
    for view in figure.views.values():
        parts = {bar["part"]: bar["x"] for bar in view["traces"]}
        assert parts["suggest"][place] is parts["observe"][place] is None
        assert parts["idle"][place] > 0
        assert all(x is not None for x in parts["suggest"][:place] + parts["suggest"][place + 1 :])
    assert "it is idle here" in figure.about


def test_where_all_is_timed_no_loop_is_mentioned(findings):
    assert "loop" not in cost_figures.overhead(findings).about


def test_where_no_proposal_was_timed_there_is_no_spot():
    results = made(tasks=2, seeds=2, n_trials=6)
    still = dict.fromkeys(["start_up", "suggest", "observe"], 0.0)
    found = find(replace(results, runs=results.runs.assign(**still)))
    assert cost_figures.suggestion(found).views[""]["traces"] == []
    assert draw(found)
