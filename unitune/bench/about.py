"""Words about a benchmark: what it was, where it ran, and what may not change while it goes on."""

from __future__ import annotations

import datetime as dt
import platform
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from unitune.bench.cells import Design
from unitune.bench.contenders import Contender
from unitune.bench.environment import hardware, task_versions, versions
from unitune.errors import OptionError
from unitune.task import Task

# What cannot change while a directory is filled: its runs would not be comparable.
FIXED = ("budget", "paired", "timing")


def describe(
    tasks: Iterable[Task], contenders: Iterable[Contender], seeds: Iterable[int], design: Design
) -> dict[str, Any]:
    """Return date, hardware, versions and the design of a comparison; JSON values."""
    tasks = list(tasks)
    used = {"python": platform.python_version()}
    for contender in contenders:
        used |= versions(contender)
    for task in tasks:
        used |= task_versions(task)
    initial = {task.name: design.budget.initial(task) for task in tasks} if design.paired else {}
    return {
        "date": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "hardware": hardware(),
        "versions": used,
        "paired": design.paired,
        "budget": design.budget.words,
        "seeds": list(seeds),
        "initial": initial,
    }


def joined(before: Mapping[str, Any], now: Mapping[str, Any], place: Path) -> dict[str, Any]:
    """Return the words about a benchmark that is gone on with.

    Raises:
        OptionError: it was of another design.
    """
    if not before:
        return dict(now)
    for name in FIXED:
        if before[name] != now[name]:
            raise OptionError(
                f"{place} holds a benchmark with {name}={before[name]!r}, which cannot go on with "
                f"{name}={now[name]!r}: its runs would not be comparable. Use another directory."
            )
    words = dict(now)
    words["seeds"] = sorted({*before["seeds"], *now["seeds"]})
    words["versions"] = before["versions"] | now["versions"]
    words["initial"] = before["initial"] | now["initial"]
    words["commands"] = list(dict.fromkeys([*before.get("commands", ()), *now.get("commands", ())]))
    skipped = {
        (one["task"], one["contender"]): one for one in (*before["skipped"], *now["skipped"])
    }
    words["skipped"] = list(skipped.values())
    words |= {"date": before["date"], "hardware": before["hardware"]}
    others = list(before.get("also_on", []))
    if now["hardware"] not in (before["hardware"], *others):
        others.append(now["hardware"])
    return words | ({"also_on": others} if others else {})
