"""The conformance kit: suites that a plugin's own tests take over in three lines.

    from unitune.testing import BackendSuite

    class TestMine(BackendSuite):
        backend = "mine"

Run by pytest (``pip install 'unitune[testing]'``). Names are loaded when they are first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from unitune.testing.backends import BackendSuite
    from unitune.testing.executors import ExecutorSuite
    from unitune.testing.known import KnownFailure
    from unitune.testing.schedulers import SchedulerSuite
    from unitune.testing.services import ServiceSuite

_HOMES = {
    "BackendSuite": "backends",
    "ExecutorSuite": "executors",
    "KnownFailure": "known",
    "SchedulerSuite": "schedulers",
    "ServiceSuite": "services",
}

__all__ = ["BackendSuite", "ExecutorSuite", "KnownFailure", "SchedulerSuite", "ServiceSuite"]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    value = getattr(importlib.import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
