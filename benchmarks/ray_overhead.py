"""What unitune costs on Ray Tune, against Tune used by hand: 20 short trials, start to shutdown.

Three rivals take turns: unitune, a hand-written Tuner with the best settings
known, and one with Tune's defaults. Each starts a Ray of its own and shuts it down again, and all
of that counts.

Run with: python benchmarks/ray_overhead.py [rounds]
"""

from __future__ import annotations

import logging
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

import ray
from ray import tune
from ray.tune.search.basic_variant import BasicVariantGenerator

import unitune
import unitune_ray.study  # noqa: F401 - imports are not what is measured

TRIALS = 20
SPACE = unitune.Space({"x": unitune.Float(0.0, 1.0), "lr": unitune.Float(1e-5, 1e-1, scale="log")})
PARAM_SPACE = {"x": tune.uniform(0.0, 1.0), "lr": tune.loguniform(1e-5, 1e-1)}
BEST = {
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    "RAY_AIR_NEW_OUTPUT": "0",
    "RAY_AUTH_MODE": "disabled",
}


def loss(config: dict[str, Any]) -> float:
    """A loss that costs nothing."""
    return float((config["x"] - 0.3) ** 2)


def report_loss(config: dict[str, Any]) -> None:
    """The same as a function trainable."""
    tune.report({"loss": loss(config)})


def by_unitune() -> int:
    """Search with unitune."""
    result = unitune.run(
        SPACE, loss, backend="ray", method="random", n_trials=TRIALS, seed=0, progress=False
    )
    return len(result.trials)


def by_hand_at_best() -> int:
    """Search with a Tuner and the best settings known."""
    with tempfile.TemporaryDirectory(prefix="ray-") as place:
        ray.init(
            address="local",
            num_cpus=1,
            include_dashboard=False,
            object_store_memory=200 * 2**20,
            log_to_driver=False,
            logging_level=logging.CRITICAL,
            _temp_dir=place,
        )
        try:
            return len(_tuner(reuse_actors=True, storage_path=place, verbose=0).fit())
        finally:
            ray.shutdown()


def by_hand_at_defaults() -> int:
    """Search with a Tuner as the documentation shows it; only its files are kept out of home."""
    with tempfile.TemporaryDirectory(prefix="ray-") as place:
        ray.init(address="local", num_cpus=1, _temp_dir=place)
        try:
            return len(_tuner(storage_path=place).fit())
        finally:
            ray.shutdown()


def _tuner(*, reuse_actors: bool | None = None, **run_config: Any) -> tune.Tuner:
    return tune.Tuner(
        report_loss,
        param_space=PARAM_SPACE,
        tune_config=tune.TuneConfig(
            metric="loss",
            mode="min",
            num_samples=TRIALS,
            search_alg=BasicVariantGenerator(random_state=0, max_concurrent=1),
            **({} if reuse_actors is None else {"reuse_actors": reuse_actors}),
        ),
        run_config=tune.RunConfig(**run_config),
    )


def measure(rounds: int) -> dict[str, list[float]]:
    """Return the seconds of each rival in each round, in an order drawn anew each time.

    Each run has a process to itself: a process cannot have two of Ray's security modes.
    """
    seconds: dict[str, list[float]] = {name: [] for name in RIVALS}
    order = random.Random(0)
    for _ in range(rounds):
        for name in order.sample(list(RIVALS), len(RIVALS)):
            seconds[name].append(_in_a_process(name))
    return seconds


def _in_a_process(name: str) -> float:
    with tempfile.TemporaryDirectory() as home:  # where Ray's defaults write
        done = subprocess.run(  # noqa: S603 - this very file
            [sys.executable, __file__, name],
            env={**os.environ, "HOME": home, **ENVIRONMENT[name]},
            capture_output=True,
            text=True,
            check=True,
        )
    return float(done.stdout.splitlines()[-1])


def once(name: str) -> float:
    """Return the seconds that one rival takes; imports are done before."""
    begun = time.perf_counter()
    ended = RIVALS[name]()
    if ended != TRIALS:
        message = f"{name} ended {ended} trials of {TRIALS}"
        raise RuntimeError(message)
    return time.perf_counter() - begun


def main() -> None:
    """Measure and print seconds and ratios, medians over the rounds."""
    if sys.argv[1:] and sys.argv[1] in RIVALS:
        print(once(sys.argv[1]))
        return
    seconds = measure(int(sys.argv[1]) if sys.argv[1:] else 3)
    for name, times in seconds.items():
        listed = ", ".join(f"{t:.1f}" for t in times)
        print(f"{name:<22}{statistics.median(times):6.1f} s   ({listed})")
    ours = statistics.median(seconds["by_unitune"])
    for name in ("by_hand_at_best", "by_hand_at_defaults"):
        print(f"{name} / by_unitune: {statistics.median(seconds[name]) / ours:.2f}")


RIVALS: dict[str, Callable[[], int]] = {
    rival.__name__: rival for rival in (by_unitune, by_hand_at_best, by_hand_at_defaults)
}
ENVIRONMENT = {"by_unitune": {}, "by_hand_at_best": BEST, "by_hand_at_defaults": {}}


if __name__ == "__main__":
    main()
