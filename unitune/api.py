"""`run`, `translate` and `backends`: the doors of the library."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterable, Mapping
from time import perf_counter
from typing import Any

import unitune
from unitune.backend import Mode, Service
from unitune.capabilities import BackendSpec
from unitune.chronicle import Chronicle, Decision
from unitune.driver import Driver
from unitune.errors import BackendError, CallbackError, ObjectiveError
from unitune.execution import Execution
from unitune.objective import Evaluator
from unitune.plugins import discover, library_version
from unitune.preparation import Plan, plan
from unitune.progress import progress_bar
from unitune.recorder import Callback, Run
from unitune.result import Overhead, Result
from unitune.service import ServiceSink, serve
from unitune.settings import (
    check_mode,
    read_initial,
    read_limits,
    read_options,
    read_seed,
    read_whole,
)
from unitune.source import Source, check_constraints
from unitune.space import Space, as_space
from unitune.translation import Translation


def run(
    space: Space | Mapping[str, Any],
    objective: Callable[..., Any],
    *,
    backend: str = "optuna",
    method: str = "bayesian",
    mode: Mode = "min",
    metric: str | None = None,
    n_trials: int = 50,
    timeout: float | None = None,
    trial_timeout: float | None = None,
    trial_memory: int | None = None,
    workers: int = 1,
    executor: str | None = None,
    executor_options: Mapping[str, Any] | None = None,
    retries: int = 0,
    seed: int | None = None,
    initial: Iterable[Mapping[str, Any]] = (),
    target: float | None = None,
    patience: int | None = None,
    callbacks: Iterable[Callback] = (),
    progress: bool = True,
    options: Mapping[str, Any] | None = None,
    replay: Iterable[Decision] = (),
) -> Result:
    """Search a space for the config with the best value of an objective.

    Args:
        space: a `Space`, or a dict of parameters.
        objective: a function of a config, or of a config and a trial, that returns a number or a
            mapping of numbers; or a generator that yields them, the last one counting.
        backend: the library that proposes; see `unitune backends`.
        method: how it proposes: 'random', 'grid', 'bayesian' (the backend's best known way), or
            one of its own.
        mode: 'min' or 'max'.
        metric: which value counts, where the objective gives a mapping.
        n_trials: how many trials are to reach a final state.
        timeout: seconds after which no further trial is begun.
        trial_timeout: seconds after which a trial is killed and failed; needs worker processes.
        trial_memory: bytes that a trial may allocate; needs worker processes.
        workers: how many trials run side by side.
        executor: where they run: 'serial' (in this process), 'process' (worker processes, which
            may crash and be killed) or 'ray' (actors on a Ray cluster); by default 'serial' for
            one worker without limits, else 'process'. A backend that runs trials itself has none.
        executor_options: for the executor: `address` and `resources` for 'ray'.
        retries: how many further attempts a failed trial has; they count as one trial.
        seed: fixes every proposal and every `trial.seed`; in [0, 2**32).
        initial: configs to evaluate first.
        target: a value good enough to end the run.
        patience: how many trials in a row may bring nothing better before the run ends.
        callbacks: called as `callback(trial, run)` after every trial; `run.stop()` ends the run.
        progress: whether to show a progress bar where there is a terminal.
        options: for the method, as the library names them.
        replay: the `transcript` of an earlier run, whose order of asking and telling is repeated:
            with its seed, that reproduces a parallel run exactly.

    Raises:
        UnituneError: something given is not acceptable (before anything runs), the objective is
            broken, or the library failed; what was recorded is in the error's `result`.

    Example:
        >>> import unitune
        >>> space = {"x": unitune.Float(-5, 5)}
        >>> result = unitune.run(
        ...     space, lambda config: config["x"] ** 2, backend="builtin", method="random", seed=0
        ... )
        >>> len(result.trials), result.best.value < 0.1
        (50, True)
    """
    begun = perf_counter()
    searched = as_space(space)
    evaluate = Evaluator(objective, metric)
    options = read_options(options)
    seed = read_seed(seed)
    limits = read_limits(n_trials, timeout, target, patience)
    first = read_initial(searched, initial)
    check_mode(mode)
    prepared = plan(searched, backend, method, options)
    workers = read_whole("workers", workers, least=1)
    retries = read_whole("retries", retries, least=0)
    execution = Execution(
        executor,
        workers=workers,
        trial_timeout=trial_timeout,
        trial_memory=trial_memory,
        options=read_options(executor_options),
    ).chosen(prepared.spec)
    check_constraints(prepared.translation, seed)
    opened = prepared.open(
        mode=mode,
        seed=seed,
        n_trials=limits.n_trials,
        options=options,
        workers=workers,
        initial=first,
    )
    bar = progress_bar(f"{backend}:{prepared.method.name}", limits.n_trials, wanted=progress)
    record = Run(mode, limits, callbacks=callbacks, progress=bar)
    chronicle = Chronicle()
    start_up = record.started - begun

    def result() -> Result:
        return _result(
            prepared, opened, record, chronicle, seed=seed, start_up=start_up, workers=workers
        )

    def rejected(values: Mapping[str, Any], constraint: str) -> None:
        chronicle.rejected(values, constraint)
        record.rejected += 1

    try:
        if isinstance(opened, Service):
            sink = ServiceSink(prepared.translation, record, seed=seed, initial=len(first))
            serve(opened, evaluate, sink, record)
        else:
            source = Source(opened, prepared.translation, initial=first, on_rejected=rejected)
            Driver(
                source,
                execution.factory(evaluate),
                record,
                chronicle,
                seed=seed,
                n_trials=limits.n_trials,
                workers=workers,
                retries=retries,
                order=replay,
            ).drive()
        return result()
    except (ObjectiveError, CallbackError, BackendError) as error:
        record.stop("failed")
        error.result = result()
        raise
    finally:
        if bar is not None:
            bar.close()
        opened.close()


def translate(
    space: Space | Mapping[str, Any], backend: str = "optuna", method: str = "bayesian"
) -> Translation:
    """Show what becomes of each parameter of a space on its way to a backend.

    Args:
        space: a `Space`, or a dict of parameters.
        backend: the backend's name.
        method: the method's name.

    Returns:
        the translation; printing it gives a table of native, lowered and refused parameters.

    Raises:
        UnituneError: there is no such backend or method, its library is missing, or it cannot
            take the space.
    """
    return plan(as_space(space), backend, method, {}).translation


def backends() -> dict[str, BackendSpec]:
    """Return the record of every backend that an installed plugin brings, by name."""
    return {name: found.spec for name, found in discover().items() if found.spec is not None}


def _result(
    prepared: Plan,
    opened: Any,
    record: Run,
    chronicle: Chronicle,
    *,
    seed: int,
    start_up: float,
    workers: int,
) -> Result:
    wall = record.elapsed
    suggest = sum(trial.suggest for trial in record.trials)
    evaluate = sum(trial.evaluate for trial in record.trials)
    observe = sum(trial.observe for trial in record.trials)
    spent = suggest + observe + evaluate / workers
    overhead = Overhead(
        start_up + wall,
        start_up,
        suggest=suggest,
        evaluate=evaluate,
        observe=observe,
        idle=max(0.0, wall - spent),
    )
    versions = {"unitune": unitune.__version__, "python": platform.python_version()}
    if prepared.spec.distribution is not None:
        versions[prepared.spec.distribution] = library_version(prepared.spec) or "unknown"
    return Result(
        prepared.spec.name,
        prepared.method.name,
        mode=record.mode,
        seed=seed,
        space=prepared.translation.space,
        trials=tuple(sorted(record.trials, key=lambda trial: trial.number)),
        reason=record.reason or "n_trials",
        rejected=record.rejected,
        translation=prepared.translation,
        native=opened.native,
        overhead=overhead,
        through=prepared.through,
        versions=versions,
        transcript=tuple(chronicle.transcript),
    )
