"""The ranking as a table of text, for a terminal."""

from __future__ import annotations

from typing import Any

import pandas as pd

from unitune.analysis.verdicts import Verdict
from unitune.tables import render

COLUMNS = ("contender", "score", "rank", "best on", "random trials", "s a trial", "failed trials")
MEANING = "score: 0 is random search at the same budget, 1 is the best value; rank: the mean"


def standings(verdict: Verdict) -> str:
    """Return the ranking of a verdict, and of the one on the tasks of those left out of it.

    A contender is 'best on' so many tasks, ties among them; 'random trials' are what its budget is
    worth, and 's a trial' is what its backend takes for one.
    """
    tables = [_table("Ranking", verdict)]
    if verdict.also is not None:
        tables.append(_table("Ranking where all contenders can run", verdict.also))
    return "\n\n".join(tables)


def _table(title: str, verdict: Verdict) -> str:
    n = len(verdict.references)
    rows = [_row(row) for row in verdict.ranking.itertuples()]
    tasks = f"{n} task{'s' * (n != 1)}"
    return render(f"{title}: {tasks} ({MEANING})", COLUMNS, rows, numeric=COLUMNS[1:])


def _row(row: Any) -> tuple[str, ...]:
    interval = "" if pd.isna(row.low) else f" [{row.low:.2f}, {row.high:.2f}]"
    worth = f"{'at least ' if row.capped else ''}{row.equivalent:.0f}"
    return (
        row.contender,
        "-" if pd.isna(row.score) else f"{row.score:.2f}{interval}",
        "-" if pd.isna(row.rank) else f"{row.rank:.1f}",
        str(row.wins + row.ties),
        "-" if pd.isna(row.equivalent) else worth,
        "-" if pd.isna(row.suggestion) else f"{row.suggestion:.2g}",
        f"{row.failed:.0f}",
    )
