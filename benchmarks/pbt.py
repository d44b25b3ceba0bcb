"""Whether population-based training beats random search where the best learning rate changes.

A simulated training: its loss falls the faster, the closer the learning rate is to the best one of
that epoch, which falls from 0.1 to 0.001 while it trains. Random search has one rate for a whole
training; PBT and PB2 may change it on the way. Random search has as many epochs as PBT has used, or
a few more.

Usage: python benchmarks/pbt.py [SEEDS]
"""

from __future__ import annotations

import math
import statistics
import sys
from collections.abc import Iterator, Mapping
from time import perf_counter
from typing import Any

import unitune
from unitune import Float, Space
from unitune.handle import Handle
from unitune.result import Result

SPACE = Space({"lr": Float(1e-4, 1.0, scale="log")})
EPOCHS = 40
INTERVAL = 4
POPULATION = 8
# A rate that is to follow one that falls by a fifth of a decade in four epochs takes such steps.
STEPS = {"perturbation_factors": (2.0, 0.5)}
SEARCHES: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("pbt", "pbt", STEPS),
    ("pbt, synch", "pbt", {**STEPS, "synch": True}),
    ("pb2", "pb2", {}),
)


def best_rate(epoch: int, epochs: int) -> float:
    """Return the decimal logarithm of the best learning rate of an epoch."""
    return -1.0 - 2.0 * epoch / (epochs - 1)


def progress(config: Mapping[str, Any], epoch: int, epochs: int) -> float:
    """Return by how much an epoch lowers the logarithm of the loss."""
    distance = math.log10(config["lr"]) - best_rate(epoch, epochs)
    return 4.0 / epochs * math.exp(-0.5 * (distance / 0.4) ** 2)


def train(config: Mapping[str, Any], trial: Handle) -> None:
    """Train a model, from where it stands."""
    epochs = trial.resource or EPOCHS
    done, log_loss = trial.checkpoint.load((0, 0.0))
    for epoch in range(done, epochs):
        log_loss -= progress(config, epoch, epochs)
        trial.checkpoint.save((epoch + 1, log_loss))
        trial.report(math.exp(log_loss), step=epoch + 1)


def best_constant() -> float:
    """Return the loss that the best single learning rate comes to."""
    rates = (10 ** (-4 + place / 100) for place in range(401))
    return min(
        math.exp(-sum(progress({"lr": rate}, epoch, EPOCHS) for epoch in range(EPOCHS)))
        for rate in rates
    )


def search(seed: int, scheduler: str | None, **settings: Any) -> Result:
    """Train a population of models on Ray."""
    return unitune.run(
        SPACE,
        train,
        backend="ray",
        method="random",
        scheduler=scheduler,
        resource=(INTERVAL, EPOCHS),
        seed=seed,
        progress=False,
        **{"workers": 2, **settings},
    )


def compare(seed: int) -> Iterator[tuple[str, Result, float]]:
    """Run each search with one seed; yields its name, its result and its seconds."""
    epochs = 0
    for name, scheduler, options in SEARCHES:
        begun = perf_counter()
        result = search(seed, scheduler, n_trials=POPULATION, scheduler_options=options)
        yield name, result, perf_counter() - begun
        epochs = max(epochs, result.resource.total)
    begun = perf_counter()
    yield "random", search(seed, None, max_resource=epochs), perf_counter() - begun


def main() -> None:
    """Print the best loss of each search, and its mean over the seeds."""
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    print(f"The best single learning rate comes to a loss of {best_constant():.4f}.\n")
    print("| seed | search | best loss | epochs | perturbations | seconds |")
    print("|--:|---|--:|--:|--:|--:|")
    found: dict[str, list[float]] = {}
    for seed in range(seeds):
        for name, result, seconds in compare(seed):
            value, epochs = result.best.value, result.resource.total
            changes = sum(len(trial.perturbations) for trial in result.trials)
            found.setdefault(name, []).append(value)
            print(
                f"| {seed} | {name} | {value:.4f} | {epochs} | {changes} | {seconds:.0f} |",
                flush=True,
            )
    print()
    for name, values in found.items():
        pairs = zip(values, found["random"], strict=True)
        wins = sum(value < other for value, other in pairs)
        print(f"{name}: mean {statistics.mean(values):.4f}, below random search in {wins}")


if __name__ == "__main__":
    main()
