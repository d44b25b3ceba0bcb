"""Runs as rows of the four tables of `Results`."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from unitune.bench.cells import Cell
from unitune.bench.running import Ran
from unitune.plugins import library_version
from unitune.result import Result
from unitune.scheduling import COMPOSED
from unitune.task import Task
from unitune.trial import State, Trial

Row = dict[str, Any]
SECONDS = ("start_up", "suggest", "observe", "evaluate", "idle", "wall")
COUNTED = (State.COMPLETE, State.PRUNED, State.FAILED)


@dataclass(frozen=True, slots=True)
class Rows:
    """One run: its row in `runs`, and its rows in `trials` and `rungs`."""

    run: Row
    trials: list[Row]
    rungs: list[Row]


def rows_of(ran: Ran) -> Rows:
    """Return what a run leaves in the tables."""
    cell, result = ran.cell, ran.result
    name: Row = dict(zip(("task", "contender", "seed"), cell.name, strict=True))
    run = name | _asked(cell) | _effective(ran)
    if result is None:
        return Rows(run | _nothing() | {"reason": "failed", "error": ran.error}, [], [])
    run |= _came(result) | {"error": ran.error}
    if ran.error is not None:
        run["reason"] = "failed"
    trials = [name | _trial(trial, ran) for trial in result.trials]
    run["resource"] = sum(row["resource"] for row in trials)
    if cell.design.virtual is not None:
        _move(run, trials, ran)
    return Rows(run, trials, [name | row for row in _rungs(result)])


def lost(cell: Cell, error: str) -> Rows:
    """Return the rows of a cell whose process died."""
    return rows_of(Ran(cell, None, error=error))


def task_row(task: Task) -> Row:
    """Return a task's row."""
    least, most = task.resource or (None, None)
    return {
        "task": task.name,
        "mode": task.mode,
        "optimum": task.optimum,
        "proven": task.proven,
        "source": task.source,
        "cost": task.cost,
        "least": least,
        "most": most,
        "unit": task.unit if task.resource else "",
        "noisy": task.noisy,
        "stresses": ", ".join(task.stresses),
        "parameters": len(task.space),
        "version": task.version,
    }


def as_json(value: Any) -> str:
    """Return JSON; what JSON has no form for appears as Python shows it."""
    return json.dumps(value, default=repr, ensure_ascii=False)


def _asked(cell: Cell) -> Row:
    contender = cell.contender
    spec, method, scheduler = contender.find()
    budget = cell.design.budget.settings(cell.task, scheduled=contender.scheduled)
    given = {**contender.options}
    if contender.scheduler_options:
        given["scheduler_options"] = dict(contender.scheduler_options)
    return {
        "backend": spec.name,
        "method": f"{spec.name}:{method.name}",
        "proposals": _proposals(method.through if method.composed else None),
        "scheduler": (scheduler or "").removeprefix(COMPOSED),
        "stops": "",
        "mode": cell.task.mode,
        "n_trials": cell.design.settings.get("n_trials", budget["n_trials"]),
        "workers": cell.design.virtual or cell.design.settings.get("workers", 1),
        "paired": cell.paired,
        "library": spec.distribution or "",
        "library_version": library_version(spec) or "",
        "options": as_json(given),
        "run_seed": cell.run_seed,
    }


def _came(result: Result) -> Row:
    complete = [t.value for t in result.trials if t.state is State.COMPLETE and t.value is not None]
    best = min if result.mode == "min" else max
    verdicts = result.translation.verdicts
    return {
        "method": f"{result.backend}:{result.method}",
        "proposals": _proposals(result.through),
        "stops": _stops(result.scheduler),
        "reason": result.reason,
        "best": best(complete, default=None),
        **{name: getattr(result.overhead, name) for name in SECONDS},
        "trials": len(result.trials),
        **_counts(result.trials),
        "lowered": as_json({verdict.name: verdict.status for verdict in verdicts}),
    }


def _nothing() -> Row:
    return {
        "best": None,
        **dict.fromkeys(SECONDS),
        "resource": 0.0,
        "trials": 0,
        **_counts(()),
        "lowered": "{}",
    }


def _counts(trials: Iterable[Trial]) -> Row:
    states = [trial.state for trial in trials]
    return {state.value: states.count(state) for state in COUNTED}


def _effective(ran: Ran) -> Row:
    """Return what the library's constructors were called with; executors are none of its own."""
    used = {
        name: dict(options)
        for name, options in ran.effective.items()
        if options and not name.endswith("Executor")
    }
    return {"effective": as_json(used)}


def _stops(scheduler: str | None) -> str:
    if scheduler is None:
        return ""
    return "composed" if scheduler.startswith(COMPOSED) else "native"


def _proposals(through: str | None) -> str:
    return f"composed ({through})" if through else "native"


def _trial(trial: Trial, ran: Ran) -> Row:
    task = ran.cell.task
    # The clock of trials begins after the start-up, that of a run with it.
    begun = ran.result.overhead.start_up if ran.result else 0.0
    sign = 1.0 if task.mode == "min" else -1.0
    return {
        "number": trial.number,
        "state": trial.state.value,
        "value": trial.value,
        "loss": None if trial.value is None else sign * trial.value,
        # Without a resource every trial is one whole evaluation.
        "resource": float(trial.resource if task.resource else 1),
        "initial": trial.initial,
        "start": begun + trial.start,
        "end": begun + ran.ends.get(trial.number, trial.start + trial.evaluate),
        "suggest": trial.suggest,
        "evaluate": trial.evaluate,
        "observe": trial.observe,
        "failure": None if trial.failure is None else str(trial.failure),
        "config": as_json(dict(trial.config)),
    }


def _move(run: Row, trials: list[Row], ran: Ran) -> None:
    """Put times on the virtual clock, where proposing and deciding take none."""
    begins: dict[int, float] = {}
    ends: dict[int, float] = {}
    for stretch in ran.timeline:
        begins.setdefault(stretch.number, stretch.begin)
        ends[stretch.number] = stretch.end
    nothing = dict.fromkeys(("start_up", "suggest", "observe"), 0.0)
    wall, workers = max(ends.values(), default=0.0), run["workers"]
    for row in trials:
        times = {"start": begins.get(row["number"], 0.0), "end": ends.get(row["number"], 0.0)}
        row.update({**times, "suggest": 0.0, "observe": 0.0})
    evaluate = sum(row["evaluate"] for row in trials)
    idle = max(0.0, wall - evaluate / workers)
    run.update({**nothing, "wall": wall, "evaluate": evaluate, "idle": idle})


def _rungs(result: Result) -> list[Row]:
    if not result.schedule:
        return []
    names = ("bracket", "rung", "planned_trials", "planned_resource", "trials", "resource")
    rungs = result.resource.rungs().dropna(subset=["rung"])  # a library tells no rungs
    return [
        dict(zip(names, map(int, row), strict=True))
        for row in rungs[list(names)].itertuples(index=False)
    ]
