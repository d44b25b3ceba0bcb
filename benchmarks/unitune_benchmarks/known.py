"""The best values known of tasks whose optimum no formula gives, from a file that comes along.

benchmarks/best_known.py searched for those of this project's own tasks, each with the config and
the trial seed that has it; benchmarks/external_optima.py read those of other suites.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any


def best_known(task: str) -> float | None:
    """Return the best value known of a task, None where nothing is known."""
    entry = entries().get(task)
    return None if entry is None else float(entry["value"])


@cache
def entries() -> Mapping[str, Mapping[str, Any]]:
    """Return what is known by task: `value`, and where there is one `config` and `seed`."""
    found: dict[str, Mapping[str, Any]] = {}
    for name in ("best-known.json", "external-optima.json"):
        text = (files("unitune_benchmarks") / "data" / name).read_text(encoding="utf-8")
        found.update(json.loads(text))
    return found
