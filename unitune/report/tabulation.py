"""The results and what is derived from them as CSV and Parquet."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from unitune import analysis
from unitune.bench.results import COLUMNS
from unitune.report.findings import Findings

if TYPE_CHECKING:
    import pandas as pd

RUN = ["task", "contender"]
WORDS = {
    "runs": "one row a run",
    "trials": "one row a trial",
    "rungs": "one row a rung of a run",
    "tasks": "one row a task",
    "ranking": "the ranking",
    "ranking_also": "the ranking on part of the tasks",
    "task_scores": "scores by task and contender",
    "run_scores": "scores by run",
    "pairs": "the tests of all pairs",
    "costs": "seconds by contender",
    "regret": "the aggregated curves",
    "running_times": "expected trials to targets",
    "omissions": "what the statistics leave out",
}


def tables(findings: Findings) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield each table with its name; those without rows are left out."""
    import pandas as pd

    given, main = findings.given, findings.main
    separation = main.verdict.separation
    everything = {
        "runs": given.runs,
        "trials": given.trials,
        "rungs": given.rungs,
        "tasks": given.tasks,
        "ranking": main.verdict.ranking,
        "ranking_also": findings.also.verdict.ranking if findings.also else pd.DataFrame(),
        "task_scores": pd.concat([part.scores for part in findings.parts]).drop_duplicates(RUN),
        "run_scores": analysis.scores(main.results),
        "pairs": separation.pairs if separation is not None else pd.DataFrame(),
        "costs": findings.costs,
        "regret": analysis.aggregate_curves(main.results),
        "running_times": analysis.expected_times(given),
        "omissions": main.verdict.omissions,
    }
    yield from ((name, frame) for name, frame in everything.items() if len(frame))


def write_tables(findings: Findings, folder: Path) -> list[tuple[str, str]]:
    """Write every table twice; returns the path of each from the folder above, and a word on it."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, frame in tables(findings):
        frame.to_csv(folder / f"{name}.csv", index=False)
        _plain(frame).to_parquet(folder / f"{name}.parquet", index=False)
        written.append((f"{folder.name}/{name}.csv", WORDS[name]))
    return written


def saved(findings: Findings, folder: Path) -> list[tuple[str, str]]:
    """Return what `Results.save` has written of these results into a folder, and a word on each.

    Where that is published beside the page, it is what the page can lead to.
    """
    paths = [folder / f"{name}.parquet" for name in COLUMNS]
    if not all(path.exists() for path in paths):
        return []
    rows = {path.stem: len(getattr(findings.given, path.stem)) for path in paths}
    if any(_length(path) != rows[path.stem] for path in paths):  # those of an earlier state
        return []
    return [(path.name, WORDS[path.stem]) for path in paths if rows[path.stem]]


def _length(path: Path) -> int:
    parquet = importlib.import_module("pyarrow.parquet")
    return int(parquet.read_metadata(path).num_rows)


def _plain(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame whose columns Parquet takes: what has no type of its own becomes text."""
    mixed = [name for name in frame.columns if frame[name].dtype == object]
    texts = {name: frame[name].map(lambda v: v if v is None else str(v)) for name in mixed}
    return frame.assign(**texts)
