"""Jobs for executors, what drives them, and what answers reports."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from unitune.executors import Executor
from unitune.job import Finished, Job, OnReport
from unitune.trial import Verdict


def go_on(*_: Any) -> Verdict:
    """Stop nothing."""
    return Verdict.CONTINUE


def verdict_at(at: int, verdict: Verdict, *, once: bool = False) -> OnReport:
    """Return what answers reports of one step with a verdict; of each trial once, perhaps."""
    told: set[int] = set()

    def answer(number: int, step: int, _: float) -> Verdict:
        if step < at or (once and number in told):
            return Verdict.CONTINUE
        told.add(number)
        return verdict

    return answer


def jobs(values: Iterable[Any]) -> list[Job]:
    """Return a job for each value of x."""
    return [Job(number, {"x": x}, seed=number) for number, x in enumerate(values)]


def evaluated(executor: Executor, todo: Iterable[Job]) -> list[Finished]:
    """Return what comes back, in the order in which it does."""
    given = list(todo)
    found: list[Finished] = []
    for job in given:
        executor.submit(job)
    # One too many is enough to show that a job comes back twice.
    while executor.busy and len(found) <= len(given):
        found.append(executor.next())
    return found


def by_number(found: Iterable[Finished]) -> list[Finished]:
    """Return them in the order in which their trials were proposed."""
    return sorted(found, key=lambda finished: finished.job.number)


def alive(pid: int) -> bool:
    """Return whether a process runs."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    # one that is dead, and that nobody has asked after, is none
    return not (stat.exists() and stat.read_text().rpartition(")")[2].split()[0] in "ZX")
