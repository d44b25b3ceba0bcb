"""The hooks a plugin may implement; each yields records that are listed without loading more."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import pluggy

from unitune.capabilities import (
    BackendSpec,
    CallbackSpec,
    CommandSpec,
    ExecutorSpec,
    SchedulerSpec,
)

if TYPE_CHECKING:
    from unitune.task import Task

GROUP = "unitune"

# What plugins and unitune agree on: these hooks, their records, and the classes that the records
# name. Raised by every change that a plugin must know of; a plugin may declare the version that it
# was built for as `unitune_contract` in its module.
CONTRACT = 1

hookspec = pluggy.HookspecMarker("unitune")
hookimpl = pluggy.HookimplMarker("unitune")


@hookspec
def unitune_backends() -> Iterable[BackendSpec]:  # type: ignore[empty-body]
    """Yield the backends that a plugin brings.

    Example:
        >>> from unitune.capabilities import BackendSpec, Method
        >>> from unitune.hookspecs import hookimpl
        >>> @hookimpl
        ... def unitune_backends():
        ...     method = Method("random", frozenset({"float/linear"}), learns=False)
        ...     return [BackendSpec("mine", "unitune_mine.study:Mine", methods=(method,))]
        >>> [backend.method_names() for backend in unitune_backends()]
        [['random']]
    """


@hookspec
def unitune_executors() -> Iterable[ExecutorSpec]:  # type: ignore[empty-body]
    """Yield the executors that a plugin brings: where trials run.

    Example:
        >>> from unitune.capabilities import ExecutorSpec
        >>> from unitune.hookspecs import hookimpl
        >>> @hookimpl
        ... def unitune_executors():
        ...     return [ExecutorSpec("slurm", "unitune_mine.executor:Slurm")]
        >>> [sorted(each.takes) for each in unitune_executors()]
        [['workers']]
    """


@hookspec
def unitune_schedulers() -> Iterable[SchedulerSpec]:  # type: ignore[empty-body]
    """Yield the schedulers that a plugin brings: who stops trials early, for any backend.

    Example:
        >>> from unitune.capabilities import SchedulerSpec
        >>> from unitune.hookspecs import hookimpl
        >>> @hookimpl
        ... def unitune_schedulers():
        ...     return [SchedulerSpec("strict", "unitune_mine.strict:Strict")]
        >>> [each.name for each in unitune_schedulers()]
        ['strict']
    """


@hookspec
def unitune_tasks() -> Iterable[Task]:  # type: ignore[empty-body]
    """Yield the tasks that a plugin brings: what backends are compared on.

    Example:
        >>> import unitune
        >>> from unitune.task import Task
        >>> space = unitune.Space({"x": unitune.Float(-5, 5)})
        >>> from unitune.hookspecs import hookimpl
        >>> @hookimpl
        ... def unitune_tasks():
        ...     return [Task("bowl", space, objective=lambda config: config["x"] ** 2)]
        >>> [each.load()({"x": 3.0}) for each in unitune_tasks()]
        [9.0]
    """


@hookspec
def unitune_callbacks() -> Iterable[CallbackSpec]:  # type: ignore[empty-body]
    """Yield the callbacks that a plugin brings: trackers, and whatever else follows a run.

    Each run makes its own, calls it as `callback(trial, run)` after every trial, and calls its
    `close()`, if it has one, once when the run is over.

    Example:
        >>> from unitune.capabilities import CallbackSpec
        >>> from unitune.hookspecs import hookimpl
        >>> @hookimpl
        ... def unitune_callbacks():
        ...     return [CallbackSpec("tracker", "unitune_mine.tracker:Tracker")]
        >>> [each.name for each in unitune_callbacks()]
        ['tracker']
    """


@hookspec
def unitune_commands() -> Iterable[CommandSpec]:  # type: ignore[empty-body]
    """Yield the commands that a plugin adds to `unitune` on the command line.

    Example:
        >>> from unitune.capabilities import CommandSpec
        >>> from unitune.hookspecs import hookimpl
        >>> @hookimpl
        ... def unitune_commands():
        ...     return [CommandSpec("slurm", "unitune_mine.cli:slurm", help="Show its jobs.")]
        >>> [each.help for each in unitune_commands()]
        ['Show its jobs.']
    """
