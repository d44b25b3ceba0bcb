"""`unitune plugin new`: the package it writes is in order as it stands."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile

import pytest
import yaml
from click.testing import CliRunner
from environments import ROOT, Environment, build_wheel

from unitune.cli import main
from unitune.errors import OptionError
from unitune.hookspecs import CONTRACT, GROUP
from unitune.scaffold import write_plugin


def test_the_package_is_named_after_the_backend(tmp_path):
    folder = write_plugin("my-tuner2", tmp_path)
    assert folder == tmp_path / "unitune-my-tuner2"
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    assert project["name"] == "unitune-my-tuner2"
    assert project["entry-points"] == {GROUP: {"my-tuner2": "unitune_my_tuner2.plugin"}}
    package = folder / "src" / "unitune_my_tuner2"
    assert {path.name for path in package.iterdir()} == {
        *("__init__.py", "plugin.py", "study.py", "search.py"),
    }
    assert f"unitune_contract = {CONTRACT} " in (package / "plugin.py").read_text()
    assert "class MyTuner2Study" in (package / "study.py").read_text()


def test_nothing_of_the_templates_is_left_open(tmp_path):
    folder = write_plugin("mine", tmp_path)
    for path in folder.rglob("*.*"):
        if path.is_file():
            text = path.read_text().replace("${{ matrix.python }}", "").replace("$ ", "")
            assert "$" not in text, path
    workflow = yaml.safe_load((folder / ".github" / "workflows" / "tests.yml").read_text())
    steps = workflow["jobs"]["tests"]["steps"]
    assert [step["run"] for step in steps[2:]] == ["pip install -e '.[test]'", "pytest"]
    assert steps[1]["with"] == {"python-version": "${{ matrix.python }}"}


def test_its_code_is_well_kept(tmp_path):
    folder = write_plugin("mine", tmp_path)
    for command in (
        ["check", "--select", "B,E,F,I,RUF,UP"],
        ["format", "--check"],
    ):
        options = ["--isolated", "--line-length", "100", "--config", "src=['src']"]
        called = [sys.executable, "-m", "ruff", *command, *options, str(folder / "src")]
        done = subprocess.run(called, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


def test_its_adapter_imports_the_library_in_the_study_only(tmp_path):
    package = write_plugin("mine", tmp_path) / "src" / "unitune_mine"
    tree = ast.parse((package / "plugin.py").read_text())
    modules = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert modules == {"__future__", "unitune.capabilities", "unitune.hookspecs"}


@pytest.mark.parametrize("name", ["", "Mine", "my tuner", "-x", "x--y", "9x", "a/b", "é"])
def test_a_name_that_makes_no_package_is_refused(tmp_path, name):
    with pytest.raises(OptionError, match="cannot be called"):
        write_plugin(name, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_is_taken_is_refused(tmp_path):
    with pytest.raises(OptionError, match=r"There is a backend 'optuna' already \(from unitune"):
        write_plugin("optuna", tmp_path)


@pytest.mark.parametrize("name", ["benchmarks", "configspace", "executors", "schedulers"])
def test_a_name_that_is_of_unitunes_own_is_refused(tmp_path, name):
    with pytest.raises(OptionError, match=r"There is a (plugin|package) '.*' .*Choose another"):
        write_plugin(name, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["class", "my_tuner"])
def test_every_name_of_the_form_that_is_said_is_taken(tmp_path, name):
    assert (write_plugin(name, tmp_path) / "src" / f"unitune_{name}" / "plugin.py").exists()


@pytest.mark.parametrize(
    ("name", "into"), [("x" * 300, "."), ("mine", "file/below"), ("mine", "/proc")]
)
def test_what_cannot_be_written_is_said_without_a_traceback(tmp_path, name, into):
    (tmp_path / "file").touch()
    done = CliRunner().invoke(main, ["plugin", "new", name, "--into", str(tmp_path / into)])
    assert done.exit_code == 2
    assert "cannot be written: " in done.stderr


def test_what_is_there_already_is_left_alone(tmp_path):
    (tmp_path / "unitune-mine").mkdir()
    done = CliRunner().invoke(main, ["plugin", "new", "mine", "--into", str(tmp_path)])
    assert done.exit_code == 2
    assert "is there already; nothing was written" in done.stderr
    assert list((tmp_path / "unitune-mine").iterdir()) == []


def test_it_builds_installs_is_found_and_passes_its_own_tests(tmp_path):
    done = CliRunner().invoke(main, ["plugin", "new", "my-tuner", "--into", str(tmp_path)])
    assert done.exit_code == 0
    folder = tmp_path / "unitune-my-tuner"
    assert str(folder) in done.stdout
    wheel = build_wheel(folder, tmp_path / "wheels")
    assert "unitune_my_tuner/study.py" in zipfile.ZipFile(wheel).namelist()
    environment = Environment(tmp_path / "env", lent=True)
    environment.add(wheel)
    listed = environment.run("-m", "unitune", "plugins", "--load")
    assert "backend my-tuner" in next(line for line in listed.splitlines() if "my-tuner" in line)
    # The tests go with the source, and run on what is installed.
    tests = shutil.copytree(folder / "tests", tmp_path / "copied")
    said = environment.run("-m", "pytest", "-v", "-p", "no:cacheprovider", tests, cwd=tmp_path)
    assert " passed" in said
    left_out = set(re.findall(r"::(test_\w+)\S* SKIPPED", said))
    assert left_out == {
        *("test_listing", "test_independence", "test_order", "test_native", "test_schedulers"),
    }


def test_the_templates_are_in_the_wheel(tmp_path):
    wheel = build_wheel(ROOT, tmp_path)
    inside = set(zipfile.ZipFile(wheel).namelist())
    here = {path.name for path in (ROOT / "unitune" / "scaffold" / "templates").iterdir()}
    assert {f"unitune/scaffold/templates/{name}" for name in here} <= inside
    assert "unitune/testing/__init__.py" in inside
