"""Environments made for a test: as a stranger has them, or with lent packages."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


class Environment:
    """A virtual environment of its own.

    Args:
        folder: where to put it.
        lent: whether it sees the packages of the environment of the tests; else it is empty.
    """

    def __init__(self, folder, *, lent):
        venv.create(folder, with_pip=not lent)
        self.python = folder / "bin" / "python"
        if lent:
            site = self.run("-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip()
            line = f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n"
            (Path(site) / "lent.pth").write_text(line)

    def run(self, *arguments, cwd=None):
        """Run its Python; return what it printed, or fail with what it said."""
        # Away from the checkout, and without what the tests' own environment sets.
        clean = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME")}
        done = subprocess.run(
            [str(self.python), *map(str, arguments)],
            capture_output=True,
            text=True,
            check=False,
            cwd=cwd or self.python.parent,
            env=clean,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def install(self, *packages):
        """Install packages and what they need, in the versions that the tests run with."""
        quiet = ["--quiet", "--disable-pip-version-check"]
        self.run("-m", "pip", "install", *quiet, "-c", ROOT / "constraints.txt", *packages)

    def add(self, wheel):
        """Install a wheel alone, by the pip of the tests' own environment."""
        pip = [sys.executable, "-m", "pip", "--python", str(self.python), "install", "--quiet"]
        command = [*pip, "--disable-pip-version-check", "--no-deps", "--no-index", str(wheel)]
        subprocess.run(command, check=True)


def build_wheel(folder, into):
    """Return the wheel of a package, built by what is installed here."""
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check"]
    command += ["--no-deps", "--no-build-isolation", "--no-index", "-w", str(into), str(folder)]
    subprocess.run(command, check=True)
    name = Path(folder).name.replace("-", "_") if Path(folder) != ROOT else "unitune"
    return next(Path(into).glob(f"{name}-*.whl"))
