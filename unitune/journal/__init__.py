"""The journal: every event of every trial, written before it is acted on.

What needs the database is loaded when it is first used: a run without storage does without it.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from unitune.journal.errors import JournalError
from unitune.journal.events import KINDS, Event, Header, StudySummary

if TYPE_CHECKING:
    from unitune.journal.storage import Journal, open_journal
    from unitune.journal.study_log import StudyLog

_HOMES = {"Journal": "storage", "StudyLog": "study_log", "open_journal": "storage"}

__all__ = [
    "KINDS",
    "Event",
    "Header",
    "Journal",
    "JournalError",
    "StudyLog",
    "StudySummary",
    "open_journal",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    value = getattr(importlib.import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value
