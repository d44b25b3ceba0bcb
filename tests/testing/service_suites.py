"""A suite for each of the services; pytest runs this file in a process of its own."""

from __future__ import annotations

from wrong_services import FAULTS

from unitune.testing import ServiceSuite


class Small(ServiceSuite):
    startup = 5
    beyond = 10


class TestRight(Small):
    backend = "RightService"


for _name in FAULTS:
    globals()[f"Test{_name}"] = type(f"Test{_name}", (Small,), {"backend": _name})
