"""Early stopping at equal cost: a network on the digits, every contender with the same epochs.

Prints each contender's best validation loss, the paired difference from random search with its
95 % bootstrap interval, and how many epochs it needed to reach random search's best, as a share of
what random search had.

Usage: python benchmarks/multifidelity.py [SEEDS [ROUNDS]]
"""

from __future__ import annotations

import itertools
import statistics
import sys
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy import stats

import unitune
from unitune.trial import State
from unitune_benchmarks import digits

# What one round of Hyperband consumes with R = 27 and eta = 3 when nothing is computed twice.
ROUND = 357
CONTENDERS: dict[str, dict[str, Any]] = {
    "random": {"backend": "builtin", "method": "random"},
    "tpe": {"backend": "optuna", "method": "tpe"},
    "hyperband": {"backend": "builtin", "method": "hyperband"},
    "asha": {"backend": "builtin", "method": "random", "scheduler": "asha"},
    "bohb": {"backend": "optuna", "method": "bohb", "scheduler": "unitune:hyperband"},
    "optuna's hyperband": {"backend": "optuna", "method": "hyperband"},
}


class Found(NamedTuple):
    """What a run found: the best complete loss so far, by the epochs consumed until then."""

    best: float
    history: list[tuple[int, float]]


def search(contender: str, seed: int, epochs: int) -> Found:
    """Run one contender; random search's trials are the same whatever stops them."""
    history: list[tuple[int, float]] = []

    def watch(trial: unitune.Trial, run: Any) -> None:
        if trial.state is State.COMPLETE and run.best is not None:
            history.append((run.consumed, run.best.value))

    settings = {"resource": (1, digits.EPOCHS), "max_resource": epochs, "seed": seed}
    unitune.run(
        digits.space,
        digits.objective,
        progress=False,
        callbacks=[watch],
        **settings,
        **CONTENDERS[contender],
    )
    return Found(history[-1][1] if history else float("inf"), history)


def epochs_to(found: Found, target: float) -> float:
    """Return after how many epochs a run was as good as the target; infinity where never."""
    return next((consumed for consumed, best in found.history if best <= target), float("inf"))


def interval(values: Sequence[float]) -> tuple[float, float]:
    """Return a 95 % bootstrap interval of the mean."""
    rng = np.random.default_rng(0)
    found = stats.bootstrap((values,), np.mean, rng=rng).confidence_interval
    return float(found.low), float(found.high)


def main() -> None:
    """Run all contenders on all seeds, seed by seed."""
    given = [int(argument) for argument in sys.argv[1:]]
    seeds, rounds = (*given, *(10, 2)[len(given) :])
    epochs = rounds * ROUND
    print(f"{seeds} seeds, {epochs} epochs each, best validation loss", flush=True)
    found: dict[str, list[Found]] = {name: [] for name in CONTENDERS}
    for seed, name in itertools.product(range(seeds), CONTENDERS):
        found[name].append(search(name, seed, epochs))
    random = found["random"]
    for name, runs in found.items():
        best = [run.best for run in runs]
        gains = [mine.best - theirs.best for mine, theirs in zip(runs, random, strict=True)]
        shares = [
            epochs_to(mine, theirs.best) / epochs_to(theirs, theirs.best)
            for mine, theirs in zip(runs, random, strict=True)
        ]
        low, high = interval(gains) if any(gains) else (0.0, 0.0)
        reached = sum(share < float("inf") for share in shares)
        print(
            f"{name:20} mean {statistics.mean(best):.4f}  minus random's "
            f"{statistics.mean(gains):+.4f} [{low:+.4f}, {high:+.4f}]  "
            f"epochs to random's best: median share {statistics.median(shares):.2f}, "
            f"reached by {reached} of {seeds}"
        )


if __name__ == "__main__":
    main()
