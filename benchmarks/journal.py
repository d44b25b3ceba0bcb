"""What a journal costs: appending, reading, listing, folding, and memory, as a study grows.

    python benchmarks/journal.py [--storage URL] [--trials 20000]

Each trial writes four events: asked, started, finished, told. Memory is what Python holds at that
point, per trial written so far.
"""

from __future__ import annotations

import argparse
import tempfile
import tracemalloc
from pathlib import Path
from time import perf_counter

from unitune.journal import Header, Journal, StudyLog, open_journal
from unitune.journal.history import trials
from unitune.journal.packing import pack_config
from unitune.space import Bool, Categorical, Float, Int, Space

SPACE = Space(
    {
        "x": Float(-5.0, 5.0),
        "lr": Float(1e-5, 1e-1, scale="log"),
        "n": Int(1, 64),
        "kind": Categorical(("a", "b", "c")),
        "flag": Bool(),
    }
)


def write(log: StudyLog, first: int, last: int) -> float:
    """Write trials and return the seconds that appending took."""
    spent = 0.0
    for number in range(first, last):
        config = SPACE.sample(number)
        packed = pack_config(SPACE, config)
        asked = {"raw": packed, "config": packed, "initial": False, "seed": number}
        finished = {"state": "complete", "value": config["x"] ** 2, "metrics": {}}
        finished |= {"failure": None, "seconds": 0.1, "start": 1.0, "attempts": 1}
        begun = perf_counter()
        log.append("asked", number, {**asked, "suggest": 1e-4})
        log.append("started", number, {"attempt": 1})
        log.append("finished", number, finished)
        spent += perf_counter() - begun
    return spent


def measure(journal: Journal, total: int) -> None:
    """Print the figures of one study at several sizes."""
    header = Header("builtin", "random", mode="min", seed=0, space=SPACE.to_dict())
    with journal.create("study", header) as log:
        done = 0
        for mark in sorted({min(1000, total), min(5000, total), total}):
            seconds = write(log, done, mark) / (mark - done) / 3
            print(f"{mark:6} trials: {seconds * 1e6:6.1f} us per append")
            done = mark
        begun = perf_counter()
        count = sum(1 for _ in log.events())
        print(f"{count} events read in {perf_counter() - begun:.2f} s")
        begun = perf_counter()
        folded = trials(log, SPACE)
        print(f"{len(folded)} trials folded in {perf_counter() - begun:.2f} s")
        begun = perf_counter()
        journal.studies()
        print(f"studies listed in {perf_counter() - begun:.2f} s")
        tracemalloc.start()
        write(log, total, total + 1000)
        held = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        print(f"1000 more trials leave {held / 1000:.0f} bytes each in memory")


def main() -> None:
    """Measure a journal in a temporary file, or at a URL."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--storage")
    parser.add_argument("--trials", type=int, default=20_000)
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        open_journal(options.storage or Path(folder) / "journal.db") as journal,
    ):
        measure(journal, options.trials)


if __name__ == "__main__":
    main()
