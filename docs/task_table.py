"""Write the table of tasks, from their own records, into the document that shows it.

python docs/task_table.py            write it
python docs/task_table.py --check    exit with 1 if the document is out of date
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from unitune.task import Task
from unitune_benchmarks.known import best_known
from unitune_benchmarks.plugin import unitune_tasks

PAGE = Path(__file__).resolve().parent / "tasks.md"
START, STOP = "<!-- tasks -->", "<!-- end of tasks -->"
# Of the 67 external tasks a line says as much as a table.
SUITES = ("smoke", "quick", "standard", "full")


def table() -> str:
    """Return the table of the tasks of this project, in Markdown."""
    head = (
        *("task", "parameters", "best value", "seconds", "resource"),
        *("from suite", "stresses", "source"),
    )
    tasks = [task for task in unitune_tasks() if "external" not in task.suites]
    lines = [_line(head), _line(["---"] * len(head))]
    return "\n".join([*lines, *(_line(_row(task)) for task in tasks)])


def _row(task: Task) -> tuple[str, ...]:
    best = "" if task.optimum is None else f"{task.optimum:.6g}"
    resource = "" if task.resource is None else f"{task.resource[1]} {task.unit}"
    return (
        f"`{task.name}`",
        str(len(task.space)),
        best + _how(task) + (", max" if task.mode == "max" else ""),
        f"{task.cost:g}" if task.cost >= 0.01 else "< 0.01",
        resource,
        next(suite for suite in SUITES if suite in task.suites),
        ", ".join(task.stresses),
        task.source,
    )


def _how(task: Task) -> str:
    if task.proven:
        return ""
    return " (without noise)" if best_known(task.name) is None else " (best known)"


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def main() -> int:
    """Write or check the table."""
    old = PAGE.read_text(encoding="utf-8")
    before, rest = old.split(START)
    after = rest.split(STOP)[1]
    new = f"{before}{START}\n{table()}\n{STOP}{after}"
    if new == old:
        return 0
    if "--check" in sys.argv:
        print(f"Out of date: {PAGE.name}")
        return 1
    PAGE.write_text(new, encoding="utf-8")
    print(f"Written: {PAGE.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
