from __future__ import annotations

import dataclasses
import sys

import pandas as pd
import pytest

from unitune.bench.results import COLUMNS, Results
from unitune.errors import MissingLibraryError, OptionError

RUN = {"task": "bowl", "contender": "a:b", "seed": 1, "error": None, "best": None, "paired": True}
COUNTS = dict.fromkeys(["n_trials", "workers", "trials", "complete", "pruned", "failed"], 3)


def some():
    run = {**RUN, **COUNTS, "run_seed": 2**32 - 1}
    return Results.of({"runs": [run]}, {"suite": "é", "seeds": [0, 1]})


def test_every_table_has_its_columns_and_types_with_and_without_rows():
    results = some()
    for name, columns in COLUMNS.items():
        table = getattr(results, name)
        assert list(table.columns) == list(columns)
        typed = {column: kind for column, kind in columns.items() if kind != "str"}
        assert {column: str(table[column].dtype) for column in typed} == typed


def test_a_missing_text_is_empty_and_a_missing_figure_is_nan():
    run = some().runs.iloc[0]
    assert run["error"] == run["library"] == ""
    assert pd.isna(run["best"])
    assert run["run_seed"] == 2**32 - 1


def test_what_is_saved_is_loaded(tmp_path):
    results = some()
    written = results.save(tmp_path / "deep")
    assert {path.name for path in written} == {
        *("runs.parquet", "trials.parquet", "rungs.parquet", "tasks.parquet", "about.json"),
    }
    loaded = Results.load(tmp_path / "deep")
    for name in COLUMNS:
        pd.testing.assert_frame_equal(
            getattr(loaded, name),
            getattr(results, name),
            check_dtype=len(getattr(results, name)) > 0,
        )
    assert loaded.about == results.about


def test_the_attributes_are_the_tables():
    assert {one.name for one in dataclasses.fields(Results)} == {*COLUMNS, "about"}


def test_a_directory_without_results_is_refused(tmp_path):
    with pytest.raises(OptionError, match=r"there is no runs\.parquet"):
        Results.load(tmp_path)


def test_without_pyarrow_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingLibraryError, match=r"unitune\[report\]"):
        some().save(tmp_path)
