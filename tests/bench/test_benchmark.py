from __future__ import annotations

import dataclasses
import os
import sqlite3
import subprocess
import sys
import time

import pytest
from strangers import TELLTALE
from toys import BOWL, CURVES, HILL, benchmark_of_seconds, broken, deadly

from unitune.bench.benchmark import Watcher, plan_benchmark, run_benchmark
from unitune.bench.budget import Budget
from unitune.bench.cells import Design
from unitune.bench.results import Results
from unitune.bench.store import FILE, StoreError, only_one
from unitune.errors import OptionError, UnknownNameError
from unitune.space import Float, Space
from unitune.task import Task

DESIGN = Design(Budget(n_trials=8))
CLOCK = ["start_up", "suggest", "observe", "evaluate", "idle", "wall", "start", "end"]


def plan(tasks=(BOWL, HILL), contenders=("builtin:grid",), seeds=2, design=DESIGN):
    return plan_benchmark(tasks, contenders, seeds, design)


def run(out, benchmark=None, **settings):
    """Run a benchmark; return its results and the names of the cells that were made."""
    watcher = Notes()
    given = {"workers": 2, "watcher": watcher, **settings}
    return run_benchmark(benchmark or plan(), out, **given), watcher.made


class Notes(Watcher):
    """Takes down what was made, and how many runs there were at one time."""

    def __init__(self, stop_after=None):
        self.made, self.running, self.most, self.plan = [], set(), 0, None
        self.stop_after = stop_after

    def planned(self, cells, done):
        self.plan = cells, done

    def began(self, cell):
        self.running.add(cell.name)
        self.most = max(self.most, len(self.running))

    def ended(self, cell, rows):
        self.running.discard(cell.name)
        self.made.append(cell.name)
        if len(self.made) == self.stop_after:
            raise KeyboardInterrupt


def timeless(results):
    """Return what must be equal in two benchmarks of the same design."""
    return {
        name: getattr(results, name).drop(columns=CLOCK, errors="ignore").to_csv(index=False)
        for name in ("runs", "trials", "rungs", "tasks")
    }


def test_every_contender_makes_every_run_and_the_baseline_is_among_them(tmp_path):
    results, made = run(tmp_path)
    expected = {
        (task, contender, seed)
        for task in ("bowl", "hill")
        for contender in ("builtin:grid", "builtin:random")
        for seed in (0, 1)
    }
    assert set(made) == expected
    assert len(made) == len(expected)
    runs = results.runs
    assert set(zip(runs["task"], runs["contender"], runs["seed"], strict=True)) == expected
    assert len(results.trials) == runs["trials"].sum()
    assert set(runs["error"]) == {""}


def test_results_are_left_as_parquet_too(tmp_path):
    results, _ = run(tmp_path)
    assert timeless(Results.load(tmp_path)) == timeless(results)
    assert results.about["budget"] == "8 trials"
    assert results.about["seeds"] == [0, 1]
    assert results.about["paired"] is True


def test_going_on_with_a_finished_benchmark_runs_nothing(tmp_path):
    first, _ = run(tmp_path)
    again, made = run(tmp_path)
    assert made == []
    assert timeless(again) == timeless(first)
    assert again.runs["wall"].tolist() == first.runs["wall"].tolist()


def test_another_contender_seed_or_task_runs_only_what_is_missing(tmp_path):
    run(tmp_path, plan(tasks=[BOWL], seeds=1))
    _, made = run(tmp_path, plan(tasks=[BOWL], contenders=["builtin:grid(points=2)"], seeds=1))
    assert made == [("bowl", "builtin:grid(points=2)", 0)]
    _, made = run(tmp_path, plan(tasks=[BOWL], seeds=2))
    assert sorted(made) == [("bowl", "builtin:grid", 1), ("bowl", "builtin:random", 1)]
    results, made = run(tmp_path, plan(seeds=1))
    assert {name[0] for name in made} == {"hill"}
    assert len(results.runs) == 7
    assert set(results.tasks["task"]) == {"bowl", "hill"}
    assert results.about["seeds"] == [0, 1]


def test_a_task_of_another_version_runs_again_and_takes_the_place_of_the_old(tmp_path):
    run(tmp_path, plan(tasks=[BOWL], seeds=1))
    results, made = run(tmp_path, plan(tasks=[dataclasses.replace(BOWL, version=2)], seeds=1))
    assert len(made) == 2
    assert len(results.runs) == 2
    assert results.tasks["version"].tolist() == [2]


def test_another_version_of_unitune_runs_again(tmp_path, monkeypatch):
    run(tmp_path, plan(tasks=[BOWL], seeds=1))
    monkeypatch.setattr("unitune.__version__", "99.0")
    results, made = run(tmp_path, plan(tasks=[BOWL], seeds=1))
    assert len(made) == 2
    assert results.about["versions"]["unitune"] == "99.0"


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"budget": Budget(n_trials=9)}, "budget"),
        ({"paired": False}, "paired"),
        ({"virtual": 4}, "timing"),
    ],
)
def test_a_directory_keeps_to_one_design(tmp_path, changed, word):
    run(tmp_path, plan(tasks=[CURVES], seeds=1))
    other = dataclasses.replace(DESIGN, **changed)
    with pytest.raises(OptionError, match=f"holds a benchmark with {word}="):
        run(tmp_path, plan(tasks=[CURVES], seeds=1, design=other))


def test_one_name_never_stands_for_two_contenders(tmp_path):
    two, five = (f"mine=builtin:grid(points={n})" for n in (2, 5))
    run(tmp_path, plan(tasks=[BOWL], contenders=[two], seeds=3))
    results, _ = run(tmp_path, plan(tasks=[BOWL], contenders=[five], seeds=2))
    runs = results.runs[results.runs["contender"] == "mine"]
    assert runs["options"].tolist() == ['{"points": 5}'] * 2
    assert results.about["set_aside"] == {"mine": 1}
    results, made = run(tmp_path, plan(tasks=[BOWL], contenders=[two], seeds=3))
    runs = results.runs[results.runs["contender"] == "mine"]
    assert made == []
    assert runs["options"].tolist() == ['{"points": 2}'] * 3


def test_other_settings_of_runs_run_again(tmp_path):
    run(tmp_path, plan(tasks=[BOWL], seeds=1))
    design = dataclasses.replace(DESIGN, settings={"target": 0.5})
    results, made = run(tmp_path, plan(tasks=[BOWL], seeds=1, design=design))
    assert len(made) == len(results.runs) == 2


def test_every_command_that_filled_a_directory_is_kept(tmp_path):
    run(tmp_path, plan(tasks=[BOWL], seeds=1), command="first")
    run(tmp_path, plan(tasks=[BOWL], seeds=2), command="second")
    results, _ = run(tmp_path, plan(tasks=[BOWL], seeds=1), command="first")
    assert results.about["commands"] == ["first", "second"]
    assert results.about["command"] == "first"


def test_options_that_a_library_does_not_have_are_refused_before_anything_runs():
    for contender, words in (
        ("optuna:tpe(nonsense=1)", r"optuna:tpe\(nonsense=1\) cannot be opened .* 'nonsense'"),
        ('optuna:tpe(n_startup_trials="abc")', "cannot be opened on the space of 'curves'"),
        ("builtin:random+asha(nonsense=1)", "nonsense"),
    ):
        with pytest.raises(OptionError, match=words):
            plan(tasks=[CURVES], contenders=[contender])
    assert plan(tasks=[CURVES], contenders=["optuna:tpe(n_startup_trials=3)+asha(eta=4)"]).cells


def test_an_unknown_scheduler_is_refused_and_not_left_out():
    with pytest.raises(UnknownNameError, match="no scheduler 'nonsense'"):
        plan(tasks=[BOWL], contenders=["optuna:tpe+nonsense"])


def test_a_directory_in_use_is_refused(tmp_path):
    with only_one(tmp_path), pytest.raises(StoreError, match="Another benchmark"):
        run(tmp_path)


def test_what_an_interruption_leaves_is_kept_and_gone_on_with(tmp_path):
    first, second = Notes(stop_after=3), Notes()
    with pytest.raises(KeyboardInterrupt):
        run_benchmark(plan(), tmp_path, workers=1, watcher=first)
    assert len(Results.load(tmp_path).runs) == 3
    results = run_benchmark(plan(), tmp_path, workers=1, watcher=second)
    assert second.plan == (len(results.runs), 3)
    assert len(second.made) == len(results.runs) - 3
    assert set(second.made).isdisjoint(first.made)


def test_a_run_that_failed_is_made_again_next_time(tmp_path):
    results, _ = run(tmp_path, plan(tasks=[dataclasses.replace(BOWL, objective=broken)], seeds=1))
    assert results.runs["error"].str.contains("nothing works here").all()
    results, made = run(tmp_path, plan(tasks=[BOWL], seeds=1))
    assert len(made) == 2
    assert set(results.runs["error"]) == {""}


def test_a_cell_whose_process_died_is_made_again_next_time(tmp_path):
    dead = dataclasses.replace(BOWL, objective=deadly)
    results, _ = run(tmp_path, plan(tasks=[dead, HILL], seeds=1))
    assert results.runs.groupby("task")["error"].unique()["hill"] == [""]
    assert "SIGKILL" in results.runs["error"][0]
    results, made = run(tmp_path, plan(tasks=[BOWL, HILL], seeds=1))
    assert {name[0] for name in made} == {"bowl"}
    assert set(results.runs["error"]) == {""}


def test_no_process_looks_at_plugins_that_are_not_to_take_part(install, tmp_path):
    install("telltale-tuner", code=TELLTALE, entry="telltale")
    design = Design(Budget(n_trials=2), settings={"plugins": []})
    results, made = run(tmp_path / "out", plan([BOWL], seeds=1, design=design), workers=1)
    assert len(results.runs) == len(made) == 2
    assert not list(tmp_path.glob("telltale_tuner.py.*"))
    plan([BOWL], seeds=1)
    assert list(tmp_path.glob("telltale_tuner.py.*"))


def test_exclusive_timing_makes_one_run_at_a_time(tmp_path):
    watcher = Notes()
    results, _ = run(tmp_path, watcher=watcher, timing="exclusive")
    assert watcher.most == 1
    assert results.about["timing"] == "exclusive"


def test_contenders_that_cannot_run_on_a_task_are_left_out_and_named(tmp_path):
    strange = Task("strange", Space({"x": Float(0, 1), "y": Float(0, 1)}), objective="toys:bowl")
    benchmark = plan(tasks=[strange, CURVES], contenders=["builtin:hyperband"], seeds=1)
    [skipped] = benchmark.skipped
    assert (skipped.task, skipped.contender) == ("strange", "builtin:hyperband")
    assert "no resource" in skipped.why
    results, made = run(tmp_path, benchmark)
    assert len(made) == 3
    assert results.about["skipped"] == [dataclasses.asdict(skipped)]


def test_virtual_time_is_for_tasks_and_backends_that_know_it():
    design = Design(Budget(n_trials=8), virtual=4)
    benchmark = plan([BOWL, CURVES], ["builtin:random+asha", "ray:random"], 1, design)
    assert {cell.name[:2] for cell in benchmark.cells} == {
        ("curves", "builtin:random+asha"),
        ("curves", "builtin:random"),
    }
    words = {one.contender: one.why for one in benchmark.skipped if one.task == "curves"}
    assert "real time" in words["ray:random"]
    with pytest.raises(OptionError, match="in seconds"):
        plan(design=Design(Budget(seconds=1.0), virtual=4))


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"tasks": []}, OptionError),
        ({"tasks": [BOWL, BOWL]}, OptionError),
        ({"contenders": ["builtin:magic"]}, UnknownNameError),
        ({"contenders": ["magic:random"]}, UnknownNameError),
        ({"seeds": 0}, OptionError),
        ({"tasks": [BOWL], "design": Design(Budget(max_resource=9))}, OptionError),
    ],
)
def test_nonsense_is_refused_before_anything_runs(given, error):
    with pytest.raises(error):
        plan(**given)


KILLED = """
import sys
from toys import benchmark_of_seconds
from unitune.bench.benchmark import run_benchmark
run_benchmark(benchmark_of_seconds(), sys.argv[1], workers=2)
"""


def cells_in(directory):
    if not (directory / FILE).exists():
        return {}
    connection = sqlite3.connect(directory / FILE, timeout=30)
    try:
        return dict(connection.execute("SELECT key, finished FROM cells"))
    except sqlite3.OperationalError:  # the table is about to be made
        return {}
    finally:
        connection.close()


def test_a_benchmark_killed_three_times_comes_to_the_same_as_an_unbroken_one(tmp_path):
    broken, total, kept = tmp_path / "broken", len(benchmark_of_seconds().cells), {}
    paths = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    for least in (3, 6, 9):
        process = subprocess.Popen([sys.executable, "-c", KILLED, str(broken)], env=paths)
        while len(cells_in(broken)) < least:
            assert process.poll() is None
            time.sleep(0.005)
        process.kill()
        process.wait()
        found = cells_in(broken)
        assert len(found) < total
        assert kept.items() <= found.items()  # nothing was lost, and nothing was made twice
        kept = found
    resumed, made = run(broken, benchmark_of_seconds())
    assert len(made) == total - len(kept)
    unbroken, made = run(tmp_path / "unbroken", benchmark_of_seconds())
    assert len(made) == total
    assert timeless(resumed) == timeless(unbroken)
