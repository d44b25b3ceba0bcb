from __future__ import annotations

import json
import math

import pytest
from toys import BOWL, CURVES, HILL

from unitune.bench.budget import Budget
from unitune.bench.cells import Cell, Design
from unitune.bench.contenders import as_contender
from unitune.bench.results import COLUMNS, Results
from unitune.bench.rows import lost, rows_of, task_row
from unitune.bench.running import make

DESIGN = Design(Budget(n_trials=9))


def cell(contender="builtin:random", task=BOWL, design=DESIGN):
    return Cell(task, as_contender(contender), seed=3, design=design)


def tables(one):
    rows = rows_of(make(one))
    return Results.of({"runs": [rows.run], "trials": rows.trials, "rungs": rows.rungs})


@pytest.mark.parametrize(
    "contender", ["builtin:grid", "optuna:tpe", "hyperopt:grid", "optuna:bohb"]
)
@pytest.mark.parametrize("task", [HILL, CURVES], ids=lambda task: task.name)
def test_rows_fill_exactly_the_columns(contender, task):
    if contender == "optuna:bohb" and task is HILL:
        contender = "optuna:random"
    rows = rows_of(make(cell(contender, task)))
    assert rows.run.keys() == COLUMNS["runs"].keys()
    assert all(row.keys() == COLUMNS["trials"].keys() for row in rows.trials)
    assert all(row.keys() == COLUMNS["rungs"].keys() for row in rows.rungs)


def test_a_run_says_who_proposed_and_how_it_went():
    run = tables(cell("hyperopt:grid", HILL)).runs.iloc[0]
    assert (run["task"], run["contender"], run["seed"]) == ("hill", "hyperopt:grid", 3)
    assert (run["method"], run["proposals"]) == ("hyperopt:grid", "composed (builtin:grid)")
    assert (run["library"], run["mode"], run["error"], run["stops"]) == ("hyperopt", "max", "", "")
    assert not run["paired"]
    assert run["trials"] == run["complete"] == run["resource"]
    assert json.loads(run["lowered"]).keys() == set(HILL.space)
    parts = run["start_up"] + run["suggest"] + run["observe"] + run["evaluate"] + run["idle"]
    assert parts == pytest.approx(run["wall"])


def test_losses_are_better_the_smaller_and_best_is_in_the_users_sign():
    results = tables(cell(task=HILL))
    assert (results.trials["loss"] == -results.trials["value"]).all()
    assert results.runs["best"][0] == results.trials["value"].max()


def test_trials_lie_one_after_the_other_on_the_clock_of_their_run():
    results = tables(cell("optuna:tpe"))
    trials, run = results.trials, results.runs.iloc[0]
    assert (trials["end"] >= trials["start"] + trials["evaluate"] - 1e-9).all()
    assert (trials["start"][1:].to_numpy() >= trials["end"][:-1].to_numpy() - 1e-3).all()
    assert run["start_up"] <= trials["start"].min()
    assert trials["end"].max() <= run["wall"]


def test_configs_and_options_are_json():
    results = tables(cell("optuna:tpe(n_startup_trials=4)", HILL))
    configs = [json.loads(text) for text in results.trials["config"]]
    assert all(("m" in config) == (config["kind"] == "a") for config in configs)
    assert json.loads(results.runs["options"][0]) == {"n_startup_trials": 4}
    effective = json.loads(results.runs["effective"][0])
    assert list(effective) == ["TPESampler"]
    assert effective["TPESampler"]["n_startup_trials"] == 4


def test_a_schedule_has_its_rungs_and_every_unit_of_resource_is_in_them():
    results = tables(cell("builtin:hyperband", CURVES))
    rungs, run = results.rungs, results.runs.iloc[0]
    assert rungs.groupby("bracket")["planned_resource"].max().tolist() == [27, 27, 27, 27]
    assert rungs["resource"].sum() == run["resource"] == results.trials["resource"].sum()
    assert (run["scheduler"], run["stops"]) == ("hyperband", "composed")
    assert run["pruned"] == (results.trials["state"] == "pruned").sum() > 0
    best = results.trials[results.trials["state"] == "complete"]["value"].min()
    assert run["best"] == best


def test_who_stops_early_spends_what_the_others_spend():
    early = tables(cell("builtin:hyperband", CURVES)).runs["resource"][0]
    whole = tables(cell("builtin:random", CURVES)).runs["resource"][0]
    assert whole == 9 * 27
    assert whole - 27 < early <= whole  # what is left would not have paid for one more


def test_a_run_that_was_lost_has_a_row_and_no_trials():
    rows = lost(cell(), "was killed")
    results = Results.of({"runs": [rows.run], "trials": rows.trials})
    run = results.runs.iloc[0]
    assert (run["error"], run["reason"], run["trials"]) == ("was killed", "failed", 0)
    assert math.isnan(run["best"])
    assert rows.run.keys() == COLUMNS["runs"].keys()


def test_a_task_says_what_it_is():
    row = task_row(CURVES)
    assert row.keys() == COLUMNS["tasks"].keys()
    assert (row["least"], row["most"], row["unit"], row["parameters"]) == (1, 27, "epochs", 2)
    assert task_row(BOWL)["least"] is None


def test_virtual_time_is_the_clock_of_everything():
    design = Design(Budget(n_trials=40), virtual=8)
    results = tables(cell("builtin:random+asha", CURVES, design))
    run, trials = results.runs.iloc[0], results.trials
    assert run["workers"] == 8
    assert run["wall"] == trials["end"].max() > 50
    assert run["start_up"] == run["suggest"] == run["observe"] == 0
    assert run["evaluate"] == pytest.approx(trials["evaluate"].sum())
    assert run["idle"] == pytest.approx(run["wall"] - run["evaluate"] / 8)
    assert (trials["end"] - trials["start"] >= trials["evaluate"] - 1e-9).all()
