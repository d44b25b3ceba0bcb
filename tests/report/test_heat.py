"""Tasks by contenders."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from analysis.made import made

from unitune.report import heat
from unitune.report.findings import find


def test_each_cell_shows_its_score_and_the_highest_wins(findings):
    scores = findings.main.scores.set_index(["task", "contender"])["score"]
    for row in heat.rows(findings):
        shown = [scores[row.task, name] for name in findings.contenders]
        assert [cell.text for cell in row.cells] == [f"{score:.2f}" for score in shown]
        assert [cell.wins for cell in row.cells] == [score == max(shown) for score in shown]
        assert [cell.shade for cell in row.cells] == pytest.approx(
            [min(1, max(0, score)) for score in shown], abs=1e-3
        )
        assert row.told == "cannot be tested with 3 seeds"


def test_equal_scores_win_together():
    found = find(made({"builtin:random": 1.0, "a": 2.0, "b": 2.0}, tasks=1, seeds=2, n_trials=5))
    scores = found.main.scores.assign(score=[0.0, 0.5, 0.5])
    tied = replace(found, main=replace(found.main, scores=scores))
    (row,) = heat.rows(tied)
    assert {found.contenders[cell.c] for cell in row.cells if cell.wins} == {"a", "b"}
    assert {found.contenders[c] for c in row.leaders} == {"a", "b"}


def test_a_tie_is_told_by_the_names_of_all_that_lead():
    results = made({"builtin:random": 1.0, "b": 2.0, "a": 2.0}, tasks=1, seeds=2, n_trials=5)
    trials = results.trials
    copy = trials[trials["contender"] == "a"].assign(contender="b")
    both = pd.concat([trials[trials["contender"] != "b"], copy], ignore_index=True)
    (row,) = heat.rows(find(replace(results, trials=both)))
    assert row.told == "tie of b and a"


def test_with_seeds_enough_it_is_told_whether_the_leader_is_separated():
    skills = {"builtin:random": 1.0, "a": 6.0}
    (row,) = heat.rows(find(made(skills, tasks=1, seeds=8)))
    assert row.told == "separated"
    (row,) = heat.rows(find(made({**skills, "a": 1.0}, tasks=1, seeds=8, n_trials=5)))
    assert row.told == "not separated"


def test_one_contender_alone_is_ahead_of_nobody():
    (row,) = heat.rows(find(made({"builtin:random": 1.0}, tasks=1, seeds=2, n_trials=5)))
    assert row.told == ""


def test_a_contender_without_a_score_has_a_dash(findings):
    scores = findings.main.scores
    fewer = scores[(scores["task"] != "task-0") | (scores["contender"] != "skopt:gp")]
    found = replace(findings, main=replace(findings.main, scores=fewer))
    cell = heat.rows(found)[0].cells[findings.place("skopt:gp")]
    assert (cell.text, cell.shade, cell.wins) == ("–", None, False)


def test_the_cells_of_a_very_large_table_tell_nothing_more(findings, monkeypatch):
    assert "on task-0" in heat.rows(findings)[0].cells[0].title
    monkeypatch.setattr(heat, "MOST_TITLES", 11)
    assert {cell.title for row in heat.rows(findings) for cell in row.cells} == {""}


def test_the_last_row_is_the_ranking(findings):
    ranking = findings.main.verdict.ranking["score"]
    assert [cell.text for cell in heat.means(findings)] == [f"{score:.2f}" for score in ranking]
