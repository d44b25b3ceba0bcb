"""What this package says of itself: every task, without anything heavy being imported."""

from __future__ import annotations

from unitune.hookspecs import hookimpl
from unitune.task import Task


@hookimpl
def unitune_tasks() -> list[Task]:
    """Yield every task, those of other suites among them."""
    from unitune_benchmarks import (
        coco,
        fidelity,
        hpotables,
        iohprofiler,
        learning,
        networks,
        searches,
        shaped,
        synthetic,
        tabular,
    )

    homes = (synthetic, shaped, fidelity, learning, networks, searches, tabular)
    others = (hpotables, coco, iohprofiler)
    return [task for home in (*homes, *others) for task in home.tasks()]
