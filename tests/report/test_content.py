"""What all forms of the report have in common."""

from __future__ import annotations

from dataclasses import replace

import pytest
from analysis.made import RANDOM, made

from unitune.report.content import comparison, how_tested, lede, texts_and_rows, title
from unitune.report.findings import find


def about(findings, **words):
    return replace(findings, given=replace(findings.given, about=words))


def test_the_title_counts_contenders_and_tasks(findings):
    assert title(findings) == "3 contenders on 4 tasks: made"
    alone = find(made({RANDOM: 1.0}, tasks=1, seeds=1, n_trials=4))
    assert title(about(alone)) == "1 contender on 1 task"


def test_the_line_below_it_tells_the_date_without_its_time_the_budget_and_the_seeds(findings):
    told = lede(about(findings, date="2026-11-21T07:59:50+00:00", budget="25 trials", seeds=[0, 1]))
    assert told == "2026-11-21 · budget of a run: 25 trials · seeds: 0, 1"
    assert lede(about(findings)) == ""


def test_it_is_told_how_differences_were_tested(findings):
    told = how_tested(findings.main)
    assert told.startswith("3 contenders on 4 tasks. Friedman's test: χ² = ")
    assert "Wilcoxon's signed-rank test with Holm's correction, at 5 %." in told
    assert "Nemenyi's critical difference (CD) is" in told


def test_with_one_contender_nothing_is_tested():
    found = find(made({RANDOM: 1.0}, tasks=2, seeds=2, n_trials=4))
    assert how_tested(found.main) == (
        "There are too few contenders or tasks for a test of their differences."
    )


def test_only_the_second_comparison_has_contenders_of_its_own(findings):
    assert comparison(findings, findings.main)["alone"] == []
    assert comparison(findings, findings.main)["over"] == "4 tasks"


def test_contenders_that_were_not_run_on_the_same_tasks_are_told_together(findings, drawn):
    skipped = [
        {"task": task, "contender": name, "why": "no resource"}
        for task, name in [("a", "x"), ("a", "y"), ("a", "z"), ("b", "x"), ("b", "y")]
    ]
    told = texts_and_rows(about(findings, skipped=skipped), drawn.ledger)["skipped"]
    assert told == ["x, y: not on a, b (no resource)", "z: not on a (no resource)"]


def test_the_initial_designs_of_many_tasks_are_told_together(findings, drawn):
    for initial, told in [
        ({"a": 10, "b": 10}, "10 trials on each task"),
        ({"a": 10, "b": 5, "c": 5}, "10 trials on a; 5 trials on b, c"),
        (3, "3"),
    ]:
        rows = texts_and_rows(about(findings, initial=initial), drawn.ledger)["about"]
        assert rows == [("initial design", told)]


def test_what_was_not_run_is_told_once_a_contender(findings, drawn):
    skipped = [
        {"task": f"t{i}", "contender": "optuna:bohb", "why": f"t{i} has no resource"}
        for i in range(3)
    ]
    found = about(findings, skipped=skipped, command="unitune bench\nrm -rf x", memory={"a": 1})
    values = texts_and_rows(found, drawn.ledger)
    assert values["skipped"] == ["optuna:bohb: not on t0, t1, t2 (such as: t0 has no resource)"]
    assert values["commands"] == ["unitune bench rm -rf x"]
    assert values["about"] == [("memory", "a: 1")]


def test_all_commands_that_filled_the_directory_are_told_once(findings, drawn):
    commands = ["unitune bench a", "unitune bench\nb"]
    for command in ("unitune bench b", None):
        values = texts_and_rows(about(findings, command=command, commands=commands), drawn.ledger)
        assert values["commands"] == ["unitune bench a", "unitune bench b"]
        assert values["about"] == []
    assert texts_and_rows(about(findings), drawn.ledger)["commands"] == []


def test_runs_of_other_setups_are_told_by_contender(findings, drawn):
    found = about(findings, set_aside={"optuna:tpe": 3, "skopt:gp": 1})
    values = texts_and_rows(found, drawn.ledger)
    assert values["set_aside"] == ["optuna:tpe: 3 runs", "skopt:gp: 1 run"]
    assert values["about"] == []


def test_what_is_left_out_is_told_and_a_long_list_is_cut(findings, drawn):
    import pandas as pd

    rows = [
        {"task": "", "contender": "x", "seed": "", "reason": "everywhere"},
        {"task": "t", "contender": "x", "seed": 3, "reason": "no run"},
        *({"task": "t", "contender": "y", "seed": i, "reason": "lost"} for i in range(60)),
    ]
    verdict = replace(findings.main.verdict, omissions=pd.DataFrame(rows))
    found = replace(findings, main=replace(findings.main, verdict=verdict))
    told = texts_and_rows(found, drawn.ledger)["omissions"]
    assert told[:2] == ["x: everywhere", "t · x · seed 3: no run"]
    assert told[-1] == "… and 22 more; the tables hold all."


@pytest.mark.parametrize("key", ["ledger", "settings", "heat", "means", "totals"])
def test_every_table_has_rows(findings, drawn, key):
    assert texts_and_rows(findings, drawn.ledger)[key]
