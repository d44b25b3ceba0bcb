#!/usr/bin/env python3
"""Set up an environment of its own and do one thing in it.

    python3 make.py bench [ARGS]     compare all backends on a suite of tasks, and write a report
    python3 make.py test [ARGS]      run the tests (ARGS go to pytest)
    python3 make.py lint             run ruff and mypy

Needs Python 3.11 or newer and a package index, nothing else.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent


def main() -> int:
    """Read the command line and do what it says."""
    if sys.version_info < (3, 11):  # noqa: UP036 - run before anything is installed
        found = sys.version.split()[0]
        sys.exit(f"make.py needs Python 3.11 or newer; this is {found}, at {sys.executable}.")
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("command", choices=["bench", "test", "lint"])
    parser.add_argument("--venv", type=Path, default=ROOT / ".venv", help="where to put it")
    parser.add_argument("--extra", action="append", default=[], help="install this extra too")
    given, rest = parser.parse_known_args()
    if rest and given.command == "lint":
        parser.error(f"unknown arguments: {' '.join(rest)}")
    extras = ["all", "benchmarks"] if given.command == "bench" else ["test"]
    python = install(given.venv, extras + given.extra)
    if given.command == "bench":
        return run(python, "-m", "unitune", "bench", *(rest or ["--suite", "smoke"]))
    if given.command == "lint":
        checks = [["ruff", "check", "."], ["ruff", "format", "--check", "."], ["mypy"]]
        return max(run(python, "-m", *check) for check in checks)
    return run(python, "-m", "pytest", *rest)


def install(where: Path, extras: list[str]) -> Path:
    """Create the environment unless it is there, and install unitune with its extras."""
    python = where / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not python.exists():
        print(f"Creating {where} …", flush=True)
        venv.create(where, with_pip=True)
    target = f"{ROOT}[{','.join(extras)}]"
    print(f"Installing unitune[{','.join(extras)}] …", flush=True)
    command = ["pip", "install", "--quiet", "--disable-pip-version-check"]
    code = run(python, "-m", *command, "-c", str(ROOT / "constraints.txt"), "-e", target)
    if code:
        sys.exit(code)
    return python


def run(python: Path, *arguments: str) -> int:
    """Run one command of the environment from the root of the project."""
    return subprocess.run([str(python), *arguments], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
