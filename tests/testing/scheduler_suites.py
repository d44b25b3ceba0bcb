"""A suite for each of the schedulers; pytest runs this file in a process of its own."""

from __future__ import annotations

from wrong_schedulers import FAULTS

from unitune.testing import SchedulerSuite


class TestRight(SchedulerSuite):
    scheduler = "right"


for _name in FAULTS:
    globals()[f"Test{_name}"] = type(f"Test{_name}", (SchedulerSuite,), {"scheduler": _name})
