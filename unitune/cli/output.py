"""What a run leaves in a directory."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

from unitune.comparison import Comparison
from unitune.errors import OptionError
from unitune.result import Result
from unitune.trial import State

SECONDS = ("start_up", "suggest", "evaluate", "observe", "idle")


def make_directory(directory: Path) -> None:
    """Make a directory before anything runs, so that no result is lost for the want of one.

    Raises:
        OptionError: it cannot be made, or not be written to.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        why = "" if os.access(directory, os.W_OK) else "Permission denied"
    except OSError as error:
        why = error.strerror or str(error)
    if why:
        raise OptionError(
            f"Results cannot be written to {directory}: {why}. Nothing was run; give --out another "
            f"directory."
        )


def write_result(result: Result, directory: Path) -> list[Path]:
    """Write trials.csv, curves.csv, translation.txt, result.json to a directory that is there."""
    trials, curves = directory / "trials.csv", directory / "curves.csv"
    translation, summary = directory / "translation.txt", directory / "result.json"
    result.frame().to_csv(trials, index=False)
    result.curves().to_csv(curves, index=False)
    translation.write_text(f"{result.translation}\n", encoding="utf-8")
    summary.write_text(json.dumps(_summary(result), indent=2, default=repr), encoding="utf-8")
    return [trials, curves, translation, summary]


def write_comparison(comparison: Comparison, directory: Path) -> list[Path]:
    """Write comparison.csv (a line a contender) and runs.csv to a directory that is there."""
    table = directory / "comparison.csv"
    comparison.table().to_csv(table, index=False)
    return [table, comparison.to_csv(directory / "runs.csv")]


def describe(result: Result) -> str:
    """Return a few lines on how a run went."""
    states = {state: sum(t.state is state for t in result.trials) for state in State}
    counted = ", ".join(f"{count} {state.value}" for state, count in states.items() if count)
    through = f", proposals of {result.through}" if result.through else ""
    time = result.overhead
    how = f"{result.backend}:{result.method}{through}, seed {result.seed}"
    spent = ", ".join(f"{name} {getattr(time, name):.2f}" for name in SECONDS)
    lines = [
        f"{how}: {counted or 'no trials'}; ended by {result.reason}.",
        f"{time.wall:.2f} s in all: {spent}.",
        *_kept(result),
    ]
    if states[State.COMPLETE]:
        best = result.best
        lines.append(f"Best value {best.value:.6g} in trial {best.number}:")
        lines += [f"  {name} = {value!r}" for name, value in best.config.items()]
    return "\n".join(lines)


def _kept(result: Result) -> list[str]:
    """Say which study of the journal it is, and how an earlier run of it was gone on with."""
    if result.study is None:
        return []
    if result.resumed is None:
        return [f"Study {result.study!r} was begun in the journal."]
    if result.resumed == "exact":
        return [f"Study {result.study!r} went on exactly where it was."]
    return [f"Study {result.study!r} went on with a fresh study, since {result.resumed}."]


def _summary(result: Result) -> dict[str, Any]:
    best = result.best if any(t.state is State.COMPLETE for t in result.trials) else None
    return {
        "backend": result.backend,
        "method": result.method,
        "through": result.through,
        "mode": result.mode,
        "seed": result.seed,
        "study": result.study,
        "resumed": result.resumed,
        "trials": len(result.trials),
        "rejected": result.rejected,
        "reason": result.reason,
        "best": None
        if best is None
        else {"number": best.number, "value": best.value, "config": dict(best.config)},
        "overhead": asdict(result.overhead),
        "versions": dict(result.versions),
        "space": result.space.to_dict(),
    }
