"""A suite for each of the backends; pytest runs this file in a process of its own."""

from __future__ import annotations

from wrong_backends import FAULTS

from unitune.testing import BackendSuite


class Small(BackendSuite):
    startup = 5
    beyond = 10
    draws = 2000
    cost_trials = 200

    def told(self, native):
        return len(native.trials)


class TestRight(Small):
    backend = "Right"


class TestMinimal(BackendSuite):
    backend = "minimal"


for _name in FAULTS:
    globals()[f"Test{_name}"] = type(f"Test{_name}", (Small,), {"backend": _name})
