"""The rung ledger: what the schedules planned, and what was spent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from unitune.report.figure import Control, Figure, axis
from unitune.report.findings import Findings
from unitune.report.texts import rounded

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = [
    *("contender", "task", "bracket", "rung", "level"),
    *("planned_trials", "trials", "planned", "consumed", "runs"),
]


def ledger(findings: Findings) -> pd.DataFrame:
    """Return one row a contender, task, bracket and rung: the mean run's plan and what it spent.

    Columns: `level` is the resource of a trial at that rung; `planned_trials` and `planned` are
    what the schedule foresees for as many trials as entered the bracket; `trials` and `consumed`
    are what came of it. Resource is that of the rung itself, from the rung below it on.
    """
    import pandas as pd

    rungs = findings.given.rungs
    if rungs.empty:
        return pd.DataFrame(columns=COLUMNS)
    runs = ["contender", "task", "seed", "bracket"]
    rungs = rungs.sort_values([*runs, "rung"])
    below = rungs.groupby(runs, sort=False)["planned_resource"].shift(fill_value=0)
    # A run goes through its brackets as often as its budget allows; the plan is that of one round.
    first = rungs.groupby(runs, sort=False)
    entered = first["trials"].transform("first")
    rounds = entered / first["planned_trials"].transform("first").replace(0, float("nan"))
    planned = rungs["planned_trials"] * rounds
    frame = rungs.assign(
        level=rungs["planned_resource"],
        planned_trials=planned,
        planned=planned * (rungs["planned_resource"] - below),
        consumed=rungs["resource"],
        runs=1,
    )
    summed = frame.groupby(["contender", "task", "bracket", "rung", "level"], sort=False)
    table = summed[["planned_trials", "trials", "planned", "consumed", "runs"]].sum(min_count=1)
    table = table.reset_index()
    for column in ("planned_trials", "trials", "planned", "consumed"):
        table[column] = table[column] / table["runs"]
    return table[COLUMNS]


def totals(table: pd.DataFrame) -> pd.DataFrame:
    """Return the ledger summed to one row a contender and rung, per run, over all its tasks."""
    tasks = table.groupby("contender")["task"].nunique()
    grouped = table.groupby(["contender", "bracket", "rung"], sort=False)
    summed = grouped[["planned_trials", "trials", "planned", "consumed"]].sum(min_count=1)
    summed = summed.reset_index()
    share = summed["contender"].map(tasks)
    for column in ("planned_trials", "trials", "planned", "consumed"):
        summed[column] = summed[column] / share
    levels = grouped["level"].agg(["min", "max"]).reset_index()
    summed["least"], summed["most"] = levels["min"], levels["max"]
    return summed


def figure(findings: Findings, table: pd.DataFrame) -> Figure | None:
    """Return planned against consumed, rung by rung; None where no run had a schedule."""
    if table.empty:
        return None
    summed = totals(table)
    names = [name for name in findings.contenders if name in set(summed["contender"])]
    views: dict[str, dict[str, Any]] = {}
    for name in names:
        own = summed[summed["contender"] == name]
        c = str(findings.place(name))
        views[f"{c}|resource"] = _view(own, "planned", "consumed", "resource a run")
        views[f"{c}|trials"] = _view(own, "planned_trials", "trials", "trials a run")
    options = tuple((str(findings.place(name)), findings.label(name)) for name in names)
    return Figure(
        "rungs",
        "Planned and spent, rung by rung",
        "The mean run over its tasks, against what the schedule foresees for as many trials as "
        "entered the bracket. Less than planned: the budget ended, or trials failed. More: trials "
        "were promoted early, or computed again from their start.",
        views=views,
        controls=(
            Control("contender", "Contender", options, kind="select"),
            Control("what", "In", (("resource", "Resource"), ("trials", "Trials"))),
        ),
    )


def _view(own: pd.DataFrame, planned: str, spent: str, title: str) -> dict[str, Any]:
    names = [f"bracket {row.bracket}, rung {row.rung}" for row in own.itertuples()]
    bars = [("idle", "planned", planned), ("evaluate", "spent", spent)]
    traces = [
        {
            "role": "bar",
            "part": part,
            "name": label,
            "x": rounded(own[column], 5),
            "y": names,
            "hover": "%{x:.5g}",
        }
        for part, label, column in bars
    ]
    return {
        "traces": traces,
        "x": axis(title),
        "y": axis("", kind="category", autorange="reversed"),
        "height": 110 + 40 * len(names),
        "layout": {"barmode": "group", "bargap": 0.3, "bargroupgap": 0.05},
    }
