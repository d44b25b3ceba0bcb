"""The Ray executor's figures: start-up, trials per second, and a report's round trip.

No-op trials through two actors, and through Ray Tune with its defaults for a few trials, since it
needs seconds for each. Ray's own start counts for neither; that of the actors counts for Tune, as
Tune starts one for every trial.

Run with: python benchmarks/ray_executor.py [trials [trials by Tune]]
"""

from __future__ import annotations

import contextlib
import logging
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from typing import Any

import ray
from ray import tune

from unitune.handle import Handle
from unitune.job import Job
from unitune.objective import Evaluator
from unitune.trial import Verdict
from unitune_ray.executor import RayExecutor

WORKERS = 2
ROUNDS = 3
REPORTS = 200


def loss(config: dict[str, Any]) -> float:
    """A loss that costs nothing."""
    return float(config["x"])


def reporting(config: dict[str, Any], trial: Handle) -> float:
    """Reports that cost nothing, and how many milliseconds each took on the worker's clock."""
    begun = time.perf_counter()
    for _ in range(REPORTS):
        trial.report(config["x"])
    return (time.perf_counter() - begun) / REPORTS * 1000


def reported(config: dict[str, Any]) -> None:
    """The loss as a function trainable of Tune's."""
    tune.report({"loss": loss(config)})


def evaluate(executor: RayExecutor, count: int) -> list[float]:
    """Evaluate so many jobs, as the driver does, and return the values."""
    values: list[float] = []
    submitted = 0
    while len(values) < count:
        while submitted < count and submitted - len(values) < WORKERS:
            executor.submit(Job(submitted, {"x": float(submitted)}, seed=0))
            submitted += 1
        value = executor.next().outcome.value
        if value is None:
            raise RuntimeError("a trial failed")
        values.append(value)
    return values


@contextlib.contextmanager
def opened(objective: Callable[..., Any], workers: int) -> Iterator[RayExecutor]:
    """Hold an executor whose actors are up."""
    executor = RayExecutor(Evaluator(objective), lambda *_: Verdict.CONTINUE, workers=workers)
    with contextlib.closing(executor):
        evaluate(executor, 50 * workers)
        yield executor


def start_up() -> float:
    """Return the seconds from nothing to the first value."""
    begun = time.perf_counter()
    with contextlib.closing(
        RayExecutor(Evaluator(loss), lambda *_: Verdict.CONTINUE, workers=WORKERS)
    ) as executor:
        evaluate(executor, 1)
        return time.perf_counter() - begun


def trials_per_second(trials: int) -> list[float]:
    """Return how many no-op trials are done in a second, in each round."""
    rates = []
    with opened(loss, WORKERS) as executor:
        for _ in range(ROUNDS):
            begun = time.perf_counter()
            evaluate(executor, trials)
            rates.append(trials / (time.perf_counter() - begun))
    return rates


def report_milliseconds() -> float:
    """Return the median round trip of a report, in milliseconds."""
    with opened(reporting, 1) as executor:
        return statistics.median(evaluate(executor, 5))


def by_tune(trials: int) -> float:
    """Return how many trials Tune does in a second with its defaults, once Ray is up."""
    with tempfile.TemporaryDirectory(prefix="ray-") as place:
        ray.init(address="local", num_cpus=WORKERS, logging_level=logging.ERROR, _temp_dir=place)
        try:
            tuner = tune.Tuner(
                reported,
                param_space={"x": tune.uniform(0.0, 1.0)},
                tune_config=tune.TuneConfig(metric="loss", mode="min", num_samples=trials),
                run_config=tune.RunConfig(storage_path=place),
            )
            begun = time.perf_counter()
            tuner.fit()
            return trials / (time.perf_counter() - begun)
        finally:
            ray.shutdown()


def _by_tune_apart(trials: int) -> float:
    # A process cannot have two of Ray's security modes; and Tune writes to the home directory.
    with tempfile.TemporaryDirectory() as home:
        done = subprocess.run(  # noqa: S603 - this very file
            [sys.executable, __file__, "by_tune", str(trials)],
            env={**os.environ, "HOME": home},
            capture_output=True,
            text=True,
            check=True,
        )
    return float(done.stdout.splitlines()[-1])


def main() -> None:
    """Measure and print."""
    arguments = sys.argv[1:]
    if arguments[:1] == ["by_tune"]:
        print(by_tune(int(arguments[1])))
        return
    trials = int(arguments[0]) if arguments else 2000
    few = int(arguments[1]) if arguments[1:] else 6
    print(f"start-up                  {start_up():8.1f} s")
    rates = trials_per_second(trials)
    listed = ", ".join(f"{rate:.0f}" for rate in rates)
    print(f"trials, {WORKERS} actors          {statistics.median(rates):8.0f} /s   ({listed})")
    print(f"a report's round trip     {report_milliseconds():8.2f} ms")
    tunes = _by_tune_apart(few)
    print(f"trials, Tune's defaults   {tunes:8.2f} /s   ({few} trials)")
    print(f"ratio                     {statistics.median(rates) / tunes:8.0f}")


if __name__ == "__main__":
    main()
