"""Small tasks for tests of benchmarks; workers import them by name."""

from __future__ import annotations

import os
import signal
import time

from unitune import Categorical, Float, Int, Space
from unitune.bench.benchmark import plan_benchmark
from unitune.bench.budget import Budget
from unitune.bench.cells import Design
from unitune.task import Task

LINE = Space({"x": Float(-5.0, 5.0), "y": Float(-5.0, 5.0)})
MIXED = Space(
    {
        "lr": Float(1e-5, 1e-1, scale="log"),
        "n": Int(1, 9),
        "kind": Categorical(["a", "b"]),
        "m": Float(0.0, 1.0, when={"kind": "a"}),
    }
)


def bowl(config):
    return (config["x"] - 1.0) ** 2 + config["y"] ** 2


def slow_bowl(config):
    time.sleep(0.01)
    return bowl(config)


def hill(config):
    return -abs(config["lr"] - 1e-3) - config["n"] + config.get("m", 0.5)


def noisy(config, trial):
    return bowl(config) + trial.seed / 2**32


def broken(config):
    raise ValueError("nothing works here")


def deadly(config):
    os.kill(os.getpid(), signal.SIGKILL)


class Curves:
    """Learning curves that are known, with the seconds of each step."""

    def curve(self, config, seed=0):
        x, y = config["x"], config["y"]
        return [
            (e, bowl(config) + 20.0 / e, 1.0 + abs(x) / 5 + e * abs(y) / 50) for e in range(1, 28)
        ]

    def __call__(self, config, trial):
        for _, value, _ in self.curve(config, trial.seed):
            yield value


RACE = Space({"quality": Float(0.0, 1.0), "pace": Float(0.0, 1.0)})


def race(config):
    """Report nine times, at a pace of the config's own."""
    for step in range(1, 10):
        time.sleep(0.0625 + 0.1875 * config["pace"])
        yield config["quality"] + 0.5 / step


BOWL = Task("bowl", LINE, objective=bowl, optimum=0.0, proven=True, cost=1e-5, stresses=("little",))
HILL = Task("hill", MIXED, objective="toys:hill", mode="max", optimum=0.0, cost=1e-5)
CURVES = Task("curves", LINE, objective=Curves(), resource=(1, 27), unit="epochs", cost=1e-3)


def benchmark_of_seconds():
    """Return a benchmark with a method that learns and one that stops early, not over at once."""
    tasks = [Task("slow", LINE, objective=slow_bowl), CURVES]
    contenders = ["optuna:tpe", "builtin:hyperband", "builtin:grid"]
    return plan_benchmark(tasks, contenders, 2, Design(Budget(n_trials=14)))
