"""What skopt:gp_fast saves and costs beside skopt:gp: CPU seconds and the best value reached.

Run it with one thread, so that CPU seconds are comparable:

    OMP_NUM_THREADS=1 python benchmarks/skopt_gp_fast.py --trials 50 --seeds 6

The methods take turns on every seed, so that a change of the machine's load meets all of them.
Both Gaussian processes start from the same ten random points for the same seed.
"""

from __future__ import annotations

import argparse
import math
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import unitune as ut
from unitune.tables import render

METHODS = ("random", "gp", "gp_fast")
Config = Mapping[str, Any]


@dataclass(frozen=True)
class Task:
    """A space, a loss on it and the least loss there is."""

    name: str
    space: ut.Space
    loss: Callable[[Config], float]
    least: float


@dataclass(frozen=True)
class Measured:
    """One run: how far its best value is from the least one, and what it cost."""

    regret: float
    cpu_seconds: float


def branin(config: Config) -> float:
    """Branin and Hoo's function of two variables, least value 0.397887."""
    x, y = config["x"], config["y"]
    valley = y - 5.1 / (4 * math.pi**2) * x**2 + 5 / math.pi * x - 6
    return valley**2 + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10


HEIGHTS = (1.0, 1.2, 3.0, 3.2)
WIDTHS = (
    (10.0, 3.0, 17.0, 3.5, 1.7, 8.0),
    (0.05, 10.0, 17.0, 0.1, 8.0, 14.0),
    (3.0, 3.5, 1.7, 10.0, 17.0, 8.0),
    (17.0, 8.0, 0.05, 10.0, 0.1, 14.0),
)
CENTRES = (
    (0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886),
    (0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991),
    (0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.6650),
    (0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381),
)


def hartmann6(config: Config) -> float:
    """Hartmann's function of six variables, least value -3.32237."""
    return -sum(
        height
        * math.exp(-sum(w * (x - c) ** 2 for w, x, c in zip(ws, config.values(), cs, strict=True)))
        for height, ws, cs in zip(HEIGHTS, WIDTHS, CENTRES, strict=True)
    )


def training(config: Config) -> float:
    """Something like a validation loss over parameters of every common kind, least value 0."""
    rate = math.log10(config["lr"]) + 3
    width = math.log2(config["units"] / 32)
    kind = {"sgd": 0.3, "adam": 0.0, "rmsprop": 0.1}[config["optimizer"]]
    return (
        (rate + 0.5 * kind) ** 2
        + 0.2 * (width + 0.5 * rate) ** 2
        + 0.1 * abs(config["layers"] - 2)
        + 4 * (config["dropout"] - 0.2) ** 2
        + kind
    )


TASKS = (
    Task(
        "Branin",
        ut.Space({"x": ut.Float(-5.0, 10.0), "y": ut.Float(0.0, 15.0)}),
        branin,
        0.397887,
    ),
    Task(
        "Hartmann6",
        ut.Space({f"x{i}": ut.Float(0.0, 1.0) for i in range(6)}),
        hartmann6,
        -3.32237,
    ),
    Task(
        "training",
        ut.Space(
            {
                "lr": ut.Float(1e-5, 1e-1, scale="log"),
                "units": ut.Int(4, 256, scale="log"),
                "layers": ut.Int(1, 4),
                "dropout": ut.Float(0.0, 0.5),
                "optimizer": ut.Categorical(["sgd", "adam", "rmsprop"]),
            }
        ),
        training,
        0.0,
    ),
)


def measure(task: Task, method: str, *, trials: int, seed: int) -> Measured:
    """Run one method once."""
    begun = time.process_time()
    result = ut.run(
        task.space,
        task.loss,
        backend="skopt",
        method=method,
        n_trials=trials,
        seed=seed,
        progress=False,
    )
    spent = time.process_time() - begun
    return Measured((result.best.value or 0.0) - task.least, spent)


def rows(task: Task, *, trials: int, seeds: int) -> list[tuple[str, ...]]:
    """Return one row a method: mean and spread of regret and cost over the seeds."""
    measured: dict[str, list[Measured]] = {method: [] for method in METHODS}
    for seed in range(seeds):
        for method in METHODS:
            measured[method].append(measure(task, method, trials=trials, seed=seed))
    full = statistics.mean(run.cpu_seconds for run in measured["gp"])
    table = []
    for method, runs in measured.items():
        regrets = [run.regret for run in runs]
        behind = [run.regret - gp.regret for run, gp in zip(runs, measured["gp"], strict=True)]
        seconds = [run.cpu_seconds for run in runs]
        table.append(
            (
                method,
                spread(regrets),
                f"{statistics.median(regrets):.4f}",
                "" if method == "gp" else spread(behind),
                spread(seconds, digits=2),
                f"{full / statistics.mean(seconds):.1f}",
            )
        )
    return table


def spread(values: list[float], digits: int = 4) -> str:
    """Return mean ± standard deviation."""
    return f"{statistics.mean(values):.{digits}f} ± {statistics.stdev(values):.{digits}f}"


def main() -> None:
    """Measure and print one table a task."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--trials", type=int, default=50)
    parser.add_argument("--seeds", type=int, default=6)
    given = parser.parse_args()
    # The first run imports the library, which is nobody's cost.
    measure(TASKS[0], "random", trials=1, seed=0)
    head = ("method", "regret", "median", "regret - gp's", "CPU seconds a run", "times cheaper")
    for task in TASKS:
        title = f"{task.name}: {given.trials} trials, {given.seeds} seeds, mean ± sd"
        print(render(title, head, rows(task, trials=given.trials, seeds=given.seeds)), flush=True)


if __name__ == "__main__":
    main()
