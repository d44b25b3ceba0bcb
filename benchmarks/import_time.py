"""How much longer Python takes to start with `import unitune` than without.

    python benchmarks/import_time.py
    python benchmarks/import_time.py --pairs 31

Interpreters are started one after the other, in turn with the import and without it, since the
speed of a shared machine drifts. What counts is the median of the differences of neighbours, in
CPU time: an import waits for nothing, while the wall clock also counts everyone else's work.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

LIMIT = 80.0  # milliseconds
NOTHING = "pass"
# What is asked of the last is nothing: it looks for installed plugins, and a run takes longer.
STATEMENTS = {
    "import unitune": LIMIT,
    "import unitune; unitune.Space": LIMIT,
    "import unitune; unitune.run": None,
}


class Cost(NamedTuple):
    """Milliseconds of CPU and of wall clock."""

    cpu: float
    wall: float


def cost(statement: str) -> Cost:
    """Return what a fresh interpreter takes for a statement, from its start to its end."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([sys.executable, "-c", statement], check=True)  # noqa: S603
    wall, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(1e3 * cpu, 1e3 * wall)


def added(statement: str, pairs: int) -> Cost:
    """Return the medians of what a statement adds to the start of an interpreter."""
    cost(statement)  # what it compiles, and the disk, are warm from here on
    runs = [(cost(statement), cost(NOTHING)) for _ in range(pairs)]
    return Cost(
        median(one.cpu - other.cpu for one, other in runs),
        median(one.wall - other.wall for one, other in runs),
    )


def main(arguments: Sequence[str]) -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=15, help="interpreters started of each kind")
    pairs = parser.parse_args(arguments).pairs
    empty = median(cost(NOTHING).cpu for _ in range(pairs))
    print(f"Medians of {pairs} pairs; an interpreter that does nothing takes {empty:.1f} ms.\n")
    print(f"{'statement':32}{'added CPU':>12}{'added wall':>12}  verdict")
    for statement, limit in STATEMENTS.items():
        cpu, wall = added(statement, pairs)
        line = f"{statement:32}{cpu:9.1f} ms{wall:9.1f} ms  {verdict(cpu, limit)}"
        print(line, flush=True)


def verdict(cpu: float, limit: float | None) -> str:
    """Return whether a target was met."""
    if limit is None:
        return "no target"
    return f"{'met' if cpu <= limit else 'MISSED'} (CPU <= {limit:.0f} ms)"


if __name__ == "__main__":
    main(sys.argv[1:])
