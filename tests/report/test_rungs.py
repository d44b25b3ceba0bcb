"""The rung ledger."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from analysis.made import made

from unitune.report import rungs
from unitune.report.findings import find


def row(place, plan, done, task="task-0", seed=0):
    """Return a rung: bracket and number; trials and resource planned; trials and resource used."""
    names = ("bracket", "rung", "planned_trials", "planned_resource", "trials", "resource")
    values = dict(zip(names, (*place, *plan, *done), strict=True))
    return {"task": task, "contender": "optuna:tpe", "seed": seed, **values}


def findings_with(rows):
    given = made(tasks=2, seeds=2, n_trials=6, most=9)
    return find(replace(given, rungs=pd.DataFrame(rows)))


def test_the_plan_is_that_for_as_many_trials_as_entered_the_bracket():
    # Twice round a bracket of 9 trials: 18 at resource 1, then 6 from 1 to 3, then 2 from 3 to 9.
    found = findings_with(
        [
            row((2, 0), (9.0, 1.0), (18, 18.0)),
            row((2, 1), (3.0, 3.0), (6, 12.0)),
            row((2, 2), (1.0, 9.0), (1, 6.0)),
        ]
    )
    table = rungs.ledger(found)
    assert table["planned_trials"].tolist() == [18, 6, 2]
    assert table["planned"].tolist() == [18, 12, 12]
    assert table["trials"].tolist() == [18, 6, 1]
    assert table["consumed"].tolist() == [18, 12, 6]


def test_runs_are_averaged_and_brackets_kept_apart():
    found = findings_with(
        [
            row((1, 0), (3.0, 3.0), (3, 9.0)),
            row((0, 0), (2.0, 9.0), (2, 18.0)),
            row((1, 0), (3.0, 3.0), (1, 3.0), seed=1),
            row((0, 0), (2.0, 9.0), (2, 18.0), seed=1),
        ]
    )
    table = rungs.ledger(found).set_index(["bracket", "rung"])
    assert table.loc[(1, 0), "trials"] == 2
    assert table.loc[(1, 0), "consumed"] == 6
    assert table.loc[(0, 0), "consumed"] == 18


def test_totals_average_over_the_tasks_of_a_contender():
    found = findings_with(
        [row((0, 0), (4.0, 1.0), (4, 4.0)), row((0, 0), (8.0, 3.0), (8, 24.0), task="task-1")]
    )
    (total,) = rungs.totals(rungs.ledger(found)).to_dict("records")
    assert total["trials"] == 6
    assert total["consumed"] == 14
    assert (total["least"], total["most"]) == (1, 3)


def test_a_rung_without_a_plan_has_none():
    found = findings_with([row((0, 0), (0.0, 1.0), (4, 4.0))])
    assert rungs.ledger(found)["planned"].isna().all()
    view = rungs.figure(found, rungs.ledger(found)).views["1|resource"]
    assert [trace["x"] for trace in view["traces"]] == [[None], [4]]


def test_the_figure_has_a_view_for_each_contender_with_a_schedule(findings, drawn):
    names = {str(findings.place(name)) for name in ("optuna:tpe", "skopt:gp")}
    assert {key.partition("|")[0] for key in drawn.rungs.views} == names
    planned, spent = drawn.rungs.views["0|trials"]["traces"]
    assert planned["y"] == spent["y"] == ["bracket 0, rung 0", "bracket 0, rung 1"]


def test_without_schedules_there_is_no_figure():
    found = find(made(tasks=1, seeds=2, n_trials=5))
    table = rungs.ledger(found)
    assert table.empty
    assert rungs.figure(found, table) is None


@pytest.mark.parametrize("column", ["planned", "consumed", "trials", "planned_trials"])
def test_the_ledger_of_an_empty_table_has_its_columns(column):
    assert column in rungs.ledger(find(made(tasks=1, seeds=2, n_trials=5)))
