from __future__ import annotations

import dataclasses
import sqlite3
import subprocess
import sys

import pytest
from toys import BOWL

from unitune.bench.budget import Budget
from unitune.bench.cells import Cell, Design
from unitune.bench.contenders import as_contender
from unitune.bench.rows import Rows
from unitune.bench.store import FILE, StoreError, only_one, open_store
from unitune.errors import OptionError

COUNTS = dict.fromkeys(["n_trials", "workers", "trials", "complete", "pruned", "failed"], 1)


def cell(contender="mine=optuna:tpe", seed=0, task=BOWL):
    return Cell(task, as_contender(contender), seed=seed, design=Design(Budget(n_trials=8)))


def rows(contender="mine", seed=0, best=1.0, error=None):
    name = {"task": "bowl", "contender": contender, "seed": seed}
    run = {**name, **COUNTS, "best": best, "paired": True, "run_seed": 0, "error": error}
    trial = {**name, "number": 0, "state": "complete", "value": best, "initial": False}
    return Rows(run, [trial], [])


def test_what_is_put_is_there_for_the_next_one_who_opens(tmp_path):
    with open_store(tmp_path) as store:
        store.ask([cell()])
        store.put(cell(), rows(best=0.1 + 0.2))
        store.describe(
            [
                {
                    "task": "bowl",
                    "mode": "min",
                    "version": 1,
                    "parameters": 2,
                    "proven": False,
                    "noisy": False,
                }
            ],
            {"suite": "smoke"},
        )
    with open_store(tmp_path, create=False) as store:
        results = store.results()
        assert store.done() == {cell().key()}
    assert results.runs["best"].tolist() == results.trials["value"].tolist() == [0.1 + 0.2]
    assert results.tasks["task"].tolist() == ["bowl"]
    assert results.about == {"suite": "smoke"}


def test_a_cell_that_an_error_ended_is_shown_and_made_again(tmp_path):
    with open_store(tmp_path) as store:
        store.ask([cell()])
        store.put(cell(), rows(error="OSError: the file is not mounted"))
        assert store.done() == set()
        assert len(store.results().runs) == 1
        store.put(cell(), rows(best=2.0))
        assert store.done() == {cell().key()}
        assert store.results().runs["best"].tolist() == [2.0]


def test_what_is_shown_under_a_name_is_what_was_asked_for_last(tmp_path):
    two, five = "mine=optuna:tpe(n_startup_trials=2)", "mine=optuna:tpe(n_startup_trials=5)"
    with open_store(tmp_path) as store:
        for best, contender in ((2.0, two), (5.0, five)):
            store.ask([cell(contender)])
            for seed in range(3 if contender == two else 2):
                store.put(cell(contender, seed), rows(seed=seed, best=best))
        results = store.results()
        assert results.runs["best"].tolist() == [5.0, 5.0]
        assert len(results.trials) == 2
        assert results.about["set_aside"] == {"mine": 1}
        # nothing is made anew, and yet it is the other ones that are shown
        store.ask([cell(two)])
        assert cell(two, 2).key() in store.done()
        results = store.results()
    assert results.runs["best"].tolist() == [2.0, 2.0, 2.0]
    assert "set_aside" not in results.about


def test_a_task_of_another_version_is_not_mixed_with_the_old_one(tmp_path):
    new = dataclasses.replace(BOWL, version=2)
    with open_store(tmp_path) as store:
        store.put(cell(), rows())
        store.put(cell(seed=1), rows(seed=1))
        store.ask([cell(task=new)])
        store.put(cell(task=new), rows(best=2.0))
        results = store.results()
    assert results.runs["best"].tolist() == [2.0]
    assert results.about["set_aside"] == {"mine": 1}


def test_results_are_in_the_order_of_their_names_whatever_was_first(tmp_path):
    with open_store(tmp_path) as store:
        for contender, seed in [("b", 1), ("a", 1), ("b", 0), ("a", 0)]:
            store.put(cell(f"{contender}=optuna:tpe", seed), rows(contender, seed))
        store.ask(cell(f"{name}=optuna:tpe") for name in "ab")
        runs = store.results().runs
    assert list(zip(runs["contender"], runs["seed"], strict=True)) == [
        ("a", 0),
        ("a", 1),
        ("b", 0),
        ("b", 1),
    ]


def test_a_directory_without_a_benchmark_is_refused_where_none_is_to_be_made(tmp_path):
    with pytest.raises(OptionError, match="holds no benchmark"):
        open_store(tmp_path / "nowhere", create=False)
    assert not (tmp_path / "nowhere").exists()


def test_a_file_of_another_version_and_one_that_is_no_database_are_refused(tmp_path):
    open_store(tmp_path).close()
    connection = sqlite3.connect(tmp_path / FILE)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(StoreError, match="format 99"):
        open_store(tmp_path)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / FILE).write_text("no database at all, but quite a few words" * 99)
    with pytest.raises(StoreError, match="cannot be opened"):
        open_store(tmp_path / "other")


def test_two_benchmarks_in_one_directory_are_refused_and_a_dead_one_leaves_no_lock(tmp_path):
    code = (
        "import sys, time\nfrom unitune.bench.store import only_one\n"
        "with only_one(sys.argv[1]):\n    print('held', flush=True)\n    time.sleep(600)\n"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert other.stdout.readline() == "held\n"
        with pytest.raises(StoreError, match="Another benchmark is at work"), only_one(tmp_path):
            pass
    finally:
        other.kill()
        other.communicate()
    with only_one(tmp_path):
        pass
