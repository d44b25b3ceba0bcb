"""How often a config is tried twice: 200 trials on spaces of 10,000 configs, by workers.

Run as `python benchmarks/repeats.py [--trials 200] [backend:method ...]`. With one worker the
library is followed to the letter; with several, `refused` proposals repeated an earlier config.
"""

from __future__ import annotations

import argparse
from typing import Any

import unitune
from unitune.tables import render

CONTENDERS = ["builtin:random", "optuna:tpe", "hyperopt:tpe", "skopt:forest"]
SPACES = {
    "two integers": unitune.Space({name: unitune.Int(0, 99) for name in "ab"}),
    "four choices": unitune.Space({name: unitune.Categorical(tuple(range(10))) for name in "abcd"}),
}


def loss(config: dict[str, Any]) -> float:
    """A bowl with its bottom at 3 in every direction."""
    return float(sum((value - 3) ** 2 for value in config.values()))


def row(contender: str, space: str, workers: int, trials: int) -> tuple[str, ...]:
    """Return one row: contender, space, workers, configs tried twice, proposals refused, best."""
    backend, _, method = contender.partition(":")
    result = unitune.run(
        SPACES[space],
        loss,
        backend=backend,
        method=method,
        n_trials=trials,
        workers=workers,
        seed=1,
        progress=False,
    )
    configs = [tuple(trial.config.values()) for trial in result.trials]
    twice = len(configs) - len(set(configs))
    best = f"{result.best.value:g}"
    return contender, space, str(workers), str(twice), str(result.repeated), best


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("contenders", nargs="*", default=CONTENDERS)
    parser.add_argument("--trials", type=int, default=200)
    given = parser.parse_args()
    rows = [
        row(contender, space, workers, given.trials)
        for contender in given.contenders
        for space in SPACES
        for workers in (1, 2, 4)
    ]
    columns = ("contender", "space", "workers", "tried twice", "refused", "best")
    print(render(f"{given.trials} trials of 10,000 configs", columns, rows, columns[2:]))


if __name__ == "__main__":
    main()
