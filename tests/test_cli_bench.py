from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time

import pytest
from click.testing import CliRunner

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
    code, _, err = call(
        *("bench", "--task", "bowl", "--contenders", "optuna:tpe(magic=1)", "--seeds", "1"),
        *("--trials", "3", "--out", "out"),
    )
    assert code == 0  # the baseline did well
    assert "optuna:tpe(magic=1) on bowl, seed 0: OptionError: TPESampler has no option" in err


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


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["bench", "--suite", "tois"], "Did you mean 'toys'"),
        (["bench", "--task", "bowls"], "Did you mean 'bowl'"),
        (["bench", "--task", "hill"], "needs no_such_module"),
        (["bench", "--task", "bowl", "--contenders", "builtin:magic"], "no method 'magic'"),
        (["bench", "--task", "bowl", "--contenders", ","], "at least one contender"),
        (["bench", "--task", "bowl", "--seeds", "0"], "at least one contender and one seed"),
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
