"""One task at a time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from analysis.made import RANDOM, made

from unitune import analysis
from unitune.report import drilldown
from unitune.report.findings import find


@pytest.fixture(scope="module")
def limit(findings):
    return drilldown.budget(findings)


def roles(view, role):
    return {t["c"]: t for t in view["traces"] if t["role"] == role}


def test_small_results_are_held_whole(findings, limit):
    assert limit.contenders == findings.contenders
    assert limit.every == 1
    assert limit.seeds == 3
    for note in (limit.of_curves, limit.of_trials, limit.of_finals):
        assert note(findings) == ""


def test_of_large_results_the_best_contenders_and_random_search_are_kept(findings, monkeypatch):
    names = tuple(f"library:{i}" for i in range(40))
    large = replace(findings, contenders=(*names, RANDOM), tasks=tuple("abcdefgh"))
    limit = drilldown.budget(large)
    assert limit.contenders == (*names[:24], RANDOM)
    monkeypatch.setattr(drilldown, "MOST_TRIALS", 20)
    note = drilldown.budget(large).of_trials(large)
    assert note.startswith("Drawn are the best 25 contenders. One of ")
    assert note.endswith("The raw results hold all.")


def test_each_figure_tells_what_it_leaves_out_itself(findings, limit):
    fewer = replace(limit, every=3, seeds=2)
    notes = [
        next(iter(figure(findings, fewer).views.values()))["note"]
        for figure in (drilldown.curves, drilldown.trials, drilldown.finals)
    ]
    assert notes == [
        "Thin lines are drawn for 2 of 3 seeds; the medians are of all. The raw results hold all.",
        "One of 3 trials is drawn. The raw results hold all.",
        "",
    ]


def test_trials_that_are_not_drawn_do_not_count(findings, monkeypatch):
    complete = (findings.given.trials["state"] == "complete").sum()
    assert complete < len(findings.given.trials)
    monkeypatch.setattr(drilldown, "MOST_TRIALS", complete)
    assert drilldown.budget(findings).every == 1


def test_regret_plus_reference_is_the_median_loss(findings, drawn):
    view = drawn.drill[0].views["task-2|trials"]
    medians = analysis.task_curves(findings.given, points=60)
    for c, line in roles(view, "line").items():
        own = medians[
            (medians["task"] == "task-2") & (medians["contender"] == findings.contenders[c])
        ]
        found = own["loss"][np.isfinite(own["loss"])]
        reference = view["value"]["reference"]
        assert line["y"] == pytest.approx((found - reference).tolist(), rel=1e-5)


def test_every_seed_is_a_thin_line_that_ends_with_its_run(findings, drawn):
    view = drawn.drill[0].views["task-0|trials"]
    steps = analysis.curves(findings.given)
    for c, thin in roles(view, "thin").items():
        own = steps[(steps["task"] == "task-0") & (steps["contender"] == findings.contenders[c])]
        assert thin["x"].count(None) == 3
        ends = [thin["x"][i - 1] for i, x in enumerate(thin["x"]) if x is None]
        assert ends == own.groupby("seed")["x"].max().tolist()
        assert len(thin["x"]) < len(own)


def test_one_seed_has_no_thin_lines():
    found = find(made(tasks=1, seeds=1, n_trials=6))
    figure = drilldown.curves(found, drilldown.budget(found))
    for view in figure.views.values():
        assert roles(view, "thin") == {}
        assert len(roles(view, "line")) == 3


def test_greater_values_are_made_of_regrets_by_their_sign():
    found = find(made(tasks=1, seeds=2, n_trials=6, mode="max"))
    view = drilldown.curves(found, drilldown.budget(found)).views["task-0|trials"]
    assert view["value"]["sign"] == -1
    best = found.given.runs.groupby("contender")["best"].median()
    for c, line in roles(view, "line").items():
        value = view["value"]["sign"] * (view["value"]["reference"] + line["y"][-1])
        assert value == pytest.approx(best[found.contenders[c]], rel=1e-4)


def test_every_complete_trial_is_drawn_and_no_other(findings, drawn):
    trials = findings.given.trials
    whole = trials[(trials["state"] == "complete")].groupby(["task", "contender"]).size()
    for task, view in drawn.drill[1].views.items():
        for c, trace in roles(view, "points").items():
            assert len(trace["x"]) == whole[task, findings.contenders[c]]
            assert len(trace["customdata"]) == len(trace["y"]) == len(trace["x"])


def test_beyond_so_many_trials_one_of_several_is_drawn(findings, limit):
    thinner = replace(limit, every=3)
    whole = roles(drilldown.trials(findings, limit).views["task-0"], "points")
    thinned = roles(drilldown.trials(findings, thinner).views["task-0"], "points")
    assert thinned[0]["x"] == whole[0]["x"][::3]


def test_the_last_values_are_those_of_the_runs(findings, drawn):
    runs = findings.given.runs
    for task, view in drawn.drill[2].views.items():
        for c, trace in roles(view, "box").items():
            own = runs[(runs["task"] == task) & (runs["contender"] == findings.contenders[c])]
            assert sorted(trace["x"]) == pytest.approx(sorted(own["best"].dropna()), rel=1e-5)
            assert set(trace["y"]) == {findings.labels[c]}


def test_the_best_configs_are_listed_best_first(findings, limit):
    rows = drilldown.best_configs(findings, "task-1", limit)
    trials = findings.given.trials
    own = trials[(trials["task"] == "task-1") & (trials["state"] == "complete")]
    best = own.loc[own["loss"].idxmin()]
    assert rows[0]["label"] == best["contender"]
    assert rows[0]["seed"] == str(best["seed"])
    assert rows[0]["config"] == f"x = {best['number'] / 20:.6g}, units = {best['number']}"
    assert len(rows) == 3


def test_a_task_without_a_complete_trial_has_no_best_config(findings, limit):
    assert drilldown.best_configs(findings, "unheard of", limit) == []
    assert drilldown.reference_of(findings, "unheard of") == 0.0
