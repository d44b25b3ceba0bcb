"""Trials per second through worker processes: unitune's executor and what could be used instead.

    python benchmarks/executors.py
    python benchmarks/executors.py --trials 200 --rounds 3

The objective does nothing, so that all the time is the executor's. As a tuner does, each keeps as
many trials on their way as it has workers, and submits the next one when one comes back. All are
open at once, and take turns in rounds, each beginning at another one. The figures are medians over
the rounds; a ratio is that of two neighbours in one round. `loop over loky` is a loop of twenty
lines over the processes of loky's context.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import contextlib
import importlib.util
import multiprocessing
import os
import queue
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection, wait
from statistics import median
from typing import Any

from unitune.executors.process import ProcessExecutor
from unitune.job import Job
from unitune.objective import Evaluator
from unitune.trial import Verdict

LEAST_RATE = 1000.0  # trials per second
LEAST_RATIO = 1.0  # of what loky and joblib manage
LONGEST_REPORT = 0.5  # milliseconds
REPORTS = 1000

Config = dict[str, float]
Run = Callable[[int], None]


def nothing(config: Config) -> float:
    """Cost nothing."""
    return config["x"]


def by_unitune(workers: int, stack: contextlib.ExitStack) -> Run:
    """Run on unitune's executor."""
    executor = ProcessExecutor(Evaluator(nothing), lambda *_: Verdict.CONTINUE, workers=workers)
    stack.callback(executor.close)

    def run(trials: int) -> None:
        for number in range(trials):
            if number >= workers:
                executor.next()
            executor.submit(Job(number, {"x": float(number)}, seed=number))
        while executor.busy:
            executor.next()

    return run


def over_futures(workers: int, submit: Callable[..., Any]) -> Run:
    """Return a loop over what returns a future for each call."""

    def run(trials: int) -> None:
        running = set()
        for number in range(trials):
            if len(running) == workers:
                done, running = concurrent.futures.wait(
                    running, return_when=concurrent.futures.FIRST_COMPLETED
                )
                for future in done:
                    future.result()
            running.add(submit(nothing, {"x": float(number)}))
        for future in running:
            future.result()

    return run


def by_loky(workers: int, stack: contextlib.ExitStack) -> Run:
    """Run on loky's executor."""
    import loky

    executor = loky.ProcessPoolExecutor(workers)
    stack.callback(executor.shutdown, kill_workers=True)
    return over_futures(workers, executor.submit)


def by_joblib(workers: int, stack: contextlib.ExitStack) -> Run:
    """Run on joblib on loky, one trial a batch."""
    import joblib

    pool = stack.enter_context(
        joblib.Parallel(
            workers, batch_size=1, pre_dispatch=workers, return_as="generator_unordered"
        )
    )

    def run(trials: int) -> None:
        for _ in pool(joblib.delayed(nothing)({"x": float(n)}) for n in range(trials)):
            pass

    return run


def by_pebble(workers: int, stack: contextlib.ExitStack) -> Run:
    """Run on pebble's pool."""
    import pebble

    pool = pebble.ProcessPool(workers, context=multiprocessing.get_context("spawn"))
    stack.callback(pool.join)
    stack.callback(pool.stop)
    return over_futures(workers, lambda call, config: pool.schedule(call, args=(config,)))


def by_futures(workers: int, stack: contextlib.ExitStack) -> Run:
    """Run on the standard library's executor."""
    context = multiprocessing.get_context("spawn")
    pool = concurrent.futures.ProcessPoolExecutor(workers, mp_context=context)
    return over_futures(workers, stack.enter_context(pool).submit)


def by_multiprocessing(workers: int, stack: contextlib.ExitStack) -> Run:
    """Run on the standard library's pool."""
    pool = stack.enter_context(multiprocessing.get_context("spawn").Pool(workers))
    results: queue.SimpleQueue[float] = queue.SimpleQueue()

    def run(trials: int) -> None:
        for number in range(trials):
            if number >= workers:
                results.get()
            pool.apply_async(nothing, ({"x": float(number)},), callback=results.put)
        for _ in range(min(workers, trials)):
            results.get()

    return run


def serve(pipe: Connection) -> None:
    """Evaluate in a process of loky's."""
    evaluate = Evaluator(nothing)
    while (job := pipe.recv()) is not None:
        pipe.send(evaluate(job, lambda *_: Verdict.CONTINUE))


def by_loop_over_loky(workers: int, stack: contextlib.ExitStack) -> Run:
    """Run on loky's processes, with a loop of our own."""
    from loky.backend import get_context

    pipes: list[Connection] = []
    for _ in range(workers):
        ours, theirs = multiprocessing.Pipe()
        process = get_context("loky").Process(target=serve, args=(theirs,))
        process.start()
        theirs.close()
        stack.callback(process.join)
        stack.callback(ours.send, None)
        pipes.append(ours)

    def run(trials: int) -> None:
        idle = list(pipes)
        for number in range(trials):
            if not idle:
                idle = wait(pipes)
                for pipe in idle:
                    pipe.recv()
            idle.pop().send(Job(number, {"x": float(number)}, seed=number))
        for pipe in pipes:
            if pipe not in idle:
                pipe.recv()

    return run


CONTENDERS: dict[str, tuple[str, Callable[[int, contextlib.ExitStack], Run]]] = {
    "unitune": ("unitune", by_unitune),
    "loop over loky": ("loky", by_loop_over_loky),
    "loky": ("loky", by_loky),
    "joblib": ("joblib", by_joblib),
    "pebble": ("pebble", by_pebble),
    "concurrent.futures": ("concurrent.futures", by_futures),
    "multiprocessing": ("multiprocessing", by_multiprocessing),
}


def turns(names: Sequence[str], rounds: int) -> Iterator[tuple[int, str]]:
    """Yield who is next, each round beginning one further."""
    for number in range(rounds):
        for place in range(len(names)):
            yield number, names[(number + place) % len(names)]


def rates(names: Sequence[str], workers: int, trials: int, rounds: int) -> dict[str, list[float]]:
    """Return trials per second, for each contender and round."""
    measured: dict[str, list[float]] = {name: [] for name in names}
    with contextlib.ExitStack() as stack:
        runs = {name: CONTENDERS[name][1](workers, stack) for name in names}
        for run in runs.values():
            run(20 * workers)
        for _, name in turns(names, rounds):
            begun = time.perf_counter()
            runs[name](trials)
            measured[name].append(trials / (time.perf_counter() - begun))
    return measured


def starts(names: Sequence[str], workers: int, rounds: int) -> dict[str, list[float]]:
    """Return milliseconds from nothing to the first results of all workers."""
    measured: dict[str, list[float]] = {name: [] for name in names}
    for _, name in turns(names, rounds):
        with contextlib.ExitStack() as stack:
            begun = time.perf_counter()
            CONTENDERS[name][1](workers, stack)(workers)
            measured[name].append(1e3 * (time.perf_counter() - begun))
    return measured


def report_times() -> list[float]:
    """Return milliseconds from reports to their answers, as the objective sees them."""

    def objective(_: Config, trial: Any) -> dict[str, Any]:
        taken = []
        for _ in range(REPORTS):
            begun = time.perf_counter()
            trial.report(0.0)
            taken.append(1e3 * (time.perf_counter() - begun))
        return {"value": 0.0, "taken": taken}

    executor = ProcessExecutor(
        Evaluator(objective, "value"), lambda *_: Verdict.CONTINUE, workers=1
    )
    try:
        executor.submit(Job(0, {}, seed=0))
        taken: list[float] = executor.next().outcome.metrics["taken"]
    finally:
        executor.close()
    return sorted(taken)


def verdict(*, met: bool, asked: str) -> str:
    """Return whether a target was met."""
    return f"{'met' if met else 'MISSED'} ({asked})"


def main(arguments: Sequence[str]) -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--trials", type=int, default=1000, help="trials per turn")
    parser.add_argument("--rounds", type=int, default=9, help="turns of each")
    given = parser.parse_args(arguments)
    names = [n for n, (needs, _) in CONTENDERS.items() if importlib.util.find_spec(needs)]
    measured = rates(names, given.workers, given.trials, given.rounds)
    begun = starts(names, given.workers, max(3, given.rounds // 3))
    print(f"{given.workers} workers, medians of {given.rounds} rounds of {given.trials} trials\n")
    print(f"{'executor':20}{'trials/s':>10}{'unitune/it':>12}{'start':>10}")
    ours = measured["unitune"]
    for name in names:
        ratio = median(one / other for one, other in zip(ours, measured[name], strict=True))
        start = median(begun[name])
        print(f"{name:20}{median(measured[name]):10.0f}{ratio:12.2f}{start:7.0f} ms")
        if name in {"loky", "joblib"}:
            met = ratio >= LEAST_RATIO
            print(f"{'':20}{verdict(met=met, asked=f'unitune/it >= {LEAST_RATIO:.0f}')}")
    rate, taken = median(ours), report_times()
    print(f"\nunitune: {verdict(met=rate >= LEAST_RATE, asked=f'>= {LEAST_RATE:.0f} trials/s')}")
    answered = verdict(met=median(taken) <= LONGEST_REPORT, asked=f"median <= {LONGEST_REPORT} ms")
    print(
        f"a report and its answer: median {median(taken):.3f} ms, "
        f"99 of 100 within {taken[int(0.99 * len(taken))]:.3f} ms; {answered}"
    )


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main(sys.argv[1:])
