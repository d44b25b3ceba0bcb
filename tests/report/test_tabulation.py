"""The tables beside the report."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from unitune.report.tabulation import WORDS, tables, write_tables


def test_every_table_is_written_as_csv_and_as_parquet(findings, tmp_path):
    written = write_tables(findings, tmp_path / "tables")
    assert [path for path, _ in written] == [f"tables/{name}.csv" for name, _ in tables(findings)]
    for name, frame in tables(findings):
        for read in (
            pd.read_csv(tmp_path / "tables" / f"{name}.csv"),
            pd.read_parquet(tmp_path / "tables" / f"{name}.parquet"),
        ):
            assert list(read.columns) == list(frame.columns)
            assert len(read) == len(frame)


def test_the_raw_results_are_among_them_and_empty_tables_are_not(findings, nasty):
    names = [name for name, _ in tables(findings)]
    assert names[:4] == ["runs", "trials", "rungs", "tasks"]
    assert set(names) <= set(WORDS)
    assert "rungs" not in [name for name, _ in tables(nasty)]


def test_columns_of_mixed_types_become_text(findings, tmp_path):
    runs = findings.given.runs.assign(options=[{"a": 1}, None] + ["x"] * 34)
    found = replace(findings, given=replace(findings.given, runs=runs))
    write_tables(found, tmp_path / "tables")
    read = pd.read_parquet(tmp_path / "tables" / "runs.parquet")["options"]
    assert read[0] == "{'a': 1}"
    assert pd.isna(read[1])
