"""`run`, `translate` and `backends`: the doors of the library."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from time import perf_counter
from typing import Any, Literal

from unitune.backend import Mode
from unitune.capabilities import BackendSpec
from unitune.execution import Execution
from unitune.installed import restrict
from unitune.objective import Evaluator
from unitune.plugins import discover, find_backend, find_method
from unitune.preparation import plan, proposer
from unitune.recorder import Callback
from unitune.result import Result
from unitune.scheduling import choose, pair
from unitune.session import Session
from unitune.settings import (
    Settings,
    check_mode,
    check_storage,
    read_best,
    read_callbacks,
    read_initial,
    read_limits,
    read_memory,
    read_name,
    read_optional,
    read_options,
    read_resource,
    read_seconds,
    read_seed,
    read_whole,
)
from unitune.space import Space, as_space
from unitune.transcript import Decision, read_transcript
from unitune.translation import Translation


def run(
    space: Space | Mapping[str, Any],
    objective: Callable[..., Any],
    *,
    backend: str = "optuna",
    method: str = "bayesian",
    mode: Mode = "min",
    metric: str | None = None,
    value: Literal["last", "best"] = "last",
    n_trials: int | None = None,
    max_resource: int | None = None,
    timeout: float | None = None,
    trial_timeout: float | None = None,
    trial_memory: int | None = None,
    workers: int = 1,
    executor: str | None = None,
    executor_options: Mapping[str, Any] | None = None,
    scheduler: str | None = None,
    resource: tuple[int, int] | None = None,
    scheduler_options: Mapping[str, Any] | None = None,
    retries: int = 0,
    seed: int | None = None,
    initial: Iterable[Mapping[str, Any]] = (),
    target: float | None = None,
    patience: int | None = None,
    callbacks: Iterable[Callback | str] = (),
    progress: bool = True,
    options: Mapping[str, Any] | None = None,
    replay: Iterable[Decision] = (),
    storage: str | Path | None = None,
    study: str | None = None,
    resume: bool = False,
    plugins: Iterable[str] | None = None,
) -> Result:
    """Search a space for the config with the best value of an objective.

    Args:
        space: a `Space`, or a dict of parameters.
        objective: a function of a config, or of a config and a trial, that returns a number or a
            mapping of numbers; or a generator that yields them, the last one counting.
        backend: the library that proposes; see `unitune backends`.
        method: how it proposes: 'random', 'grid', 'bayesian' (the backend's best known way), or
            one of its own; 'hyperband' and 'bohb' are random and bayesian proposals under the
            scheduler 'hyperband'.
        mode: 'min' or 'max'.
        metric: which value counts, where the objective gives a mapping.
        value: what a trial comes to that reports: its 'last' value, or its 'best' report.
        n_trials: how many trials are to reach a final state; 50 by default, or as many as
            `max_resource` allows.
        max_resource: how much resource all trials together may consume, in steps; a trial that
            was begun before it is used up comes to its end.
        timeout: seconds after which no further trial is begun.
        trial_timeout: seconds after which a trial is killed and failed; needs worker processes.
        trial_memory: bytes that a trial may allocate, a million at the least; needs worker
            processes.
        workers: how many trials run side by side.
        executor: where they run: 'serial' (in this process), 'process' (worker processes, which
            may crash and be killed) or 'ray' (actors on a Ray cluster); by default 'serial' for
            one worker without limits, else 'process'. A backend that runs trials itself has none.
        executor_options: for the executor: `address` and `resources` for 'ray'.
        scheduler: what stops trials early: 'median', 'asha', 'successive_halving', 'hyperband',
            'patience', or one of the backend's library, which comes first where both have the
            name; 'unitune:NAME' is always unitune's own.
        resource: the least and the most a trial consumes, in the steps it reports, such as
            (1, 27) epochs; a trial that has reported the most is complete.
        scheduler_options: for the scheduler, such as {"eta": 4}.
        retries: how many further attempts a failed trial has; they count as one trial.
        seed: fixes every proposal and every `trial.seed`; in [0, 2**32).
        initial: configs to evaluate first.
        target: a value good enough to end the run.
        patience: how many trials in a row may bring nothing better before the run ends.
        callbacks: called as `callback(trial, run)` after every trial; `run.stop()` ends the run.
            One that has a method `close` gets `close()` called once when the run is over, whatever
            ended it: then is the time to close files and connections. A name is that of a callback
            which a plugin brings; each run has its own.
        progress: whether to show a progress bar where there is a terminal.
        options: for the method, as the library names them.
        replay: the `transcript` of an earlier run, whose order of asking, reporting and telling is
            repeated: with its seed and arguments, that reproduces a parallel run exactly.
        storage: keeps every event of the run in a journal before it is acted on: a name (a file
            in the user's data directory), a path, or a URL of SQLAlchemy.
        study: the study's name there; by default one is made up.
        resume: whether to go on with that study, to `n_trials` in all, if the journal has it.
        plugins: distributions whose plugins may be loaded, beside unitune's own; by default all
            that are not disabled.

    Raises:
        UnituneError: something given is not acceptable (before anything runs), the objective is
            broken, a callback raised, or the library failed; what was recorded is in the error's
            `result`.

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
    with restrict(plugins):
        searched = as_space(space)
        check_mode(mode)
        given = read_options("options", options)
        spec = find_backend(backend)
        method, scheduler = pair(spec, read_name("method", method), scheduler)
        proposing = find_method(spec, method)
        bounds = read_resource(resource)
        settings = Settings(
            Evaluator(
                objective,
                read_optional(read_name, "metric", metric),
                best=read_best(value, mode),
            ),
            read_limits(
                n_trials, timeout, target, patience, max_resource=max_resource, resource=bounds
            ),
            mode=mode,
            seed=seed,
            drawn=read_seed(seed),
            initial=read_initial(searched, initial),
            callbacks=read_callbacks(callbacks),
            progress=progress,
            options=given,
            execution=Execution(
                read_optional(read_name, "executor", executor),
                workers=read_whole("workers", workers, least=1),
                trial_timeout=read_optional(read_seconds, "trial_timeout", trial_timeout),
                trial_memory=read_memory(trial_memory),
                options=read_options("executor_options", executor_options),
            ),
            retries=read_whole("retries", retries, least=0),
            order=read_transcript(replay),
            storage=storage,
            study=study,
            resume=resume,
            choice=choose(
                spec,
                scheduler,
                bounds,
                read_options("scheduler_options", scheduler_options),
                method=proposing,
                through=proposer(spec, proposing, searched, given),
            ),
        )
        check_storage(settings)
        return Session(plan(searched, backend, method, given), settings).run(begun)


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

    Example:
        >>> import unitune
        >>> translation = unitune.translate({"x": unitune.Float(0, 1)}, "builtin", "random")
        >>> [(verdict.name, verdict.status) for verdict in translation.verdicts]
        [('x', 'native')]
    """
    return plan(as_space(space), backend, read_name("method", method), {}).translation


def backends() -> dict[str, BackendSpec]:
    """Return the record of every backend that an installed plugin brings, by name.

    Example:
        >>> import unitune
        >>> "random" in unitune.backends()["builtin"].method_names()
        True
    """
    return {name: found.spec for name, found in discover().items()}
