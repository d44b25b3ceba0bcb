"""What the package names, and what it costs those who do not use it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from unitune import analysis


@pytest.mark.parametrize("name", analysis.__all__)
def test_every_public_name_is_there(name):
    assert getattr(analysis, name) is not None


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("import unitune", "unitune.analysis"),
        ("import unitune.analysis", "scipy"),
        ("import unitune.analysis", "scikit_posthocs"),
        ("import unitune.analysis", "matplotlib"),
    ],
)
def test_nobody_pays_for_what_they_do_not_use(code, names):
    shown = f"{code}\nimport sys; print({names!r} in sys.modules)"
    done = subprocess.run([sys.executable, "-c", shown], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
