"""A study's trials as CSV, Parquet or JSON."""

from __future__ import annotations

import importlib.util
import json
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


def rows(log: StudyLog) -> list[dict[str, Any]]:
    """Return one row a finished trial, in the order of their numbers.

    The columns are those of `Result.frame`. Choices that JSON cannot hold come as their repr.
    """
    names = list(log.header.space["parameters"])
    finished = past(log, as_stored).trials
    ordered = sorted(finished, key=lambda trial: trial.number)
    return [trial.row(names) for trial in ordered]


def frame(log: StudyLog) -> pd.DataFrame:
    """Return the rows as a table; a parameter that was not there has a missing value."""
    import pandas as pd

    table = pd.DataFrame(rows(log))
    parameters: Mapping[str, Mapping[str, Any]] = log.header.space["parameters"]
    for name, fields in parameters.items():
        column = f"config.{name}"
        if column in table and fields["type"] == "Int" and fields.get("when"):
            table[column] = table[column].astype("Int64")
    return table


def write(log: StudyLog, path: Path, form: str) -> int:
    """Write the trials to a file; returns how many there are.

    Args:
        log: the study's log.
        path: of the file; its folder must be there.
        form: 'csv', 'parquet' or 'json' (a list of objects).

    Raises:
        JournalError: the file cannot be written.
        MissingLibraryError: the form needs a library that is not installed.
    """
    writer = {"csv": _write_csv, "parquet": _write_parquet, "json": _write_json}[form]
    try:
        return writer(log, path)
    except OSError as error:
        if isinstance(error, JournalError):
            raise
        raise JournalError(f"{path} cannot be written: {error}. Give another file.") from error


def _write_csv(log: StudyLog, path: Path) -> int:
    table = frame(log)
    table.to_csv(path, index=False)
    return len(table)


def _write_json(log: StudyLog, path: Path) -> int:
    found = [storable(row) for row in rows(log)]
    path.write_text(json.dumps(found, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    return len(found)


def _write_parquet(log: StudyLog, path: Path) -> int:
    if importlib.util.find_spec("pyarrow") is None:
        raise MissingLibraryError(
            "Writing Parquet needs pyarrow, which is not installed. Install it with: "
            "pip install pyarrow. Or write CSV or JSON."
        )
    table = frame(log)
    for column in table.columns:
        table[column] = _of_one_type(table[column])
    table.to_parquet(path, index=False)
    return len(table)


def _of_one_type(column: pd.Series[Any]) -> pd.Series[Any]:
    """Return a column that Parquet takes: choices of several types are written as JSON."""
    kinds = {type(value) for value in column.dropna()}
    if column.dtype != object or kinds <= {str} or kinds <= {bool}:
        return column
    return column.map(lambda value: json.dumps(storable(value)))
