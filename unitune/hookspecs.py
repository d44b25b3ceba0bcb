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
        A module named in the entry-point group ``unitune`` holds::

            from unitune.capabilities import BackendSpec, Method
            from unitune.hookspecs import hookimpl

            @hookimpl
            def unitune_backends():
                takes = frozenset({"float/linear"})
                return [BackendSpec("mine", "mine.study:Mine", methods=(Method("random", takes),))]
    """


@hookspec
def unitune_executors() -> Iterable[ExecutorSpec]:  # type: ignore[empty-body]
    """Yield the executors that a plugin brings: where trials run."""


@hookspec
def unitune_schedulers() -> Iterable[SchedulerSpec]:  # type: ignore[empty-body]
    """Yield the schedulers that a plugin brings: who stops trials early, for any backend."""


@hookspec
def unitune_tasks() -> Iterable[Task]:  # type: ignore[empty-body]
    """Yield the tasks that a plugin brings: what backends are compared on."""


@hookspec
def unitune_callbacks() -> Iterable[CallbackSpec]:  # type: ignore[empty-body]
    """Yield the callbacks that a plugin brings: trackers, and whatever else follows a run.

    Each run makes its own, calls it as `callback(trial, run)` after every trial, and calls its
    `close()`, if it has one, once when the run is over.
    """


@hookspec
def unitune_commands() -> Iterable[CommandSpec]:  # type: ignore[empty-body]
    """Yield the commands that a plugin adds to `unitune` on the command line."""
