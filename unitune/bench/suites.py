"""Suites: named groups of tasks, with the contenders and the budget that go with each."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Mapping
from dataclasses import KW_ONLY, dataclass

from unitune.bench.budget import Budget
from unitune.discovery import TASKS, find
from unitune.errors import MissingLibraryError, OptionError, UnknownNameError, nearest
from unitune.plugins import discover_tasks
from unitune.task import Task


@dataclass(frozen=True, slots=True)
class Suite:
    """What a suite is run with where nothing else is asked for.

    Args:
        name: tasks say by it that they belong to the suite.
        contenders: 'backend:method' each.
        budget: for each run.
        seeds: how many runs each contender makes on each task.
    """

    name: str
    _: KW_ONLY
    contenders: tuple[str, ...]
    budget: Budget
    seeds: int


_LIBRARIES = ("optuna", "hyperopt", "skopt", "ray")
_BACKENDS = ("builtin", *_LIBRARIES)

# Every backend and every family of methods once at least.
SMALL = (
    *("builtin:random", "builtin:grid", "builtin:hyperband"),
    *("optuna:random", "optuna:grid", "optuna:bayesian", "optuna:hyperband"),
    *("hyperopt:bayesian", "hyperopt:hyperband", "skopt:bayesian", "ray:bayesian"),
)
# What every backend is best at, and the families that are the same everywhere from two of them.
MIDDLE = (
    *("builtin:random", "builtin:grid", "optuna:random", "optuna:grid"),
    *(f"{library}:bayesian" for library in _LIBRARIES),
    *(f"{backend}:hyperband" for backend in _BACKENDS),
    "optuna:bohb",
)
# For tasks without a resource: what every backend is best at, against random search and a grid.
PLAIN = ("builtin:random", "builtin:grid", *(f"{library}:bayesian" for library in _LIBRARIES))
# Every family on every backend.
LARGE = (
    *(f"{backend}:{method}" for backend in _BACKENDS for method in ("random", "grid", "hyperband")),
    *(f"{library}:{method}" for library in _LIBRARIES for method in ("bayesian", "bohb")),
)

# Trials: Hyperopt's TPE draws the first 20 at random, so that fewer would compare it with itself.
SUITES: Mapping[str, Suite] = {
    suite.name: suite
    for suite in (
        Suite("smoke", contenders=SMALL, budget=Budget(n_trials=30), seeds=2),
        Suite("quick", contenders=SMALL, budget=Budget(n_trials=40), seeds=3),
        Suite("standard", contenders=MIDDLE, budget=Budget(n_trials=50), seeds=5),
        Suite("full", contenders=LARGE, budget=Budget(n_trials=100), seeds=10),
        # of other libraries' tasks, which extras of unitune install
        Suite("tabular", contenders=PLAIN, budget=Budget(n_trials=100), seeds=10),
        Suite("bbob", contenders=PLAIN, budget=Budget(n_trials=100), seeds=5),
        Suite("mixint", contenders=PLAIN, budget=Budget(n_trials=100), seeds=5),
    )
}


def suite_of(name: str) -> Suite:
    """Return what a suite is run with; one that only a plugin knows is run as `quick` is."""
    quick = SUITES["quick"]
    return SUITES.get(name) or Suite(
        name, contenders=quick.contenders, budget=quick.budget, seeds=quick.seeds
    )


def known_tasks() -> dict[str, Task]:
    """Return every task that an installed plugin brings and that can be used, by name."""
    return {name: found.spec for name, found in discover_tasks().items() if not found.problem}


def tasks_of(suite: str) -> list[Task]:
    """Return the tasks of a suite, those apart whose libraries are not installed.

    Raises:
        UnknownNameError: no task belongs to it.
        MissingLibraryError: none of its tasks can be run here.
    """
    found = listed_tasks(suite)
    lacks = [lack(task) for task in found]
    usable = [task for task, problem in zip(found, lacks, strict=True) if problem is None]
    if not usable:
        raise MissingLibraryError(str(lacks[0]))
    return usable


def listed_tasks(suite: str) -> list[Task]:
    """Return the tasks of a suite, whether or not their libraries are installed.

    Raises:
        UnknownNameError: no task belongs to it.
    """
    tasks = known_tasks()
    found = [task for task in tasks.values() if suite in task.suites]
    if not found:
        suites = {name for task in tasks.values() for name in task.suites}
        raise UnknownNameError(f"No task belongs to a suite {suite!r}. {nearest(suite, suites)}")
    return found


def tasks_named(names: Iterable[str]) -> list[Task]:
    """Return the tasks of those names.

    Raises:
        UnknownNameError: there is none of that name.
        PluginError: the plugin that brings it failed, or two plugins do.
        MissingLibraryError: what it needs is not installed.
    """
    found = [find(TASKS, name) for name in names]
    for task in found:
        problem = lack(task)
        if problem is not None:
            raise MissingLibraryError(problem)
    return found


def lack(task: Task) -> str | None:
    """Return a sentence on what a task needs and is not installed, or None."""
    for module in task.needs:
        if importlib.util.find_spec(module.partition(".")[0]) is None:
            extra = task.extra or "benchmarks"
            return (
                f"Task {task.name!r} needs {module}, which is not installed. Install it with: pip "
                f"install 'unitune[{extra}]'"
            )
    return None


def check_tasks(tasks: Iterable[Task | str] | Task | str) -> list[Task]:
    """Return tasks, of which some may be given by their names, as a list.

    Raises:
        OptionError: there is none, or two have one name.
        UnituneError: there is no task of a name, see `tasks_named`.
    """
    listed = [tasks] if isinstance(tasks, Task | str) else tasks
    if not isinstance(listed, Iterable):
        raise OptionError(f"tasks={tasks!r}: give Task records, or names of tasks.")
    given = [_task(one) for one in listed]
    if not given:
        raise OptionError("A benchmark needs at least one task.")
    names = [task.name for task in given]
    for name in names:
        if names.count(name) > 1:
            raise OptionError(f"Two tasks are named {name!r}; give each a name of its own.")
    return given


def _task(given: Task | str) -> Task:
    if isinstance(given, Task):
        return given
    if isinstance(given, str):
        return tasks_named([given])[0]
    raise OptionError(f"{given!r} is no task: give a Task, or the name of one.")
