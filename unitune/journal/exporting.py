"""A study's trials, or what they reported, as CSV, Parquet or JSON."""

from __future__ import annotations

import importlib.util
import io
import json
import secrets
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from unitune.errors import MissingLibraryError
from unitune.journal.encoding import storable
from unitune.journal.errors import JournalError
from unitune.journal.history import as_stored, past

if TYPE_CHECKING:
    import pandas as pd

    from unitune.journal.study_log import StudyLog
    from unitune.trial import Trial

# Written to standard output.
STANDARD = Path("-")


def rows(log: StudyLog) -> list[dict[str, Any]]:
    """Return one row a finished trial, in the order of their numbers.

    The columns are those of `Result.frame`, but for the time in which the backend learnt the
    outcome, which comes after what is written; and `metrics.*`, where the objective returned a
    mapping. Choices that JSON cannot hold come as their repr.
    """
    finished = _finished(log)
    names = list(log.header.space["parameters"])
    metrics = list(dict.fromkeys(name for trial in finished for name in trial.metrics))
    return [_row(trial, names, metrics) for trial in finished]


def reports(log: StudyLog) -> list[dict[str, Any]]:
    """Return one row a report of the finished trials: number of the trial, step, value."""
    return [
        {"number": trial.number, "step": report.step, "value": report.value}
        for trial in _finished(log)
        for report in trial.reports
    ]


def write(log: StudyLog, path: Path, form: str, *, curves: bool = False) -> int:
    """Write one row a trial to a file; returns how many rows there are.

    A file that is there already is replaced once the new one is whole.

    Args:
        log: the study's log.
        path: of the file, whose folder must be there; '-' is standard output.
        form: 'csv', 'parquet' or 'json' (a list of objects).
        curves: one row a report instead.

    Raises:
        JournalError: the file cannot be written.
        MissingLibraryError: the form needs a library that is not installed.
    """
    found = reports(log) if curves else rows(log)
    if form == "json":
        text = json.dumps([storable(row) for row in found], indent=1, allow_nan=False)
        content = f"{text}\n".encode()
    else:
        columns = ("number", "step", "value") if curves else None
        table = _table(found, log.header.space["parameters"], columns)
        content = _parquet(table) if form == "parquet" else table.to_csv(index=False).encode()
    try:
        _put(content, path)
    except OSError as error:
        raise JournalError(f"{path} cannot be written: {error}. Give another file.") from error
    return len(found)


def _finished(log: StudyLog) -> list[Trial]:
    return sorted(past(log, as_stored).trials, key=lambda trial: trial.number)


def _row(trial: Trial, names: list[str], metrics: list[str]) -> dict[str, Any]:
    row = trial.row(names)
    del row["observe"]
    return row | {f"metrics.{name}": trial.metrics.get(name) for name in metrics}


def _table(
    found: list[dict[str, Any]],
    parameters: Mapping[str, Mapping[str, Any]],
    columns: tuple[str, ...] | None,
) -> pd.DataFrame:
    """Return rows as a table; a parameter that was not there has a missing value."""
    import pandas as pd

    table = pd.DataFrame(found, columns=columns)
    for name, fields in parameters.items():
        column = f"config.{name}"
        if column in table and fields["type"] == "Int" and fields.get("when"):
            table[column] = table[column].astype("Int64")
    return table


def _put(content: bytes, path: Path) -> None:
    if path == STANDARD:
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
        return
    target = path.resolve()
    if target.exists() and not target.is_file():  # a pipe, a terminal
        target.write_bytes(content)
        return
    beside = target.with_name(f".{secrets.token_hex(8)}.tmp")
    try:
        beside.write_bytes(content)
        beside.replace(target)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def _parquet(table: pd.DataFrame) -> bytes:
    if importlib.util.find_spec("pyarrow") is None:
        raise MissingLibraryError(
            "Writing Parquet needs pyarrow, which is not installed. Install it with: "
            "pip install pyarrow. Or write CSV or JSON."
        )
    for column in table.columns:
        table[column] = _of_one_type(table[column])
    out = io.BytesIO()
    table.to_parquet(out, index=False)
    return out.getvalue()


def _of_one_type(column: pd.Series[Any]) -> pd.Series[Any]:
    """Return a column that Parquet takes: choices of several types are written as JSON."""
    kinds = {type(value) for value in column.dropna()}
    if column.dtype != object or kinds <= {str} or kinds <= {bool}:
        return column
    return column.map(lambda value: json.dumps(storable(value)))
