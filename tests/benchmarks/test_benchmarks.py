from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PLACE = Path(__file__).parents[2] / "benchmarks"
LINE = re.compile(
    r"(?P<name>\S+) +(?P<trials>\d+) +(?P<rounds>\d+) +(?P<by_hand>[\d.]+) +(?P<unitune>[\d.]+)"
    r" +(?P<added>[+-][\d.]+) +(?P<ratio>[\d.]+) +(?P<wall>[\d.]+) +(?P<configs>\w+)"
    r" +(?P<verdict>met|MISSED) \((?P<target>.+)\)"
)


def run(script, *arguments, cwd):
    """Run a benchmark as its users do, and return what it prints."""
    done = subprocess.run(
        [sys.executable, str(PLACE / script), *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "PYTHONWARNINGS": "default"},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr


def table(printed):
    return {found["name"]: found.groupdict() for found in LINE.finditer(printed)}


@pytest.fixture(scope="module")
def overhead(tmp_path_factory):
    for library in ("optuna", "cmaes", "hyperopt", "skopt"):
        pytest.importorskip(library)
    place = tmp_path_factory.mktemp("overhead")
    # 22 trials: past the random start of every method, of which Hyperopt's is the longest, 20.
    cheap = ["optuna:random", "optuna:tpe", "optuna:cmaes", "hyperopt", "skopt:random", "forest"]
    printed, noise = run("overhead.py", *cheap, "--trials", "22", "--rounds", "1", cwd=place)
    return printed, noise, list(place.iterdir())


def test_overhead_prints_a_line_for_each_contender_asked_for(overhead):
    printed, noise, written = overhead
    rows = table(printed)
    assert list(rows) == [
        "optuna:random",
        "optuna:tpe",
        "optuna:cmaes",
        "hyperopt:random",
        "hyperopt:tpe",
        "skopt:random",
        "skopt:forest",
    ]
    for figures in rows.values():
        assert (figures["trials"], figures["rounds"]) == ("22", "1")
        assert float(figures["by_hand"]) > 0
        assert float(figures["unitune"]) > 0
    assert (noise, written) == ("", [])


def test_figures_of_one_line_agree(overhead):
    for figures in table(overhead[0]).values():
        by_hand, unitune = float(figures["by_hand"]), float(figures["unitune"])
        assert float(figures["added"]) == pytest.approx(unitune - by_hand, abs=0.002)
        assert float(figures["ratio"]) == pytest.approx(unitune / by_hand, abs=0.01)


def test_verdicts_follow_the_figures(overhead):
    for name, figures in table(overhead[0]).items():
        if name.endswith(("random", "cmaes")):
            assert figures["target"] == "added <= 0.3 ms"
            assert (figures["verdict"] == "met") == (float(figures["added"]) <= 0.3)
        else:
            assert figures["target"] == "ratio <= 1.05"
            assert (figures["verdict"] == "met") == (float(figures["ratio"]) <= 1.05)


def test_both_sides_try_the_same_configs(overhead):
    assert {figures["configs"] for figures in table(overhead[0]).values()} == {"same"}


@pytest.mark.slow
@pytest.mark.parametrize(("contender", "needs"), [("optuna:gp", "torch"), ("skopt:gp", "skopt")])
def test_both_sides_of_a_gaussian_process_try_the_same_configs(contender, needs, tmp_path):
    pytest.importorskip(needs)
    printed, _ = run("overhead.py", contender, "--trials", "14", "--rounds", "1", cwd=tmp_path)
    assert table(printed)[contender]["configs"] == "same"


def test_an_unknown_contender_is_named(tmp_path):
    done = subprocess.run(
        [sys.executable, str(PLACE / "overhead.py"), "optima"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "no contender has 'optima' in its name" in done.stderr


def test_import_time_prints_its_table(tmp_path):
    printed, noise = run("import_time.py", "--pairs", "3", cwd=tmp_path)
    line = r"^(import .*?) +(-?[\d.]+) ms +-?[\d.]+ ms  (.+)$"
    rows = {what: (float(cpu), told) for what, cpu, told in re.findall(line, printed, re.M)}
    assert list(rows) == [
        "import unitune",
        "import unitune; unitune.Space",
        "import unitune; unitune.run",
    ]
    cpu, told = rows["import unitune; unitune.Space"]
    assert cpu > 0
    assert told == ("met" if cpu <= 80.0 else "MISSED") + " (CPU <= 80 ms)"
    assert rows["import unitune; unitune.run"][1] == "no target"
    assert "Medians of 3 pairs" in printed
    assert noise == ""
