from __future__ import annotations

import importlib.util
import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from unitune.cli import main
from unitune.scaffold import write_plugin

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
EXAMPLE = ROOT / "examples" / "unitune-cmaes"
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md")), EXAMPLE / "README.md"]
BLOCK = re.compile(r"^```(\w+)(?: title=\"(.*?)\")?\n(.*?)^```$", re.DOTALL | re.MULTILINE)

# What pages that define no task of their own take for granted on the command line.
TASK = """
import unitune as ut

space = {"x": ut.Float(-5, 5)}


def objective(config):
    return config["x"] ** 2
"""
# What is installed for some test runs only, and whose blocks are left out of the others.
LARGE = {"keras": "torch", "torch": "torch", "lightning": "lightning"}
# Commands that are not run here: they take long, or go on for ever.
LONG = {"bench", "report"}


def named(page):
    return str(page.relative_to(ROOT))


def blocks(page, *languages):
    """Return the (language, title, code) of a page's blocks."""
    found = BLOCK.findall(page.read_text(encoding="utf-8"))
    return [block for block in found if block[0] in languages]


def called(page):
    """Return the calls of unitune on a page's console blocks, as lists of arguments."""
    lines = [line for _, _, code in blocks(page, "console") for line in code.splitlines()]
    calls = [shlex.split(line[2:], comments=True) for line in lines if line.startswith("$ unitune")]
    return [words[1:] for words in calls]


def shortened(arguments):
    """Return the arguments of a call with a budget that a test can afford."""
    if arguments[0] not in ("run", "compare"):
        return arguments
    words = [*arguments, "--quiet", "--trials", "4"]
    return [*words, "--seeds", "1"] if arguments[0] == "compare" else words


def lacks(code):
    """Return whether a block imports a large library that is not installed."""
    imported = re.findall(r"^(?:import|from) (\w+)", code, re.MULTILINE)
    needed = {LARGE[name] for name in imported if name in LARGE}
    return any(importlib.util.find_spec(name) is None for name in needed)


PYTHON = [page for page in PAGES if blocks(page, "python") and page.parent != EXAMPLE]
CONSOLE = [page for page in PAGES if called(page)]


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A place of its own to run in, with a home of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.syspath_prepend(str(tmp_path))
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        if (tmp_path / f"{name}.py").exists():
            del sys.modules[name]


def write_files(page, place):
    """Write the blocks of a page that have a file's name into it."""
    for _, title, code in blocks(page, "python"):
        if title:
            (place / title).parent.mkdir(parents=True, exist_ok=True)
            (place / title).write_text(code, encoding="utf-8")


@pytest.mark.parametrize("page", PYTHON, ids=named)
def test_every_block_of_python_runs(page, place, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    write_files(page, place)
    names = {"__name__": "page"}
    for _, title, code in blocks(page, "python"):
        if lacks(code):
            continue
        exec(compile(code, title or named(page), "exec"), names)


@pytest.mark.parametrize("page", CONSOLE, ids=named)
def test_every_command_of_unitune_runs(page, place):
    (place / "train.py").write_text(TASK, encoding="utf-8")
    write_files(page, place)
    for arguments in called(page):
        name = next((word for word in arguments if not word.startswith("-")), "")
        if name in LONG:
            command = main.get_command(click.Context(main), name)
            known = {option for parameter in command.params for option in parameter.opts}
            assert {word for word in arguments if word.startswith("--")} <= known, arguments
            continue
        done = CliRunner().invoke(main, shortened(arguments))
        assert done.exit_code == 0, (arguments, done.output)


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "toml")], ids=named)
def test_every_block_of_toml_can_be_read(page):
    for _, _, code in blocks(page, "toml"):
        assert tomllib.loads(code)


def test_blocks_are_in_languages_that_are_looked_at():
    known = {"python", "console", "toml", "text", "markdown", "json", "sql", "bash"}
    for page in PAGES:
        fences = re.findall(r"^```(\w*)", page.read_text(encoding="utf-8"), re.MULTILINE)
        assert set(fences[::2]) <= known | {""}, page


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_link_leads_somewhere(page):
    text = BLOCK.sub("", page.read_text(encoding="utf-8"))
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text):
        assert "://" in target or (page.parent / target).exists(), target


def test_the_tutorial_is_the_example():
    written = {title: code for _, title, code in blocks(DOCS / "plugins" / "tutorial.md", "python")}
    for name in (
        "src/unitune_cmaes/plugin.py",
        "src/unitune_cmaes/study.py",
        "tests/test_cmaes.py",
    ):
        assert written[name] == (EXAMPLE / name).read_text(encoding="utf-8")
    entry, needs = [code for *_, code in blocks(DOCS / "plugins" / "tutorial.md", "toml")]
    project = tomllib.loads((EXAMPLE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["entry-points"] == tomllib.loads(entry)["project"]["entry-points"]
    assert project["dependencies"] == tomllib.loads(needs)["dependencies"]


def test_the_tutorial_installs_the_library_and_leaves_nothing_behind(tmp_path):
    page = DOCS / "plugins" / "tutorial.md"
    text = page.read_text(encoding="utf-8")
    # What it adds to the dependencies is installed before the tests run.
    assert "pip install -e" in text[text.index("dependencies = [") : text.index("## 3.")]
    folder = write_plugin("cmaes", tmp_path)
    write_files(page, folder)
    for name in re.findall(r"delete `(\w+\.py)`", text):
        (folder / "src" / "unitune_cmaes" / name).unlink()
    written = {path.relative_to(folder) for path in folder.rglob("*.py")}
    assert written == {path.relative_to(EXAMPLE) for path in EXAMPLE.rglob("*.py")}


def test_the_smallest_backend_passes_the_conformance_kit(tmp_path):
    write_files(DOCS / "plugins.md", tmp_path)
    suite = "from unitune.testing import BackendSuite\n\n\nclass TestMine(BackendSuite):\n"
    (tmp_path / "test_mine.py").write_text(f"{suite}    backend = 'mine'\n", encoding="utf-8")
    info = tmp_path / "mine-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: mine\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[unitune]\nmine = mine\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_mine.py"]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    settings = {"cwd": tmp_path, "capture_output": True, "text": True, "env": environment}
    done = subprocess.run(command, check=False, **settings)
    assert done.returncode == 0, done.stdout
    assert int(re.search(r"(\d+) passed", done.stdout)[1]) > 25
    program = (
        "import unitune as ut; ut.run({'x': ut.Float(0, 1)}, lambda c: c['x'], backend='mine')"
    )
    done = subprocess.run([sys.executable, "-c", program], check=False, **settings)
    assert done.returncode == 0, done.stderr


def test_the_site_builds_without_a_warning(tmp_path):
    pytest.importorskip("mkdocs")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, env=environment
    )
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    assert (tmp_path / "tutorial.html").exists()
    reference = (tmp_path / "reference" / "running.html").read_text(encoding="utf-8")
    for name in ("n_trials", "executor_options", "max_resource"):
        assert name in reference


def test_the_tables_are_up_to_date():
    command = [sys.executable, str(ROOT / "docs" / "tables.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_commands_of_the_readme_are_those_of_make():
    spec = importlib.util.spec_from_file_location("make", ROOT / "make.py")
    make = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(make)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for command in re.findall(r"python3 make\.py (\w+)", readme):
        assert f"make.py {command}" in make.__doc__


def test_make_refuses_nonsense_with_a_sentence():
    command = [sys.executable, str(ROOT / "make.py"), "lint", "--magic"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "unknown arguments: --magic" in done.stderr
