"""`run`, `translate` and `backends`: the doors of the library."""

from __future__ import annotations

import math
import operator
import platform
import random
from collections.abc import Callable, Iterable, Mapping
from time import perf_counter
from typing import Any

import unitune
from unitune.backend import Mode, Service
from unitune.capabilities import BackendSpec
from unitune.driver import Driver, ServiceSink, check_constraints, serve
from unitune.errors import BackendError, CallbackError, ObjectiveError, OptionError, SpaceError
from unitune.objective import Evaluator
from unitune.plugins import discover, library_version
from unitune.preparation import Plan, plan
from unitune.progress import progress_bar
from unitune.recorder import Callback, Limits, Run
from unitune.result import Overhead, Result
from unitune.space import Config, Space, as_space
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
    workers: int = 1,
    seed: int | None = None,
    initial: Iterable[Mapping[str, Any]] = (),
    target: float | None = None,
    patience: int | None = None,
    callbacks: Iterable[Callback] = (),
    progress: bool = True,
    options: Mapping[str, Any] | None = None,
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
        workers: how many trials run side by side, on a backend that runs them itself (ray).
        seed: fixes every proposal and every `trial.seed`; in [0, 2**32).
        initial: configs to evaluate first.
        target: a value good enough to end the run.
        patience: how many trials in a row may bring nothing better before the run ends.
        callbacks: called as `callback(trial, run)` after every trial; `run.stop()` ends the run.
        progress: whether to show a progress bar where there is a terminal.
        options: for the method, as the library names them.

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
    options = _options(options)
    seed = _seed(seed)
    limits = _limits(n_trials, timeout, target, patience)
    first = _initial(searched, initial)
    _check_mode(mode)
    prepared = plan(searched, backend, method, options)
    workers = _workers(workers, prepared.spec)
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
    start_up = record.started - begun

    def result() -> Result:
        return _result(prepared, opened, record, seed=seed, start_up=start_up, workers=workers)

    try:
        if isinstance(opened, Service):
            sink = ServiceSink(prepared.translation, record, seed=seed, initial=len(first))
            serve(opened, evaluate, sink, record)
        else:
            Driver(opened, prepared.translation, evaluate, record, seed=seed, initial=first).drive()
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
    prepared: Plan, opened: Any, record: Run, *, seed: int, start_up: float, workers: int
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
    )


def _check_mode(mode: str) -> None:
    if mode not in ("min", "max"):
        raise OptionError(f"mode={mode!r}: use 'min' or 'max'.")


def _options(options: Mapping[str, Any] | None) -> dict[str, Any]:
    if options is None:
        return {}
    if not isinstance(options, Mapping) or not all(isinstance(name, str) for name in options):
        raise OptionError(f"options={options!r}: give a dict of names and values.")
    return dict(options)


def _seed(seed: int | None) -> int:
    if seed is None:
        return random.SystemRandom().getrandbits(31)
    number = _whole("seed", seed, least=0)
    if number >= 2**32:
        raise OptionError(f"seed={seed!r}: libraries take seeds below 2**32; use a smaller one.")
    return number


def _limits(
    n_trials: int, timeout: float | None, target: float | None, patience: int | None
) -> Limits:
    for name, value in (("timeout", timeout), ("target", target)):
        if value is not None and (
            isinstance(value, bool) or not isinstance(value, int | float) or math.isnan(value)
        ):
            raise OptionError(f"{name}={value!r}: give a number, or None.")
    if timeout is not None and timeout <= 0:
        raise OptionError(f"timeout={timeout!r}: give seconds above 0, or None.")
    return Limits(
        _whole("n_trials", n_trials, least=1),
        timeout=timeout,
        target=target,
        patience=None if patience is None else _whole("patience", patience, least=1),
    )


def _whole(name: str, value: Any, *, least: int) -> int:
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise OptionError(f"{name}={value!r}: give a whole number from {least} on.")
    number = operator.index(value)
    if number < least:
        raise OptionError(f"{name}={value!r}: give a whole number from {least} on.")
    return number


def _workers(workers: int, spec: BackendSpec) -> int:
    number = _whole("workers", workers, least=1)
    if number > 1 and spec.contract != "service":
        raise OptionError(
            f"workers={number}: backend {spec.name!r} evaluates in this process, one trial at a "
            f"time. Use backend='ray', whose option searcher='{spec.name}:…' proposes with this "
            f"backend, or workers=1."
        )
    return number


def _initial(space: Space, initial: Iterable[Mapping[str, Any]]) -> tuple[Config, ...]:
    if isinstance(initial, Mapping | str):
        raise OptionError("initial is a list of configs; put this one into a list.")
    configs = []
    for place, config in enumerate(initial):
        try:
            configs.append(space.coerce(config))
        except SpaceError as error:
            raise SpaceError(f"initial[{place}] is no config of the space: {error}") from None
    return tuple(configs)
