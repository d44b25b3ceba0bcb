"""Making a table of a run: of its result, or of its study in a journal.

A journal holds the time of each report, so that a table made of it knows what every step cost. A
result holds how long each trial took, which is shared out evenly over its steps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from unitune.journal import StudyLog, open_journal
from unitune.journal.history import trials as read_trials
from unitune.result import Result
from unitune.space import Space
from unitune.trial import Report, State, Trial
from unitune_benchmarks.replay import Step
from unitune_benchmarks.tables import Row, Table

Seconds = Callable[[Trial, Report], float]


def table_from_result(result: Result, *, name: str, unit: str = "steps", source: str = "") -> Table:
    """Return the table of a result's trials.

    Args:
        result: what `unitune.run` returned.
        name: what the table is called.
        unit: what the trials' steps are counted in.
        source: where it comes from.

    Example:
        >>> import unitune
        >>> result = unitune.run(
        ...     {"x": unitune.Int(0, 3)}, lambda config: config["x"] ** 2,
        ...     backend="builtin", method="grid", n_trials=4, progress=False,
        ... )
        >>> table = table_from_result(result, name="squares")
        >>> [row.steps[-1].value for row in table.rows]
        [0.0, 1.0, 4.0, 9.0]
    """
    rows = _rows(result.trials, lambda trial, _: trial.evaluate / len(trial.reports))
    return Table(
        result.space, rows, name=name, mode=result.mode, unit=unit, source=source or _said(result)
    )


def table_from_study(
    storage: str | Path,
    study: str,
    *,
    space: Space | None = None,
    name: str | None = None,
    unit: str = "steps",
    source: str = "",
) -> Table:
    """Return the table of the finished trials of a study in a journal.

    Args:
        storage: the journal, as `unitune.run` takes it.
        study: the study's name.
        space: the study's space, needed where it has choices that JSON cannot hold.
        name: what the table is called; the study's name by default.
        unit: what the trials' steps are counted in.
        source: where it comes from.
    """
    with open_journal(storage, create=False) as journal, journal.read(study) as log:
        header = log.header
        stored = {**header.space, "constraints": []}
        known = space if space is not None else Space.from_dict(stored)
        seconds = _seconds(log)
        finished = sorted(read_trials(log, known), key=lambda trial: trial.number)
        rows = _rows(finished, lambda trial, report: seconds[trial.number, report.step])
        return Table(
            known,
            rows,
            name=name or study,
            mode=header.mode,
            unit=unit,
            source=source or f"study {study!r}, {header.backend}:{header.method}",
        )


def _rows(trials: Iterable[Trial], seconds: Seconds) -> list[Row]:
    return [_row(trial, seconds) for trial in trials]


def _row(trial: Trial, seconds: Seconds) -> Row:
    steps = tuple(
        Step(report.step, report.value, seconds(trial, report)) for report in trial.reports
    )
    complete = trial.state is State.COMPLETE and trial.value is not None
    if complete and not steps:
        steps = (Step(1, float(trial.value or 0.0), trial.evaluate),)
    return Row(
        dict(trial.config),
        steps,
        seed=trial.seed,
        state=trial.state,
        failure=None if trial.failure is None else str(trial.failure),
    )


def _seconds(log: StudyLog) -> dict[tuple[int | None, Any], float]:
    """Return the seconds between each report of a trial and what came before it."""
    before: dict[int | None, float] = {}
    seconds: dict[tuple[int | None, Any], float] = {}
    for event in log.events():
        if event.kind == "reported":
            # A step that was reported by several attempts has the seconds of the last.
            seconds[event.number, event.data["step"]] = event.time - before[event.number]
        if event.kind in ("started", "reported"):
            before[event.number] = event.time
    return seconds


def _said(result: Result) -> str:
    return f"{len(result.trials)} trials of {result.backend}:{result.method}, seed {result.seed}"
