"""Numbers and names as the report writes them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unitune.report import texts


@given(st.text())
def test_a_script_holds_any_text_and_cannot_be_ended_by_it(text):
    written = texts.script({"name": text})
    assert not set("<>&\u2028\u2029") & set(written)
    assert json.loads(written) == {"name": text}


@given(st.text())
def test_a_cell_of_a_table_is_one_line_without_markup(text):
    written = texts.cell(text)
    assert "\n" not in written
    assert "<" not in written
    assert "|" not in written.replace("\\|", "")


@given(st.lists(st.text(), max_size=6))
def test_labels_are_short_all_different_and_never_empty(names):
    found = texts.labels(names)
    assert len(set(found)) == len(names)
    assert all(found)
    assert max(map(len, found), default=0) <= texts.LONGEST + 4


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (float("nan"), "–"),
        (float("inf"), "∞"),
        (-float("inf"), "-∞"),
        (0.0, "0"),
        (-0.25, "-0.25"),
        (12345, "12,345"),
        (2.5e12, "2.50e+12"),
        ("words", "words"),
    ],
)
def test_numbers_are_short(value, shown):
    assert texts.number(value) == shown


def test_a_missing_duration_is_a_dash():
    assert texts.seconds(float("nan")) == "–"
    assert texts.seconds(0) == "0 s"


def test_no_seconds_are_shown_as_a_thousand_milliseconds():
    assert texts.seconds(0.9996) == "1 s"


@pytest.mark.parametrize(("cell", "read"), [("", {}), (None, {}), ("nonsense", "nonsense")])
def test_what_is_no_json_is_kept_as_it_is(cell, read):
    assert texts.read_json(cell) == read


def test_settings_are_written_as_name_and_value():
    told = texts.pairs({"a": None, "b": True, "c": {"d": 1.5}, "e": [1], "f": "x\ny"})
    assert told == "a = none, b = yes, c = (d = 1.5), e = [1], f = x y"
    assert texts.pairs("no mapping\n") == "no mapping"
