"""Plugins of this folder as if they were installed, and pytest on them in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

HERE = Path(__file__).parent
MODULES = ("minimal", "wrong_backends", "wrong_services", "wrong_executors", "wrong_schedulers")


@dataclass(frozen=True)
class Checked:
    """How every check ended: (suite, check) -> 'passed', 'failure', 'error' or 'skipped'."""

    ends: Mapping[tuple[str, str], str]
    words: str

    def failed(self, suite):
        """Return the checks of a suite that failed."""
        own = {name: end for (its, name), end in self.ends.items() if its == suite}
        assert own, self.words[-3000:]
        return {name.partition("[")[0] for name, end in own.items() if end in ("failure", "error")}

    def checks(self, suite):
        """Return the names of a suite's checks."""
        return {name.partition("[")[0] for its, name in self.ends if its == suite}


@pytest.fixture(scope="session")
def run_pytest(tmp_path_factory):
    """Return what runs pytest on a file, or on code; on some checks only, if that is wanted."""
    installed = tmp_path_factory.mktemp("installed")
    info = installed / "strangers-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: strangers\nVersion: 1.0\n")
    lines = [f"{module} = {module}" for module in MODULES]
    (info / "entry_points.txt").write_text("\n".join(["[unitune]", *lines]))
    path = os.pathsep.join([str(installed), str(HERE)])

    def run(file=None, code="", only=""):
        place = tmp_path_factory.mktemp("run")
        (place / "pytest.ini").write_text("[pytest]\n")
        if file is None:
            file = place / "test_code.py"
            file.write_text(code)
        report = place / "report.xml"
        done = subprocess.run(
            [
                *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"),
                *("-c", place / "pytest.ini", "--rootdir", place, f"--junitxml={report}", file),
                *("-k", only),
            ],
            capture_output=True,
            text=True,
            check=False,
            cwd=place,
            env={**os.environ, "PYTHONPATH": path, "UNITUNE_DISABLE_PLUGINS": ""},
        )
        cases = ET.parse(report).iter("testcase") if report.exists() else []
        return Checked({_name(case): _end(case) for case in cases}, done.stdout + done.stderr)

    return run


def _name(case):
    return case.get("classname").rpartition(".")[2], case.get("name")


def _end(case):
    tags = [child.tag for child in case if child.tag in ("failure", "error", "skipped")]
    return tags[0] if tags else "passed"
