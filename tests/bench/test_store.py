from __future__ import annotations

import sqlite3
import subprocess
import sys

import pytest

from unitune.bench.rows import Rows
from unitune.bench.store import FILE, StoreError, only_one, open_store
from unitune.errors import OptionError

COUNTS = dict.fromkeys(["n_trials", "workers", "trials", "complete", "pruned", "failed"], 1)


def rows(contender="a:b", seed=0, best=1.0):
    name = {"task": "bowl", "contender": contender, "seed": seed}
    run = {**name, **COUNTS, "best": best, "paired": True, "run_seed": 0}
    trial = {**name, "number": 0, "state": "complete", "value": best, "initial": False}
    return Rows(run, [trial], [])


def test_what_is_put_is_there_for_the_next_one_who_opens(tmp_path):
    with open_store(tmp_path) as store:
        store.put("k", rows(best=0.1 + 0.2))
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
        assert store.done() == {"k"}
    assert results.runs["best"].tolist() == results.trials["value"].tolist() == [0.1 + 0.2]
    assert results.tasks["task"].tolist() == ["bowl"]
    assert results.about == {"suite": "smoke"}


def test_a_cell_whose_process_died_is_shown_and_made_again(tmp_path):
    with open_store(tmp_path) as store:
        store.put("k", rows(), died=True)
        assert store.done() == set()
        assert len(store.results().runs) == 1
        store.put("k", rows(best=2.0))
        assert store.done() == {"k"}
        assert store.results().runs["best"].tolist() == [2.0]


def test_of_two_versions_of_a_cell_the_newest_is_shown(tmp_path):
    with open_store(tmp_path) as store:
        store.put("old", rows(best=1.0))
        store.put("new", rows(best=2.0))
        assert store.done() == {"old", "new"}
        assert store.results().runs["best"].tolist() == [2.0]
        assert len(store.results().trials) == 1


def test_results_are_in_the_order_of_their_names_whatever_was_first(tmp_path):
    with open_store(tmp_path) as store:
        for number, (contender, seed) in enumerate([("b", 1), ("a", 1), ("b", 0), ("a", 0)]):
            store.put(str(number), rows(contender, seed))
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
