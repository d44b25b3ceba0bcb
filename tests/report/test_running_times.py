"""Expected running times, task by task."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from analysis.made import made

from unitune import analysis
from unitune.report.findings import find
from unitune.report.running_times import TARGETS, tables


@pytest.fixture(scope="module")
def found():
    return find(made(tasks=2, seeds=4, n_trials=12))


def test_each_cell_is_the_expected_time_and_tells_how_many_runs_got_there(found):
    times = analysis.expected_times(found.given, "trials", TARGETS).set_index(
        ["task", "contender", "target"]
    )
    shown = set()
    for task, table in tables(found, found.contenders).items():
        assert table.unit == "trials"
        assert {row.label for row in table.rows} == set(found.labels)
        for row in table.rows:
            for target, text in zip(TARGETS, row.cells, strict=True):
                time, successes, runs = times.loc[(task, found.contenders[row.c], target)]
                brackets = f" ({successes:.0f}/{runs:.0f})" if 0 < successes < runs else ""
                shown.add((math.isinf(time), bool(brackets)))
                assert text == ("∞" if math.isinf(time) else f"{time:.3g}{brackets}")
    assert shown == {(True, False), (False, True), (False, False)}


def test_those_that_are_soonest_at_the_hardest_target_come_first(found):
    times = analysis.expected_times(found.given, "trials", TARGETS)
    hardest = times[times["target"] == TARGETS[-1]].set_index(["task", "contender"])["ert"]
    for task, table in tables(found, found.contenders).items():
        order = [hardest[task, found.contenders[row.c]] for row in table.rows]
        assert order == sorted(order)


def test_where_a_task_has_a_resource_it_is_what_counts(findings):
    spent = tables(findings, findings.contenders[:1])
    assert {table.unit for table in spent.values()} == {"epochs"}
    assert {len(table.rows) for table in spent.values()} == {1}
    times = analysis.expected_times(findings.given, "resource", TARGETS)
    own = times[(times["task"] == "task-0") & (times["contender"] == findings.contenders[0])]
    assert spent["task-0"].rows[0].cells[0].startswith(f"{own['ert'].iloc[0]:.3g}")


def test_in_a_budget_of_seconds_times_are_seconds():
    results = made(tasks=1, seeds=4, n_trials=12)
    timed = replace(results, about={**results.about, "budget": "9 seconds"})
    found = find(timed)
    table = tables(found, found.contenders)["task-0"]
    times = analysis.expected_times(timed, "seconds", TARGETS)
    own = times[times["contender"] == found.contenders[table.rows[0].c]]
    assert table.unit == "seconds"
    assert table.rows[0].cells[0].startswith(f"{own['ert'].iloc[0]:.3g}")
