from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time

import pytest
from click.testing import CliRunner
from strangers import smallest

from unitune.bench.results import Results
from unitune.cli import main

PLUGIN = """
    import dataclasses
    from toys import BOWL, CURVES, HILL, LINE, slow_bowl
    from unitune.hookspecs import hookimpl
    from unitune.task import Task

    @hookimpl
    def unitune_tasks():
        yield dataclasses.replace(BOWL, suites=("toys",))
        yield dataclasses.replace(CURVES, suites=("toys",))
        yield dataclasses.replace(HILL, needs=("no_such_module",))
        yield Task("slow", LINE, objective=slow_bowl)
"""


@pytest.fixture(autouse=True)
def _tasks(install, tmp_path, monkeypatch):
    install("toy-tasks", code=PLUGIN, entry="toys")
    monkeypatch.chdir(tmp_path)


def call(*arguments):
    """Return (exit code, standard output, standard error)."""
    done = CliRunner().invoke(main, list(arguments))
    return done.exit_code, done.stdout, done.stderr


@pytest.fixture
def silent(monkeypatch):
    """Write no report, which is the report's own affair; return what it was to be made of."""
    given = []

    def write(results, where):
        given.append(results)
        return where / "report.html"

    monkeypatch.setattr("unitune.report.write", write)
    return given


SUITE = (
    *("bench", "--suite", "toys", "--contenders", "builtin:grid, builtin:hyperband"),
    *("--seeds", "1", "--trials", "8", "--out", "out", "--quiet"),
)


def test_a_suite_is_run_and_what_has_no_part_in_it_is_named(silent):
    code, out, err = call(*SUITE)
    assert code == 0, err
    assert "5 runs" in out
    assert "Left out: builtin:hyperband on bowl: it stops trials early" in err
    about = silent[0].about
    assert about["suite"] == "toys"
    assert about["command"] == (
        "unitune bench --suite toys --contenders 'builtin:grid, builtin:hyperband' --seeds 1 "
        "--trials 8 --out out --quiet"
    )


@pytest.mark.slow
def test_a_suite_ends_in_a_report(tmp_path):
    code, out, err = call(*SUITE)
    assert code == 0, err
    assert "Report: out/report.html" in out
    assert "builtin:hyperband" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("lost", [[], ["bench.db"], ["runs.parquet"]])
def test_a_report_is_written_anew_from_the_store_or_from_the_tables(silent, tmp_path, lost):
    call(
        *("bench", "--task", "bowl", "--contenders", "builtin:grid", "--seeds", "1"),
        *("--trials", "4", "--out", "out"),
    )
    for name in lost:
        (tmp_path / "out" / name).unlink()
    code, out, err = call("report", "out")
    assert code == 0, err
    assert "2 runs, 8 trials. Report: out/report.html" in out
    first, second = silent
    assert first.trials.to_csv() == second.trials.to_csv()
    assert first.about == second.about


def test_single_tasks_and_budgets_of_resource_in_virtual_time(silent):
    code, _, err = call(
        *("bench", "--task", "curves", "--contenders", "builtin:random+asha", "--seeds", "2"),
        *("--resource", "270", "--virtual", "4", "--out", "out"),
    )
    assert code == 0, err
    results = Results.load("out")
    assert results.about["timing"] == "virtual, 4 workers"
    assert results.about["budget"] == "270 units of resource"
    assert len(results.runs) == 4
    assert (results.runs["resource"] >= 270).all()


def test_runs_that_fail_are_named_in_one_line_each(silent, install):
    code = smallest("frail", "frail_tuner").replace(
        "self.told.append((token, outcome))",
        "self.told.append((token, outcome)); 1 / (len(self.told) < 3)",
    )
    install("frail-tuner", code=code, entry="frail")
    code, out, err = call(
        *("bench", "--task", "bowl", "--contenders", "frail:random", "--seeds", "1"),
        *("--trials", "4", "--out", "out"),
    )
    assert code == 0  # the baseline did well
    assert "frail:random on bowl, seed 0: " in err
    assert "ZeroDivisionError" in err
    assert "Report: " in out


def test_unknown_options_are_refused_before_anything_runs(silent, tmp_path):
    code, out, err = call(
        *("bench", "--task", "bowl", "--contenders", "optuna:tpe(magic=1)", "--seeds", "1"),
        *("--trials", "3", "--out", "out"),
    )
    assert (code, out) == (2, "")
    assert "optuna:tpe(magic=1) cannot be opened on the space of 'bowl': " in err
    assert "no option 'magic'" in err
    assert not (tmp_path / "out").exists()


def test_the_ranking_is_shown_in_the_terminal(silent):
    code, out, err = call(
        *("bench", "--task", "bowl", "--contenders", "builtin:grid", "--seeds", "2"),
        *("--trials", "9", "--out", "out"),
    )
    assert code == 0, err
    assert out.startswith("Ranking: 1 task (score: 0 is random search")
    names = [line.split()[0] for line in out.splitlines()[4:6]]
    assert set(names) == {"builtin:grid", "builtin:random"}
    assert out.rstrip().endswith("4 runs, 36 trials. Report: out/report.html")


def test_random_search_under_another_name_does_not_lose_the_report(silent):
    code, out, err = call(
        *("bench", "--task", "bowl", "--contenders", "r=builtin:random", "--seeds", "1"),
        *("--trials", "4", "--out", "out"),
    )
    assert code == 0, err
    assert "2 runs" in out


def test_every_command_is_kept_and_what_is_left_out_is_named(silent):
    shared = ("bench", "--task", "bowl", "--trials", "4", "--out", "out")
    call(*shared, "--contenders", "mine=builtin:grid(points=2)", "--seeds", "2")
    _, _, err = call(*shared, "--contenders", "mine=builtin:grid(points=3)", "--seeds", "1")
    assert "Left out: 1 run of mine, made with other options or versions" in err
    assert len(silent[1].about["commands"]) == 2
    assert "points=2" in silent[1].about["commands"][0]


def test_a_budget_that_is_over_before_anything_begins_ends_in_a_sentence(silent):
    code, out, err = call(
        *("bench", "--task", "bowl", "--contenders", "builtin:random", "--seeds", "1"),
        *("--seconds", "1e-9", "--out", "out"),
    )
    assert (code, out) == (1, "")
    assert "No run made a trial with 1e-09 seconds" in err
    assert silent == []


def test_a_task_that_is_named_twice_is_run_once(silent):
    code, out, err = call(
        *("bench", "--task", "bowl", "--task", "bowl", "--contenders", "builtin:random"),
        *("--seeds", "1", "--trials", "2", "--out", "out"),
    )
    assert code == 0, err
    assert "1 runs" in out


def test_the_results_go_to_a_folder_named_after_the_suite(silent, tmp_path):
    call(
        "bench",
        "--suite",
        "toys",
        "--contenders",
        "builtin:random",
        "--seeds",
        "1",
        "--trials",
        "2",
    )
    assert (tmp_path / "results" / "toys" / "runs.parquet").exists()


def test_tasks_are_listed():
    code, out, _ = call("bench", "--list", "--suite", "toys")
    assert code == 0
    assert "1 to 27 epochs" in out
    assert "slow" not in out
    assert "branin" in call("bench", "--list")[1]
    _, out, _ = call("bench", "--list", "--task", "slow", "--task", "hill")
    assert ("slow" in out, "hill" in out, "bowl" in out) == (True, True, False)
    _, out, _ = call("bench", "--list", "--task", "slow", "--suite", "toys")
    assert ("slow" in out, "hill" in out, "bowl" in out) == (True, False, True)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["bench", "--suite", "tois"], "Did you mean 'toys'"),
        (["bench", "--task", "bowls"], "Did you mean 'bowl'"),
        (["bench", "--task", "hill"], "needs no_such_module"),
        (["bench", "--task", "bowl", "--contenders", "builtin:magic"], "no method 'magic'"),
        (["bench", "--task", "bowl", "--contenders", ","], "at least one contender"),
        (["bench", "--task", "bowl", "--contenders", ""], "at least one contender"),
        (["bench", "--task", "bowl", "--contenders", "optuna:tpe+magic"], "no scheduler 'magic'"),
        (["bench", "--contenders", "builtin:random=optuna:tpe"], "is that of plain random search"),
        (["bench", "--list", "--suite", "tois"], "Did you mean 'toys'"),
        (["bench", "--list", "--task", "bowls"], "Did you mean 'bowl'"),
        (["bench", "--task", "bowl", "--seeds", "0"], "seeds=0: give a whole number from 1 on"),
        (["bench", "--task", "bowl", "--trials", "5", "--seconds", "1"], "A budget is"),
        (["bench", "--task", "bowl", "--workers", "0"], "workers=0"),
        (["report", "nowhere"], "holds no results"),
    ],
)
def test_nonsense_gives_one_sentence_and_exit_code_2(arguments, sentence):
    code, out, err = call(*arguments)
    assert (code, out) == (2, ""), err
    assert sentence in err


def test_ctrl_c_keeps_what_is_finished_and_says_how_to_go_on(tmp_path):
    # what this process has prepended to the path, the toy plugin among it
    paths = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-m", "unitune", "bench", "--task", "slow", "--trials", "40"]
    command += ["--contenders", "builtin:random", "--seeds", "50", "--workers", "1", "--out", "out"]
    process = subprocess.Popen(command, env=paths, stderr=subprocess.PIPE, text=True)
    while not _finished(tmp_path / "out" / "bench.db"):
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate()
    assert process.returncode == 130
    assert "To go on:\n  unitune bench --task slow --contenders builtin:random" in err
    assert 0 < len(Results.load("out").runs) < 50


def _finished(database):
    if not database.exists():
        return False
    connection = sqlite3.connect(database, timeout=30)
    try:
        return connection.execute("SELECT count(*) FROM cells").fetchone()[0]
    except sqlite3.OperationalError:  # the table is about to be made
        return False
    finally:
        connection.close()
