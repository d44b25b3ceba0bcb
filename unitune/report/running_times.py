"""Expected running times: what a contender spends until it is as near to the reference as asked."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from unitune import analysis
from unitune.report.findings import Findings, budgeted_in
from unitune.report.texts import missing, number, one_line

if TYPE_CHECKING:
    import pandas as pd

# Regrets, in units of the one that random search is expected to be left with.
TARGETS = (3.0, 1.0, 0.3, 0.1, 0.03)


@dataclass(frozen=True, slots=True)
class Times:
    """What one contender needs on a task.

    Attributes:
        c: the contender's place.
        label: its name.
        cells: the expected time to each target, and how many of its runs got there.
    """

    c: int
    label: str
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """The expected running times on one task.

    Attributes:
        unit: what they are counted in.
        rows: the contenders, those first that are soonest at the hardest target.
    """

    unit: str
    rows: tuple[Times, ...]


def tables(findings: Findings, contenders: Sequence[str]) -> dict[str, Table]:
    """Return a table for each task that has scores, in what equal budgets are counted in.

    That is seconds where the budget was a time, else resource where the task has any.
    """
    timed = budgeted_in(findings.main) == "seconds"
    # Where a task has no resource, a trial consumes 1 of it.
    times = analysis.expected_times(findings.given, "seconds" if timed else "resource", TARGETS)
    found = {}
    for task, frame in times.groupby("task", sort=False):
        known = findings.task(str(task))
        unit = "trials" if missing(known.get("most")) else one_line(known["unit"])
        found[str(task)] = Table("seconds" if timed else unit, _rows(findings, frame, contenders))
    return found


def _rows(findings: Findings, frame: pd.DataFrame, contenders: Sequence[str]) -> tuple[Times, ...]:
    own = {str(name): part for name, part in frame.groupby("contender", sort=False)}
    kept = [name for name in findings.contenders if name in own and name in contenders]
    kept.sort(key=lambda name: own[name]["ert"].tolist()[::-1])
    return tuple(
        Times(findings.place(name), findings.label(name), tuple(map(_cell, *_columns(own[name]))))
        for name in kept
    )


def _columns(frame: pd.DataFrame) -> tuple[list[float], list[int], list[int]]:
    return frame["ert"].tolist(), frame["successes"].tolist(), frame["runs"].tolist()


def _cell(time: float, successes: int, runs: int) -> str:
    if math.isinf(time):
        return number(time)
    return f"{number(time, 3)}{f' ({successes}/{runs})' if successes < runs else ''}"
