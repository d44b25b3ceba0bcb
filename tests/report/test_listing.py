"""The report's tables."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from analysis.made import made

from unitune.report import listing
from unitune.report.findings import find


@pytest.fixture(scope="module")
def small():
    return made(tasks=2, seeds=2, n_trials=6)


def given(small, **columns):
    return find(replace(small, runs=small.runs.assign(**columns)))


def test_effective_settings_that_all_tasks_share_stand_once(small):
    effective = [
        json.dumps({"Sampler": {"n": 1}, "seed": int(task[-1]), "gamma": None})
        for task in small.runs["task"]
    ]
    setting = listing.settings(given(small, effective=effective))[0]
    assert setting.effective == (("", "gamma = none"), ("Sampler", "n = 1"))
    assert setting.varying == (("task-0", "seed = 0"), ("task-1", "seed = 1"))


def test_settings_that_are_no_mapping_are_shown_as_they_are(small):
    setting = listing.settings(given(small, effective='"words"', options="[1]"))[0]
    assert setting.effective == (("", "words"),)
    assert setting.options == "[1]"


def test_lowered_parameters_are_listed_task_by_task(small):
    lowered = '{"x": "native", "lr": "lowered", "units": "lowered"}'
    setting = listing.settings(given(small, lowered=lowered))[0]
    assert setting.lowered == (("task-0, task-1", "lr, units"),)
    assert listing.settings(given(small, lowered="{}"))[0].lowered == ()


def test_a_library_is_shown_with_its_versions(small):
    setting = listing.settings(given(small, library="optuna", library_version="5.0"))[0]
    assert setting.library == "optuna 5.0"
    assert listing.settings(given(small, library="", library_version=""))[0].library == ""


def test_a_scheduler_is_shown_with_whose_it_is(findings):
    settings = {row.label: row for row in listing.settings(findings)}
    assert settings["skopt:gp"].scheduler == "asha (composed)"
    assert settings["builtin:random"].scheduler == ""


def test_who_had_nothing_left_to_propose_is_marked(small):
    reason = small.runs["reason"].where(small.runs["task"] != "task-1", "exhausted")
    early = given(small, reason=reason, trials=4)
    assert {row.exhausted for row in listing.settings(early)} == {"exhausted on 1 of 2 tasks"}
    assert {row.exhausted for row in listing.settings(given(small, reason=reason))} == {""}


def test_failed_runs_are_listed_with_their_errors(small):
    errors = [None] * len(small.runs)
    errors[0] = "BackendError: it\nbroke"
    found = given(small, error=errors)
    row = small.runs.iloc[0]
    c = found.place(row["contender"])
    assert listing.failures(found) == [
        (c, row["contender"], row["task"], str(row["seed"]), "BackendError: it broke")
    ]
    assert listing.failures(given(small, error="")) == []


def test_totals_count_what_was_run(small):
    counted = {label: value for value, label in listing.totals(find(small))}
    assert counted["contenders"] == "3"
    assert counted["tasks"] == "2"
    assert counted["runs"] == "12"
    assert counted["trials"] == "72"
    one = made({"builtin:random": 1.0}, tasks=1, seeds=1, n_trials=5)
    assert ("1", "task") in listing.totals(find(one))


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("text", "text"),
        (False, "no"),
        ([3, 4], "3, 4"),
        ([0, 2, 4], "0, 2, 4"),
        ({"memory": None, "cores": 2}, "cores: 2"),
        (0.5, "0.5"),
        ([], ""),
    ],
)
def test_facts_are_told_in_one_line(value, told):
    assert listing.facts(value) == told
