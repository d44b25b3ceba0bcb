"""Search for the best values of tasks whose optimum no formula gives, and keep what is found.

    python benchmarks/best_known.py [TASK …] [--trials N] [--seconds S]

Runs Optuna's TPE on each task and writes the best value so far, with the config and the trial
seed that has it, to data/best-known.json; an earlier, better one stays.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import unitune
from unitune.task import Task
from unitune_benchmarks import learning, networks, searches

PLACE = Path(__file__).parent / "unitune_benchmarks" / "data" / "best-known.json"


def search(task: Task, trials: int, seconds: float, seed: int) -> dict[str, Any]:
    """Return the best value that one run finds, and how to have it again."""
    result = unitune.run(
        task.space,
        task.load(),
        backend="optuna",
        method="tpe",
        mode=task.mode,
        n_trials=trials,
        timeout=seconds,
        seed=seed,
        progress=False,
    )
    best = result.best
    return {"value": best.value, "config": dict(best.config), "seed": best.seed}


def main() -> None:
    """Search for each task in turn and write what is found at once."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("tasks", nargs="*", help="names of tasks; all by default")
    parser.add_argument("--trials", type=int, default=200, help="at most, of each task")
    parser.add_argument("--seconds", type=float, default=120.0, help="at most, of each task")
    parser.add_argument("--seed", type=int, default=0, help="of the search")
    given = parser.parse_args()
    for task in (*learning.tasks(), *networks.tasks(), *searches.tasks()):
        if given.tasks and task.name not in given.tasks:
            continue
        found = search(task, given.trials, given.seconds, given.seed)
        known = json.loads(PLACE.read_text(encoding="utf-8"))
        before = known.get(task.name)
        sign = 1 if task.mode == "min" else -1
        if before is None or sign * found["value"] < sign * before["value"]:
            known[task.name] = found
            PLACE.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")
        print(f"{task.name}: found {found['value']:.6g}, kept {known[task.name]['value']:.6g}")


if __name__ == "__main__":
    main()
