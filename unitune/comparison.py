"""`compare`: several contenders side by side, in this process."""

from __future__ import annotations

import dataclasses
import functools
import inspect
from collections.abc import Iterable, Mapping
from typing import Any

from unitune.api import run
from unitune.bench.about import describe
from unitune.bench.budget import Budget
from unitune.bench.cells import Cell, Design, lay_out, read_seeds
from unitune.bench.checking import check_contender
from unitune.bench.contenders import Contender, read_contenders
from unitune.bench.entries import Comparison, Entry
from unitune.bench.running import make
from unitune.bench.suites import check_tasks
from unitune.errors import BackendError, OptionError, nearest
from unitune.installed import allowed, restrict
from unitune.recorder import Callback, closing
from unitune.settings import read_callbacks
from unitune.space import as_space
from unitune.task import Task

__all__ = ["Comparison", "Entry", "compare"]

N_TRIALS = 50
# Arguments of `run` that each run of a comparison has of its own.
OWN = {
    "backend": "name contenders, as in 'optuna:tpe'",
    "method": "name contenders, as in 'optuna:tpe'",
    "seed": "give seeds=",
}

Contenders = Iterable[str | Contender] | str | Contender


def compare(
    space: Any = None,
    objective: Any = None,
    contenders: Contenders | None = None,
    *,
    tasks: Iterable[Task | str] | Task | str | None = None,
    n_trials: int | None = None,
    max_resource: int | None = None,
    timeout: float | None = None,
    seeds: int | Iterable[int] = 1,
    options: Mapping[str, Mapping[str, Any]] | None = None,
    paired: bool = True,
    baseline: bool = True,
    plugins: Iterable[str] | None = None,
    **settings: Any,
) -> Comparison:
    """Run several contenders with the same budget and the same seeds, in this process.

    All libraries are imported before the first run, so that no contender's start-up includes it.
    For a given seed all contenders begin with the same configs, drawn at random, and have the same
    trial seeds; a grid is its own design and has none of them. `unitune bench` does the same in
    many processes, keeps it, and resumes it.

    Args:
        space: a `Space`, or a dict of parameters; or a `Task`, and then contenders follow.
        objective: see `run`.
        contenders: names like 'optuna:tpe', 'optuna:tpe(multivariate=true)' or
            'hyperopt:tpe+asha', or `Contender` records; 'optuna' alone is its flagship. The
            baseline 'builtin:random' joins them.
        tasks: tasks, or names of tasks that plugins bring, in place of a space and an objective.
        n_trials: budget of each run in whole trials, 50 where no other is given.
        max_resource: budget of each run in units of resource.
        timeout: budget of each run in seconds; beside another budget, the seconds after which a
            run begins no further trial.
        seeds: how many runs each contender makes (seeds 0, 1, …), or the seeds themselves.
        options: options by contender.
        paired: whether contenders begin with the same configs; otherwise each begins as its
            library does by itself.
        baseline: whether the baseline joins in.
        plugins: see `run`; no contender is looked at before.
        settings: further arguments of `run`, the same for all. Callbacks follow every run and are
            closed after the last; those given by name are made and closed for each run.

    Raises:
        UnituneError: a contender cannot run (before anything runs), the objective is broken, or a
            callback raised.

    Example:
        >>> import unitune
        >>> space = {"x": unitune.Float(-5, 5)}
        >>> comparison = unitune.compare(
        ...     space, lambda config: config["x"] ** 2, ["builtin:random", "builtin:grid"],
        ...     n_trials=9, progress=False,
        ... )
        >>> comparison.table()["contender"].tolist()
        ['builtin:grid', 'builtin:random']
    """
    if tasks is not None and (space is not None or objective is not None):
        raise OptionError(
            "tasks= stand in the place of a space and an objective: give either these or those."
        )
    if isinstance(space, Task):
        tasks, contenders = [space], objective if contenders is None else contenders
    _check_names(settings)
    own = tasks is None
    with restrict(plugins):
        numbers = read_seeds(seeds)
        entered = _entered(contenders, with_baseline=baseline)
        entered = _completed(entered, options or {}, settings)
        fields = [_own_task(space, objective, settings)] if tasks is None else check_tasks(tasks)
        budget = _budget(n_trials, max_resource, timeout, settings)
        settings.setdefault("progress", True)
        callbacks = _following(settings)
        design = Design(budget, paired=paired, own_seeds=own, settings=settings)
        for task in fields:
            for contender in entered:
                check_contender(task, contender, budget)
        return closing(callbacks, lambda: _compared(fields, entered, numbers, design))


def _compared(
    tasks: list[Task], contenders: list[Contender], seeds: list[int], design: Design
) -> Comparison:
    entries: list[Entry] = []
    for cell in lay_out(tasks, contenders, seeds, design):
        entries.append(_entry(cell))
        if entries[-1].result.reason == "interrupted":
            break
    about = describe(tasks, contenders, seeds, design)
    return Comparison(tuple(entries), tasks[0].mode, about=about, plugins=allowed())


def _following(settings: dict[str, Any]) -> list[Callback]:
    """Return the callbacks that the user made; the settings keep them with nothing to close."""
    callbacks = read_callbacks(settings.pop("callbacks", ()))
    own = [one for one in callbacks if callable(one)]
    settings["callbacks"] = [functools.partial(c) if callable(c) else c for c in callbacks]
    return own


def _check_names(settings: Mapping[str, Any]) -> None:
    """Raise OptionError for what `run` does not take, or not from a comparison."""
    known = inspect.signature(run).parameters.keys() - OWN.keys()
    for name in settings:
        if name in OWN:
            raise OptionError(f"{name}= is not the same for all contenders: {OWN[name]}.")
        if name not in known:
            raise OptionError(f"compare takes no {name}=. {nearest(name, known)}")


def _entered(contenders: Any, *, with_baseline: bool) -> list[Contender]:
    if not isinstance(contenders, Iterable | Contender):
        raise OptionError(
            f"contenders={contenders!r}: give those to compare in a list, as in "
            f"['optuna:tpe', 'hyperopt:tpe']."
        )
    return read_contenders(contenders, with_baseline=with_baseline)


def _own_task(space: Any, objective: Any, settings: dict[str, Any]) -> Task:
    """Return a user's space and objective as a task, with what of the settings belongs to it."""
    name = getattr(objective, "__name__", "objective")
    return Task(
        "objective" if name == "<lambda>" else name,
        as_space(space),
        objective=objective,
        mode=settings.pop("mode", "min"),
        metric=settings.pop("metric", None),
        resource=settings.pop("resource", None),
    )


def _completed(
    contenders: list[Contender],
    options: Mapping[str, Mapping[str, Any]],
    settings: dict[str, Any],
) -> list[Contender]:
    """Give contenders their options, and the common scheduler to those that have none."""
    names = [contender.name for contender in contenders]
    for name in options:
        if name not in names:
            raise OptionError(f"options name {name!r}, which is not among the contenders.")
    common = {
        name: settings.pop(name) for name in ("scheduler", "scheduler_options") if name in settings
    }
    return [
        dataclasses.replace(
            contender,
            options={**contender.options, **options.get(contender.name, {})},
            **({} if contender.scheduled else common),
        )
        for contender in contenders
    ]


def _budget(
    n_trials: int | None,
    max_resource: int | None,
    timeout: float | None,
    settings: dict[str, Any],
) -> Budget:
    if n_trials is None and max_resource is None:
        if timeout is not None:
            return Budget(seconds=timeout)
        n_trials = N_TRIALS
    if timeout is not None:
        settings["timeout"] = timeout
    return Budget(n_trials=n_trials, max_resource=max_resource)


def _entry(cell: Cell) -> Entry:
    ran = make(cell)
    if ran.result is None:
        raise BackendError(ran.error)
    task, contender, seed = cell.name
    return Entry(contender, seed, task=task, result=ran.result, error=ran.error, ran=ran)
