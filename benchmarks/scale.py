"""A long study in a journal: time and memory per trial as it grows, resuming it, its frame.

python benchmarks/scale.py [--trials 20000] [--backend builtin]
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from typing import Any

import unitune
from unitune.tables import render

SPACE = unitune.Space(
    {
        "x": unitune.Float(-5.0, 5.0),
        "lr": unitune.Float(1e-5, 1e-1, scale="log"),
        "n": unitune.Int(1, 64),
        "kind": unitune.Categorical(("a", "b", "c")),
    }
)


def loss(config: dict[str, Any]) -> float:
    """A loss that takes no time."""
    return float(config["x"] ** 2 + config["n"])


def main() -> None:
    """Run, resume, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--trials", type=int, default=20_000)
    parser.add_argument("--backend", default="builtin")
    given = parser.parse_args()
    marks = [mark for mark in (1_000, 5_000, 20_000) if mark <= given.trials] or [given.trials]
    rows: list[tuple[str, ...]] = []
    clock = [time.perf_counter(), float(peak())]

    def note(_: Any, run: Any) -> None:
        done = len(run.trials)
        if done in marks:
            before = marks[marks.index(done) - 1] if marks.index(done) else 0
            now, memory = time.perf_counter(), float(peak())
            count = done - before
            rows.append(
                (
                    f"{done:,}",
                    f"{1e6 * (now - clock[0]) / count:.0f}",
                    f"{1024 * (memory - clock[1]) / count:.0f}",
                )
            )
            clock[:] = now, memory

    with tempfile.TemporaryDirectory() as folder:
        settings: dict[str, Any] = {
            "backend": given.backend,
            "method": "random",
            "storage": f"{folder}/journal.db",
            "study": "long",
            "resume": True,
            "seed": 0,
            "progress": False,
        }
        # what is imported on first use is not counted
        unitune.run(SPACE, loss, n_trials=1, **{**settings, "study": "first"})
        clock[:] = time.perf_counter(), float(peak())
        unitune.run(SPACE, loss, n_trials=given.trials, callbacks=[note], **settings)
        begun = time.perf_counter()
        result = unitune.run(SPACE, loss, n_trials=given.trials + 1, **settings)
        resumed = time.perf_counter() - begun
        begun = time.perf_counter()
        frame = result.frame()
        framed = time.perf_counter() - begun
    title = f"{given.backend}:random in a journal, per trial since the row above"
    print(render(title, ("trials", "µs per trial", "bytes per trial"), rows, ("µs per trial",)))
    print(f"\nresumed {len(frame):,} trials ({result.resumed}) in {resumed:.2f} s", end="; ")
    print(f"frame() in {framed:.2f} s")


def peak() -> int:
    """Return the most memory this process has held, in KiB (Linux)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    main()
