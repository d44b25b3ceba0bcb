from __future__ import annotations

from importlib import metadata

import unitune
from unitune.bench.contenders import as_contender
from unitune.bench.environment import cores, hardware, versions


def test_versions_are_those_of_unitune_and_of_the_library():
    assert versions(as_contender("builtin:random")) == {"unitune": unitune.__version__}
    assert versions(as_contender("optuna:tpe"))["optuna"] == metadata.version("optuna")


def test_the_library_that_proposes_for_another_counts_too():
    assert {"ray", "optuna"} <= versions(as_contender("ray:optuna")).keys()


def test_hardware_is_plain_values():
    found = hardware()
    assert found["cores"] == cores() >= 1
    assert all(isinstance(value, str | int) for value in found.values())
    assert {"system", "processor", "python"} <= found.keys()
