from __future__ import annotations

import dataclasses
import os
import sys
import threading

import pytest
from strangers import LOOP, TELLTALE
from toys import BOWL, HILL, deadly

from unitune.bench.budget import Budget
from unitune.bench.cells import Cell, Design
from unitune.bench.contenders import as_contender
from unitune.bench.environment import ONE_THREAD
from unitune.bench.rows import rows_of
from unitune.bench.running import make
from unitune.bench.workers import make_all
from unitune.errors import OptionError
from unitune.installed import restrict
from unitune.space import Float, Space
from unitune.task import Task

DESIGN = Design(Budget(n_trials=8))
TIMES = {"start", "end", "suggest", "evaluate", "observe"}


def cell(contender="builtin:random", task=BOWL, seed=0):
    return Cell(task, as_contender(contender), seed=seed, design=DESIGN)


def sentinel(objective, name="sentinel"):
    return Task(name, Space({"x": Float(0.0, 1.0)}), objective=objective)


def made(cells, **settings):
    return {one.name: rows for one, rows in make_all(cells, **settings)}


def without_times(rows):
    return [{k: v for k, v in row.items() if k not in TIMES} for row in rows.trials]


def test_cells_come_to_the_same_in_workers_as_in_this_process():
    cells = [cell(name, task) for name in ("optuna:tpe", "builtin:random") for task in (BOWL, HILL)]
    found = made(cells, workers=2)
    for one in cells:
        rows = found[one.name]
        assert without_times(rows) == without_times(rows_of(make(one)))


def test_every_run_has_a_process_of_its_own_with_one_thread_and_its_libraries_imported():
    def objective(config):
        assert "optuna" in sys.modules
        assert all(os.environ[name] == "1" for name in ONE_THREAD)
        assert threading.active_count() == 1
        return os.getpid()

    found = made([cell("optuna:random", sentinel(objective), seed) for seed in range(4)], workers=2)
    pids = {row["value"] for rows in found.values() for row in rows.trials}
    assert [rows.run["error"] for rows in found.values()] == [None] * 4
    assert len(pids) == 4
    assert os.getpid() not in pids


def test_what_one_run_leaves_behind_no_other_one_sees():
    def objective(config):
        seen = getattr(sys, "left_behind", 0)
        sys.left_behind = 1
        return float(seen)

    found = made([cell(task=sentinel(objective), seed=seed) for seed in range(3)], workers=1)
    assert [rows.trials[0]["value"] for rows in found.values()] == [0.0, 0.0, 0.0]


def test_a_run_whose_process_dies_is_told_of_and_the_others_go_on():
    cells = [
        cell(task=dataclasses.replace(BOWL, name="dead", objective=deadly)),
        cell(),
        cell(seed=1),
    ]
    found = made(cells, workers=1)
    rows = found["dead", "builtin:random", 0]
    assert "was killed by SIGKILL" in rows.run["error"]
    errors = [found["bowl", "builtin:random", seed].run["error"] for seed in (0, 1)]
    assert errors == [None, None]


def test_a_broken_objective_is_an_outcome_and_the_others_go_on():
    def broken(config):
        raise ValueError("nothing works here")

    found = made([cell(task=sentinel(broken)), cell()], workers=2)
    rows = found["sentinel", "builtin:random", 0]
    assert "nothing works here" in rows.run["error"]
    assert found["bowl", "builtin:random", 0].run["error"] is None


def test_cells_start_in_their_order_and_no_more_at_once_than_there_are_workers():
    running, most, order = set(), [0], []

    def on_start(one):
        order.append(one.name)
        running.add(one.name)
        most[0] = max(most[0], len(running))

    cells = [cell(seed=seed) for seed in range(5)]
    for one, _ in make_all(cells, workers=2, on_start=on_start):
        running.discard(one.name)
    assert order == [one.name for one in cells]
    assert most == [2]


def test_a_cell_that_needs_all_cores_runs_alone(install):
    install("loop", code=LOOP, entry="loop")
    running, beside = set(), {}

    def on_start(one):
        running.add(one.name)
        for name in running:
            beside[name] = beside.get(name, set()) | running

    cells = [
        *(cell(seed=seed) for seed in range(3)),
        *(cell("loop:random", seed=seed) for seed in range(2)),
        cell(seed=3),
    ]
    for one, rows in make_all(cells, workers=2, on_start=on_start):
        running.discard(one.name)
        assert rows.run["error"] is None
    for one in cells:
        if one.alone:
            assert beside[one.name] == {one.name}


def test_plugins_that_are_left_out_here_are_left_out_in_workers_too(install, tmp_path):
    install("telltale-tuner", code=TELLTALE, entry="telltale")
    with restrict([]):
        rows = made([cell()], workers=1)[cell().name]
    assert (rows.run["trials"], rows.run["error"]) == (8, None)
    assert not list(tmp_path.glob("telltale_tuner.py.*"))
    made([cell()], workers=1)
    pids = {int(path.suffix[1:]) for path in tmp_path.glob("telltale_tuner.py.*")}
    assert pids - {os.getpid()}


def test_what_cannot_be_sent_is_refused():
    lock = threading.Lock()

    def objective(config):
        return float(lock.locked())

    with pytest.raises(OptionError, match="cannot be sent to another process"):
        made([cell(task=sentinel(objective))], workers=1)


def test_nothing_to_make_starts_nothing():
    assert list(make_all([], workers=2)) == []
