"""Finding what plugins bring, each behind a fence of its own.

The code of a plugin is loaded when something is looked up by name, and never while it is disabled
or left out of a run.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterable
from dataclasses import KW_ONLY, dataclass
from typing import Any, Generic, Protocol, TypeVar

from unitune.capabilities import (
    BackendSpec,
    CallbackSpec,
    CommandSpec,
    ExecutorSpec,
    SchedulerSpec,
)
from unitune.errors import PluginError, UnknownNameError, nearest
from unitune.installed import VARIABLE, Plugin, installed, left_out
from unitune.loading import fault_of, load_hooks, said_of
from unitune.task import Task


class Named(Protocol):
    """What every record has."""

    @property
    def name(self) -> str:
        """What users call it."""


Spec = TypeVar("Spec", bound=Named)


@dataclass(frozen=True, slots=True)
class Kind(Generic[Spec]):
    """One kind of things that plugins bring, and the hook and the record for it."""

    word: str
    hook: str
    record: type[Spec]


BACKENDS = Kind("backend", "unitune_backends", BackendSpec)
EXECUTORS = Kind("executor", "unitune_executors", ExecutorSpec)
SCHEDULERS = Kind("scheduler", "unitune_schedulers", SchedulerSpec)
TASKS = Kind("task", "unitune_tasks", Task)
CALLBACKS = Kind("callback", "unitune_callbacks", CallbackSpec)
COMMANDS = Kind("command", "unitune_commands", CommandSpec)
KINDS: tuple[Kind[Any], ...] = (BACKENDS, EXECUTORS, SCHEDULERS, TASKS, CALLBACKS, COMMANDS)


@dataclass(frozen=True, slots=True)
class Found(Generic[Spec]):
    """A record and who brings it.

    Attributes:
        name: the record's name.
        spec: the record.
        origin: the distribution and version that bring it.
        problem: why it cannot be used; None where it can, as far as unitune knows.
    """

    name: str
    spec: Spec
    _: KW_ONLY
    origin: str
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """A plugin of which nothing, or nothing of one kind, can be used.

    Attributes:
        plugin: which one.
        problem: why.
        error: the exception behind it.
    """

    plugin: Plugin
    problem: str
    error: BaseException


def collect(kind: Kind[Spec]) -> dict[str, Found[Spec]]:
    """Return everything of one kind that plugins bring, by name.

    A plugin that fails hides no other; two of one name are kept as one with a problem.
    """
    found: dict[str, Found[Spec]] = {}
    for plugin in _active():
        for record in _records(plugin, kind):
            if not isinstance(record, Failed):
                found[record.name] = _merged(kind, found.get(record.name), record)
    return found


def failures(kind: Kind[Any]) -> list[Failed]:
    """Return the plugins that bring nothing of a kind because they failed."""
    results = (_records(plugin, kind) for plugin in _active())
    return [record for records in results for record in records if isinstance(record, Failed)]


def unasked(kind: Kind[Any]) -> list[str]:
    """Return a sentence on each plugin that might bring something of a kind and was not asked."""
    failed = [f"Plugin {f.plugin.title} could not be asked: {f.problem}." for f in failures(kind)]
    skipped = ((plugin, left_out(plugin)) for plugin in installed())
    return failed + [f"Plugin {p.title} was not asked: {why}." for p, why in skipped if why]


def brought(plugin: Plugin) -> tuple[dict[str, list[str]], list[str]]:
    """Load a plugin and return the names of what it brings, by kind, and what is wrong with it."""
    names: dict[str, list[str]] = {}
    problems: dict[str, None] = {}
    for kind in KINDS:
        found = collect(kind)
        for record in _records(plugin, kind):
            if isinstance(record, Failed):
                problems[record.problem] = None
                continue
            names.setdefault(kind.word, []).append(record.name)
            problem = found[record.name].problem
            if problem is not None:
                problems[f"{kind.word} {record.name!r} cannot be used: {problem}"] = None
    return names, list(problems)


def find(kind: Kind[Spec], name: str) -> Spec:
    """Return one record by its name.

    Raises:
        UnknownNameError: no plugin brings it.
        PluginError: its plugin failed, or two plugins bring it.
    """
    if not isinstance(name, str):
        raise UnknownNameError(f"Give the name of a {kind.word} as a string, not {name!r}.")
    found = collect(kind)
    if name not in found:
        raise _unknown(kind, name, found)
    if found[name].problem is not None:
        what = f"{kind.word.capitalize()} {name!r} (from {found[name].origin})"
        raise PluginError(f"{what} cannot be used: {found[name].problem}.")
    return found[name].spec


def forget() -> None:
    """Look for plugins anew from here on: some were installed or removed meanwhile."""
    installed.cache_clear()
    _loaded.cache_clear()
    _records.cache_clear()


def _active() -> list[Plugin]:
    return [plugin for plugin in installed() if left_out(plugin) is None]


@functools.cache
def _loaded(plugin: Plugin) -> Any:
    """Return a plugin's hooks, or what keeps it from loading."""
    try:
        return load_hooks(plugin.module)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - whatever a stranger's plugin raises
        return Failed(plugin, said_of(error, plugin.module, plugin.distribution), error)


@functools.cache
def _records(plugin: Plugin, kind: Kind[Any]) -> tuple[Found[Any] | Failed, ...]:
    """Return what a plugin brings through one hook, or the one thing that went wrong."""
    hooks = _loaded(plugin)
    if isinstance(hooks, Failed):
        return (hooks,)
    try:
        records = hooks.records(kind.hook, kind.record)
        return tuple(_found(record, kind, plugin) for record in records)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - the same
        return (Failed(plugin, said_of(error, plugin.module, plugin.distribution), error),)


def _found(record: Any, kind: Kind[Any], plugin: Plugin) -> Found[Any]:
    fault = fault_of(record, kind.record)
    return Found(record.name, record, origin=plugin.origin, problem=fault)


def _merged(kind: Kind[Spec], known: Found[Spec] | None, new: Found[Spec]) -> Found[Spec]:
    if known is None:
        return new
    if known.origin == new.origin:
        twice = f"{new.origin} brings two of that name"
        return dataclasses.replace(new, problem=twice)
    both = f"{known.origin} and {new.origin}"
    problem = (
        f"two plugins bring a {kind.word} of that name, {both}; uninstall one, or set "
        f"{VARIABLE} to the name of one"
    )
    return dataclasses.replace(known, origin=both, problem=problem)


def _unknown(kind: Kind[Any], name: str, found: Iterable[str]) -> UnknownNameError | PluginError:
    for failure in failures(kind):
        if failure.plugin.name == name:
            what = f"{kind.word.capitalize()} {name!r} (from {failure.plugin.origin})"
            error = PluginError(f"{what} cannot be used: {failure.problem}.")
            error.__cause__ = failure.error
            return error
    # Names are in small letters, mostly: whoever shouts means one of them too.
    hint = nearest(name.lower(), found)
    return UnknownNameError(" ".join([f"There is no {kind.word} {name!r}. {hint}", *unasked(kind)]))
