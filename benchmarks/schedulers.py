"""What a scheduler costs for each report, and how many times as much Optuna's pruners do.

Usage: python benchmarks/schedulers.py [TRIALS]
"""

from __future__ import annotations

import random
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any

import optuna
from optuna.pruners import BasePruner, HyperbandPruner, MedianPruner, SuccessiveHalvingPruner
from optuna.trial import TrialState

from unitune.schedulers import Scheduler, Verdict
from unitune.schedulers.asha import Asha
from unitune.schedulers.hyperband import Hyperband
from unitune.schedulers.median import Median
from unitune.schedulers.patience import Patience
from unitune.schedulers.successive_halving import SuccessiveHalving

MOST = 27
WORKERS = 100
TOGETHER = 200  # trials for the comparison: Optuna looks through all trials at each report
ROUNDS = 3

SCHEDULERS: dict[str, Callable[[], Scheduler]] = {
    "median": lambda: Median(resource=(1, MOST)),
    "median, by values": lambda: Median(resource=(1, MOST), rule="values"),
    "asha": lambda: Asha(resource=(1, MOST)),
    "asha, promotion": lambda: Asha(resource=(1, MOST), variant="promotion"),
    "successive_halving": lambda: SuccessiveHalving(resource=(1, MOST)),
    "hyperband": lambda: Hyperband(resource=(1, MOST)),
    "patience": lambda: Patience(resource=(1, MOST)),
}
PRUNERS: dict[str, Callable[[], BasePruner]] = {
    "median, by values": MedianPruner,
    "asha": lambda: SuccessiveHalvingPruner(min_resource=1, reduction_factor=3),
    "hyperband": lambda: HyperbandPruner(max_resource=MOST),
}


@dataclass(slots=True)
class Meter:
    """How often something was called, and how many seconds of CPU that took."""

    calls: int = 0
    seconds: float = 0.0

    def __call__(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Call a function on the clock."""
        start = time.thread_time()
        answer = function(*arguments)
        self.seconds += time.thread_time() - start
        self.calls += 1
        return answer


def drive(n_trials: int, report: Callable[[int, int, float], Iterable[int]]) -> None:
    """Run trials, WORKERS of them side by side; `report` says which are to go on."""
    rng = random.Random(0)
    steps, new = [0] * n_trials, iter(range(n_trials))
    running = deque(islice(new, WORKERS))
    while running:
        number = running.popleft()
        steps[number] += 1
        running.extend(report(number, steps[number], rng.random() + 1 / steps[number]))
        running.extend(islice(new, max(0, WORKERS - len(running))))


def cost_of_reports(scheduler: Scheduler, n_trials: int) -> float:
    """Return the seconds that a scheduler takes for each report."""
    meter = Meter()
    for number in range(n_trials):
        scheduler.begin(number)

    def report(number: int, step: int, loss: float) -> list[int]:
        verdict = meter(scheduler.report, number, step, loss)
        releases = scheduler.released()
        goes_on = [release.number for release in releases if release.resource is not None]
        return [number, *goes_on] if verdict is Verdict.CONTINUE else goes_on

    drive(n_trials, report)
    return meter.seconds / meter.calls


def cost_in_optuna(pruner: BasePruner, n_trials: int) -> float:
    """Return the seconds that `report` and `should_prune` take for each report."""
    meter = Meter()
    study = optuna.create_study(pruner=pruner)
    trials = [study.ask() for _ in range(n_trials)]

    def ask(trial: optuna.Trial, step: int, loss: float) -> bool:
        trial.report(loss, step)
        return trial.should_prune()

    def report(number: int, step: int, loss: float) -> list[int]:
        if meter(ask, trials[number], step, loss):
            study.tell(trials[number], state=TrialState.PRUNED)
            return []
        if step < MOST:
            return [number]
        study.tell(trials[number], loss)
        return []

    drive(n_trials, report)
    return meter.seconds / meter.calls


def main() -> None:
    """Print the figures."""
    n_trials = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    print(f"{n_trials:,} trials, up to {MOST} reports each:")
    for name, scheduler in SCHEDULERS.items():
        cost = cost_of_reports(scheduler(), n_trials)
        print(f"  {name:20} {cost * 1e6:8.2f} us a report")
    print(f"{TOGETHER} trials, beside Optuna's pruner of the same kind, best of {ROUNDS} in turn:")
    for name, pruner in PRUNERS.items():
        ours, theirs = [], []
        for _ in range(ROUNDS):
            ours.append(cost_of_reports(SCHEDULERS[name](), TOGETHER))
            theirs.append(cost_in_optuna(pruner(), TOGETHER))
        ratio = min(theirs) / min(ours)
        print(
            f"  {name:20} {min(ours) * 1e6:8.2f} us, Optuna {min(theirs) * 1e6:8.2f} us: "
            f"{ratio:.0f} times as much"
        )


if __name__ == "__main__":
    main()
