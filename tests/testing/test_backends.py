"""The kit passes what is right, and finds each fault in the check that is meant for it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from wrong_backends import FAULTS

HERE = Path(__file__).parent
PLUGINS = """
[unitune]
wrong = wrong_backends
minimal = minimal
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A folder with the plugins of this folder, as if they were installed."""
    place = tmp_path_factory.mktemp("installed")
    info = place / "strangers-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: strangers\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(PLUGINS)
    return place


@pytest.fixture(scope="module")
def run_pytest(installed, tmp_path_factory):
    """Run pytest on a file in another process; return (how it ended, its words) by check."""

    def run(path):
        place = tmp_path_factory.mktemp("run")
        (place / "pytest.ini").write_text("[pytest]\n")
        report = place / "report.xml"
        done = subprocess.run(
            [
                *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"),
                *("-c", place / "pytest.ini", "--rootdir", place, f"--junitxml={report}", path),
            ],
            capture_output=True,
            text=True,
            check=False,
            cwd=place,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(installed), str(HERE)])},
        )
        cases = ET.parse(report).iter("testcase") if report.exists() else []
        return {_name(case): _end(case) for case in cases}, done.stdout + done.stderr

    return run


def _name(case):
    return case.get("classname").rpartition(".")[2], case.get("name")


def _end(case):
    child = next((child for child in case if child.tag in ("failure", "error", "skipped")), None)
    return ("passed", "") if child is None else (child.tag, child.get("message"))


@pytest.fixture(scope="module")
def checked(run_pytest):
    """How every check ended on every backend."""
    return run_pytest(HERE / "wrong_suites.py")


def failed(checked, suite):
    ends, words = checked
    own = {name: end for (its, name), end in ends.items() if its == suite}
    assert own, words[-3000:]
    return {name.partition("[")[0] for name, end in own.items() if end[0] in ("failure", "error")}


def test_a_backend_that_is_right_passes(checked):
    assert failed(checked, "TestRight") == set()


@pytest.mark.parametrize("backend", FAULTS)
def test_a_fault_is_found_and_only_by_the_check_that_is_meant(checked, backend):
    check, *_ = FAULTS[backend]
    assert failed(checked, f"Test{backend}") == {check}


def test_every_check_has_a_backend_that_fails_it(checked):
    names = {name.partition("[")[0] for (suite, name) in checked[0] if suite == "TestRight"}
    assert names == {check for check, *_ in FAULTS.values()}
