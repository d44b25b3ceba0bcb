from __future__ import annotations

import json
import re
import subprocess
import sys

import pandas as pd
import pytest
from click.testing import CliRunner

from unitune.cli import main

TASK = """
import unitune as ut

space = {"x": ut.Float(-5, 5), "kind": ut.Categorical(["a", "b"])}
tiny = ut.Space({"n": ut.Int(1, 2)})
bad = {"x": ut.Float(5, -5)}


def objective(config):
    return config["x"] ** 2 + (config["kind"] == "a")


def several(config):
    return {"loss": config["x"] ** 2, "size": 1}


def broken(config):
    raise RuntimeError("no data")
"""


@pytest.fixture(autouse=True)
def _task(tmp_path, monkeypatch):
    (tmp_path / "task_of_cli.py").write_text(TASK)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield
    for name in ("task_of_cli", "broken_of_cli"):
        sys.modules.pop(name, None)


def call(*arguments):
    """Return (exit code, standard output, standard error)."""
    done = CliRunner().invoke(main, list(arguments))
    return done.exit_code, done.stdout, done.stderr


def run(*arguments, objective="task_of_cli:objective"):
    return call("run", objective, "--backend", "builtin", "--method", "random", *arguments)


def test_backends_lists_every_backend_with_its_methods():
    code, out, _ = call("backends")
    assert code == 0
    for word in ("builtin", "optuna", "hyperopt", "skopt", "ray", "tpe", "grid*", "ready"):
        assert word in out


def test_backends_says_what_is_missing_and_how_to_install_it(monkeypatch):
    monkeypatch.setattr("unitune.plugins.library_version", lambda spec: None)
    code, out, _ = call("backends")
    assert code == 0
    assert "pip install 'unitune[skopt]'" in out


def test_translate_prints_a_table():
    code, out, _ = call("translate", "task_of_cli:space", "--backend", "skopt", "--method", "gp")
    assert code == 0
    assert "native" in out
    assert "Real(" in out


def test_run_prints_the_best_config_and_writes_files(tmp_path):
    code, out, err = run("--trials", "9", "--seed", "3", "--out", "deep/out")
    assert (code, err) == (0, "")
    assert "9 complete; ended by n_trials" in out
    assert "kind = " in out
    folder = tmp_path / "deep" / "out"
    assert len(pd.read_csv(folder / "trials.csv")) == 9
    summary = json.loads((folder / "result.json").read_text())
    assert summary["seed"] == 3
    assert summary["best"]["value"] == pd.read_csv(folder / "trials.csv")["value"].min()
    assert "builtin:random" in (folder / "translation.txt").read_text()


def test_run_takes_initial_configs_options_and_a_space(tmp_path):
    (tmp_path / "first.json").write_text(json.dumps([{"x": 0.0, "kind": "b"}]))
    code, out, _ = run("--trials", "3", "--initial", "first.json")
    assert code == 0
    assert "Best value 0 in trial 0" in out
    code, out, _ = call(
        *("run", "task_of_cli:several", "--space", "task_of_cli:space", "--metric", "size"),
        *("--backend", "builtin", "--method", "grid", "--option", "points=2", "--mode", "max"),
    )
    assert code == 0
    assert "4 complete; ended by exhausted" in out


def test_compare_prints_a_table_and_writes_csv_and_a_report(tmp_path):
    contenders = "builtin:random, fine=builtin:grid(points=3)"
    typed = ("compare", "task_of_cli:objective", "--contenders", contenders)
    code, out, _ = call(*typed, "--trials", "6", "--seeds", "2", "--out", "out")
    assert code == 0
    assert "2 contenders, 2 seeds" in out
    assert "Report: out/report.html" in out
    place = tmp_path / "out"
    assert set(pd.read_csv(place / "comparison.csv")["contender"]) == {"builtin:random", "fine"}
    assert len(pd.read_csv(place / "runs.csv")) == 4
    command = "unitune compare task_of_cli:objective --trials 6 --out out"
    assert f"{command} --contenders '{contenders}' --seeds 2" in (place / "report.md").read_text()
    before = (place / "report.html").read_bytes()
    assert call("report", "out")[0] == 0
    assert (place / "report.html").read_bytes() == before


def test_initial_configs_that_are_no_json_are_refused(tmp_path):
    (tmp_path / "first.json").write_text("x = 0.5")
    code, _, err = run("--trials", "2", "--initial", "first.json")
    assert code == 2
    assert "first.json is no JSON" in err


def test_compare_says_which_run_failed_in_its_library(monkeypatch):
    def failing(study, *arguments, **options):
        raise RuntimeError("no proposals today")

    monkeypatch.setattr("optuna.study.Study.ask", failing)
    contenders = "builtin:grid(points=2),optuna:tpe"
    typed = ("compare", "task_of_cli:objective", "--contenders", contenders)
    code, out, err = call(*typed, "--trials", "2")
    assert code == 1
    assert "optuna:tpe, seed 0: Backend 'optuna' (tpe) failed" in err
    assert "builtin:grid" in out


@pytest.mark.parametrize(
    "typed",
    [
        ("run", "task_of_cli:broken"),
        ("compare", "task_of_cli:broken", "--contenders", "builtin:random"),
        ("bench", "--task", "branin", "--contenders", "builtin:random"),
    ],
    ids=lambda typed: typed[0],
)
def test_a_directory_that_cannot_be_made_is_refused_before_anything_runs(tmp_path, typed):
    (tmp_path / "file").write_text("")
    code, out, err = call(*typed, "--trials", "2", "--out", "file/out")
    assert code == 2, err
    assert out == ""
    assert "Results cannot be written to file/out: Not a directory. Nothing was run" in err


def test_compare_keeps_its_tables_where_no_report_can_be_made(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    typed = ("compare", "task_of_cli:objective", "--contenders", "builtin:random")
    code, _, err = call(*typed, "--trials", "2", "--out", "out")
    assert code == 0
    assert "There is no report." in err
    assert "unitune[report]" in err
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"comparison.csv", "runs.csv"}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["run", "task_of_cli:missing"], "has no 'missing'"),
        (["run", "nowhere:objective"], "no module 'nowhere'"),
        (["run", "task_of_cli"], "not of the form module:name"),
        (["run", ":objective"], "':objective' is not of the form module:name"),
        (["run", ".task_of_cli:objective"], "not of the form module:name"),
        (
            ["run", "task_of_cli:objective", "--storage", "j.db", "--study", "", "--resume"],
            "study='': give a name",
        ),
        (["run", "task_of_cli:objective", "--trial-memory", "5"], "trial_memory=5: give a whole"),
        (["run", "task_of_cli:objective", "--space", "task_of_cli:bad"], "swap them"),
        (["run", "task_of_cli:objective", "--backend", "optna"], "Did you mean 'optuna'"),
        (["run", "task_of_cli:objective", "--method", "magic"], "no method 'magic'"),
        (["run", "task_of_cli:objective", "--option", "x"], "name=value"),
        (["run", "task_of_cli:objective", "--option", "magic=1"], "no option 'magic'"),
        (["run", "task_of_cli:objective", "--trials", "0"], "n_trials=0"),
        (["translate", "task_of_cli:objective"], "A space is a Space or a dict"),
        (["compare", "task_of_cli:objective", "--contenders", ","], "at least one contender"),
    ],
)
def test_nonsense_gives_one_sentence_and_exit_code_2(arguments, sentence):
    code, out, err = call(*arguments)
    assert code == 2
    assert out == ""
    assert sentence in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("import json\n\nraise RuntimeError('no data')", "RuntimeError: no data ({}, line 3)"),
        ("import nosuch", "ModuleNotFoundError: No module named 'nosuch' ({}, line 1)"),
        ("import sys\nsys.exit(4)", "SystemExit: 4 ({}, line 2)"),
        ("def f(:", "SyntaxError: invalid syntax (broken_of_cli.py, line 1)"),
        ("raise ValueError", "ValueError ({}, line 1)"),
    ],
)
def test_a_module_that_cannot_be_imported_is_said_to_be_with_the_place(tmp_path, code, sentence):
    path = tmp_path / "broken_of_cli.py"
    path.write_text(code)
    assert call("run", "broken_of_cli:f") == (
        *(2, ""),
        f"unitune: Module 'broken_of_cli' cannot be imported: {sentence.format(path)}.\n",
    )


def test_ctrl_c_outside_the_loop_too_exits_with_130(tmp_path):
    (tmp_path / "broken_of_cli.py").write_text("raise KeyboardInterrupt")
    assert call("run", "broken_of_cli:f") == (130, "", "\nInterrupted.\n")


def test_ctrl_c_while_the_command_line_is_imported_exits_with_130():
    code = (
        "import sys\n"
        "class Finder:\n"
        "    def find_spec(self, name, *rest):\n"
        "        if name == 'unitune.cli.studies':\n"
        "            raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Finder())\n"
        "from unitune.cli import main\n"
        "main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (130, "")


def test_a_broken_objective_shows_its_traceback_and_exits_with_1():
    code, _, err = run(objective="task_of_cli:broken")
    assert code == 1
    assert "RuntimeError: no data" in err
    assert "unitune/objective.py" not in err


def test_a_run_in_which_nothing_is_complete_exits_with_1():
    code, out, _ = run("--trials", "2", objective="task_of_cli:broken")
    assert code == 1
    assert "2 failed; ended by all failed" in out


def test_the_command_is_also_there_as_a_module(tmp_path):
    command = [sys.executable, "-m", "unitune", "run", "task_of_cli:objective", "--trials", "3"]
    command += ["--backend", "builtin", "--method", "random"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "3 complete" in done.stdout
    assert done.stderr == ""


def test_a_run_is_kept_in_a_journal_and_resumed(tmp_path):
    journal = ("--storage", "journal.db", "--study", "first", "--resume")
    assert run("--trials", "4", "--seed", "1", *journal)[0] == 0
    code, out, _ = run("--trials", "9", *journal)
    assert code == 0
    assert "seed 1: 9 complete" in out
    assert "Study 'first' went on exactly where it was." in out
    code, out, _ = run("--trials", "10", "--method", "grid", *journal)
    assert code == 0
    assert "Study 'first' went on with a fresh study, since it was builtin:random" in out
    code, out, _ = call("studies", "--storage", "journal.db")
    assert code == 0
    assert "first" in out
    assert "builtin:grid" in out
    assert call("show", "first", "--storage", "journal.db")[0] == 0
    assert call("export", "first", "--storage", "journal.db", "--csv", "t.csv")[0] == 0
    assert len(pd.read_csv(tmp_path / "t.csv")) == 10


def test_a_run_says_which_study_it_began():
    code, out, _ = run("--trials", "2", "--storage", "journal.db")
    assert code == 0
    (name,) = re.findall("Study '(.*)' was begun in the journal.", out)
    assert call("show", name, "--storage", "journal.db")[0] == 0


def test_trials_run_side_by_side_on_the_command_line():
    code, out, _ = run(
        "--trials",
        "6",
        "--workers",
        "2",
        "--retries",
        "1",
        "--trial-timeout",
        "60",
        "--trial-memory",
        "500000000",
    )
    assert code == 0
    assert "6 complete" in out
