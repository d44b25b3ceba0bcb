"""How busy two workers are kept: trials of a fixed length, against the ideal.

    python benchmarks/utilisation.py [--trials 64] [--seconds 0.1] [backend:method ...]

The ideal is trials × seconds / workers. Start-up (imports, opening the study, starting workers) is
shown apart: the clock of `ratio` starts with the first trial. `idle` is the share of the workers'
time in which no trial ran; `alone` is the time the backend needs for a trial by itself.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import unitune
from unitune.tables import render

sys.path.insert(0, str(Path(__file__).parent))
from contenders import SPACE  # the six mixed parameters of the overhead benchmark

CONTENDERS = ["builtin:random", "optuna:tpe", "hyperopt:tpe", "skopt:gp_fast", "optuna:gp"]
WORKERS = 2


def measure(contender: str, trials: int, seconds: float) -> tuple[str, ...]:
    """Return one row: contender, start-up, ratio to the ideal, idle share, time of the backend."""
    backend, _, method = contender.partition(":")

    def objective(config: dict[str, object]) -> float:
        time.sleep(seconds)
        return float(len(config))

    result = unitune.run(
        SPACE,
        objective,
        backend=backend,
        method=method,
        n_trials=trials,
        workers=WORKERS,
        seed=0,
        progress=False,
    )
    begun = min(trial.start for trial in result.trials)
    span = max(trial.start + trial.evaluate for trial in result.trials) - begun
    evaluated = sum(trial.evaluate for trial in result.trials)
    thought = (result.overhead.suggest + result.overhead.observe) / trials
    return (
        contender,
        f"{result.overhead.start_up + begun:.2f}",
        f"{span / (trials * seconds / WORKERS):.3f}",
        f"{1 - evaluated / (WORKERS * span):.1%}",
        f"{1000 * thought:.1f}",
    )


def main() -> None:
    """Measure every contender once, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("contenders", nargs="*", default=CONTENDERS)
    parser.add_argument("--trials", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=0.1)
    given = parser.parse_args()
    rows = [measure(name, given.trials, given.seconds) for name in given.contenders]
    title = f"{given.trials} trials of {given.seconds} s on {WORKERS} workers"
    columns = ("contender", "start-up, s", "ratio to ideal", "idle", "backend, ms/trial")
    print(render(title, columns, rows, columns[1:]))


if __name__ == "__main__":
    main()
