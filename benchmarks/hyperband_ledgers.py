"""What one round of Hyperband consumes in the paper, here, in Optuna and in Ray Tune.

The same learning curves, R = 81, eta = 3, 143 trials, which are one round of the paper's; Optuna
and Ray Tune are driven by hand, so that nothing but their rules decides.

Usage: python benchmarks/hyperband_ledgers.py [WORKERS]
"""

from __future__ import annotations

import random
import sys
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import optuna
from optuna.trial import TrialState
from ray.tune.schedulers import HyperBandScheduler

from unitune.schedulers import Rung, Verdict
from unitune.schedulers.hyperband import Hyperband

MOST = 81
ETA = 3
N_TRIALS = 143
NAMES = 20  # Optuna deals trials to brackets by a hash of the study's name

Ledger = Counter[tuple[int, int]]  # (bracket, resource): trials that got there


@dataclass(frozen=True, slots=True)
class Round:
    """What a round consumed.

    Attributes:
        ledger: how many trials of each bracket got to each rung.
        steps: how far all trials went together.
        complete: how many trials got to the most resource and were not pruned there.
    """

    ledger: Ledger
    steps: int
    complete: int


def losses(seed: int) -> list[float]:
    """Return the losses to which the trials tend; at a step they have 1 / step more."""
    rng = random.Random(seed)
    return [rng.random() for _ in range(N_TRIALS)]


def ledger(brackets: list[int], steps: list[int], plan: list[Rung]) -> Ledger:
    """Return how many trials of each bracket got to its rungs."""
    return Counter(
        {
            (rung.bracket, rung.resource): sum(
                bracket == rung.bracket and step >= rung.resource
                for bracket, step in zip(brackets, steps, strict=True)
            )
            for rung in plan
        }
    )


def take_turns(
    workers: int, report: Callable[[int], bool], paused: Callable[[], list[int]]
) -> None:
    """Run all trials step by step, some side by side; `report` says whether one goes on."""
    running: deque[int] = deque()
    new: Iterator[int] = iter(range(N_TRIALS))
    while True:
        running.extend(paused())
        running.extend(islice(new, max(0, workers - len(running))))
        if not running:
            return
        number = running.popleft()
        if report(number):
            running.append(number)


def here(seed: int, workers: int) -> Round:
    """Run one round of unitune's Hyperband."""
    scheduler, values = Hyperband(resource=(1, MOST), eta=ETA), losses(seed)
    steps, brackets, complete = [0] * N_TRIALS, [0] * N_TRIALS, 0

    def report(number: int) -> bool:
        nonlocal complete
        if not steps[number]:
            scheduler.begin(number)
            brackets[number] = scheduler.place(number).bracket
        steps[number] += 1
        step = steps[number]
        verdict = scheduler.report(number, step, values[number] + 1 / step)
        complete += verdict is Verdict.FINISH
        return verdict is Verdict.CONTINUE

    def released() -> list[int]:
        return [r.number for r in scheduler.released() if r.resource is not None]

    take_turns(workers, report, released)
    return Round(ledger(brackets, steps, scheduler.plan()), sum(steps), complete)


def in_optuna(seed: int, workers: int, name: str) -> Round:
    """Run as many trials under Optuna's HyperbandPruner."""
    pruner = optuna.pruners.HyperbandPruner(min_resource=1, max_resource=MOST, reduction_factor=ETA)
    study = optuna.create_study(pruner=pruner, study_name=name)
    values, steps = losses(seed), [0] * N_TRIALS
    trials: list[optuna.Trial] = []

    def report(number: int) -> bool:
        if not steps[number]:
            trials.append(study.ask())
        steps[number] += 1
        step, trial = steps[number], trials[number]
        trial.report(values[number] + 1 / step, step)
        if trial.should_prune():
            study.tell(trial, state=TrialState.PRUNED)
            return False
        if step == MOST:
            study.tell(trial, values[number])
        return step < MOST

    take_turns(workers, report, list)
    plan = Hyperband(resource=(1, MOST), eta=ETA).plan()
    most = plan[0].bracket  # Optuna counts brackets from the most thrifty one
    brackets = [most - pruner._get_bracket_id(study, trial) for trial in study.trials]
    complete = sum(trial.state is TrialState.COMPLETE for trial in study.trials)
    return Round(ledger(brackets, steps, plan), sum(steps), complete)


class TuneTrial:
    """What Ray Tune's scheduler sees of a trial."""

    is_saving = False

    def __init__(self, number: int) -> None:
        self.number = number
        self.trial_id = str(number)
        self.status = "PENDING"


class Controller:
    """What Ray Tune's scheduler does to a trial that is not running."""

    def __init__(self, scheduler: Any) -> None:
        self._scheduler = scheduler

    def stop_trial(self, trial: TuneTrial) -> None:
        """Stop a paused trial."""
        trial.status = "TERMINATED"
        self._scheduler.on_trial_remove(self, trial)


def in_ray(seed: int, workers: int) -> Round:
    """Run as many trials under Ray Tune's HyperBandScheduler."""
    scheduler: Any = HyperBandScheduler(
        time_attr="step", metric="loss", mode="min", max_t=MOST, reduction_factor=ETA
    )
    controller, values = Controller(scheduler), losses(seed)
    trials, steps = [TuneTrial(number) for number in range(N_TRIALS)], [0] * N_TRIALS
    for trial in trials:
        scheduler.on_trial_add(controller, trial)
    brackets = [scheduler._trial_info[trial][0]._halves for trial in trials]
    running: list[TuneTrial] = []
    while True:
        while len(running) < workers:
            trial = scheduler.choose_trial_to_run(controller)
            if trial is None:
                break
            trial.status = "RUNNING"
            running.append(trial)
        if not running:
            break
        trial = running.pop(0)
        steps[trial.number] += 1
        step = steps[trial.number]
        result = {"step": step, "loss": values[trial.number] + 1 / step}
        action = scheduler.on_trial_result(controller, trial, result)
        if action == "CONTINUE":
            running.append(trial)
        elif action == "PAUSE":
            trial.status = "PAUSED"
        else:
            trial.status = "TERMINATED"
            scheduler.on_trial_remove(controller, trial)
    plan = Hyperband(resource=(1, MOST), eta=ETA).plan()
    return Round(ledger(brackets, steps, plan), sum(steps), sum(step >= MOST for step in steps))


def main() -> None:
    """Print the ledgers side by side, as a table in Markdown."""
    workers = int(sys.argv[1]) if len(sys.argv) > 1 else 4
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    plan = Hyperband(resource=(1, MOST), eta=ETA).plan()
    ours, ray = here(0, workers), in_ray(0, workers)
    others = [in_optuna(seed, workers, f"study {seed}") for seed in range(NAMES)]
    print("| s | r_i | n_i of the paper | unitune | Ray Tune | Optuna, mean (least to most) |")
    print("|--:|--:|--:|--:|--:|--:|")
    for rung in plan:
        at = (rung.bracket, rung.resource)
        cells: list[object] = [
            rung.bracket,
            rung.resource,
            rung.trials,
            ours.ledger[at],
            ray.ledger[at],
        ]
        spread = [one.ledger[at] for one in others]
        cells.append(f"{sum(spread) / NAMES:.1f} ({min(spread)} to {max(spread)})")
        print("| " + " | ".join(str(cell) for cell in cells) + " |")
    for what in ("steps", "complete"):
        spread = [getattr(one, what) for one in others]
        mean = f"{sum(spread) / NAMES:.1f} ({min(spread)} to {max(spread)})"
        print(f"{what}: {getattr(ours, what)}, {getattr(ray, what)}, {mean}")


if __name__ == "__main__":
    main()
