"""What plugins bring, by name: backends, executors, schedulers, tasks, callbacks, commands."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
from collections.abc import Callable, Iterable
from importlib import metadata
from typing import Any

from unitune import discovery
from unitune.backend import Backend
from unitune.capabilities import (
    BackendSpec,
    CommandSpec,
    ExecutorSpec,
    Method,
    SchedulerSpec,
)
from unitune.discovery import Found
from unitune.errors import (
    MissingLibraryError,
    PluginError,
    UnituneError,
    UnknownNameError,
    nearest,
)
from unitune.loading import undisturbed
from unitune.task import Task


def discover() -> dict[str, Found[BackendSpec]]:
    """Return every backend that an installed plugin brings, by name."""
    return discovery.collect(discovery.BACKENDS)


def discover_executors() -> dict[str, Found[ExecutorSpec]]:
    """Return every executor that an installed plugin brings, by name."""
    return discovery.collect(discovery.EXECUTORS)


def discover_schedulers() -> dict[str, Found[SchedulerSpec]]:
    """Return every scheduler that an installed plugin brings, by name.

    Those that belong to a library are in its backend's record.
    """
    return discovery.collect(discovery.SCHEDULERS)


def discover_tasks() -> dict[str, Found[Task]]:
    """Return every task that an installed plugin brings, by name."""
    return discovery.collect(discovery.TASKS)


def discover_commands() -> dict[str, Found[CommandSpec]]:
    """Return every command that an installed plugin brings, by name."""
    return discovery.collect(discovery.COMMANDS)


def find_backend(name: str) -> BackendSpec:
    """Return a backend's record.

    Raises:
        UnknownNameError: no plugin brings it.
        PluginError: its plugin failed, or two plugins bring it.
    """
    backend, colon, method = name.partition(":") if isinstance(name, str) else ("", "", "")
    if colon and backend in discover():
        raise UnknownNameError(
            f"There is no backend {name!r}. Give backend={backend!r} and method={method!r}."
        )
    return discovery.find(discovery.BACKENDS, name)


def find_executor(name: str) -> ExecutorSpec:
    """Return an executor's record; raises as `find_backend` does."""
    return discovery.find(discovery.EXECUTORS, name)


def find_scheduler(name: str) -> SchedulerSpec:
    """Return a scheduler's record; raises as `find_backend` does."""
    return discovery.find(discovery.SCHEDULERS, name)


def find_task(name: str) -> Task:
    """Return a task; raises as `find_backend` does."""
    return discovery.find(discovery.TASKS, name)


def find_command(name: str) -> CommandSpec:
    """Return a command's record; raises as `find_backend` does."""
    return discovery.find(discovery.COMMANDS, name)


def make_callbacks(callbacks: Iterable[Any]) -> tuple[Callable[..., Any], ...]:
    """Return callbacks with those given by name made: each name gets a new one.

    Raises:
        UnknownNameError, PluginError: see `find_backend`.
    """
    given = [callbacks] if isinstance(callbacks, str) else callbacks
    return tuple(_callback(one) if isinstance(one, str) else one for one in given)


def find_method(spec: BackendSpec, name: str) -> Method:
    """Return one of a backend's methods; 'bayesian' is its flagship, or else its only one.

    Raises:
        UnknownNameError: it has no such method.
    """
    names = spec.method_names()
    only = names[0] if len(names) == 1 else None
    meant = {"bayesian": spec.flagship or only, **spec.aliases, **{own: own for own in names}}
    for method in spec.methods:
        if method.name == meant.get(name):
            return method
    what = f"Backend {spec.name!r} has no method {name!r}"
    if name == "bayesian":
        what += ", which is the default; name another one with method="
    known = names + (["bayesian"] if spec.flagship else [])
    raise UnknownNameError(f"{what}. {nearest(name.lower(), known, listed=True)}")


def dangling(method: Method) -> str | None:
    """Return a clause on the proposer that a composed method names and that is not there, or None.

    Example:
        >>> takes = frozenset({"float/linear"})
        >>> dangling(Method("own", takes)) is None
        True
        >>> (dangling(Method("swarm", takes, composed=True, through="nobody:swarm")) or "")[:70]
        "its method 'swarm' proposes through 'nobody:swarm', which is not there"
    """
    if not method.composed or method.through is None:
        return None
    backend, _, name = method.through.partition(":")
    try:
        find_method(find_backend(backend), name)
    except (UnknownNameError, PluginError) as error:
        why = f"which is not there ({str(error).rstrip('.')})"
        return f"its method {method.name!r} proposes through {method.through!r}, {why}"
    return None


def library_version(spec: BackendSpec | ExecutorSpec) -> str | None:
    """Return the installed version of the library behind a record, without importing it."""
    if spec.distribution is None:
        return None
    try:
        return metadata.version(spec.distribution)
    except metadata.PackageNotFoundError:
        return None


def missing(spec: BackendSpec | ExecutorSpec, method: Method | None = None) -> str | None:
    """Return a sentence on what a backend (or one method), or an executor, lacks here, or None."""
    word = "Backend" if isinstance(spec, BackendSpec) else "Executor"
    if spec.distribution is not None:
        version = library_version(spec)
        wanted, install = spec.distribution + spec.requires, _install(spec, spec.extra)
        if version is None or not _importable(spec.module or spec.distribution):
            what = f"{spec.distribution}, which is not installed"
            return f"{word} {spec.name!r} needs {what}. {install}"
        if not _satisfies(version, spec.requires):
            what = f"{wanted}, and {version} is installed"
            return f"{word} {spec.name!r} needs {what}. {install}"
    if method is None:
        return None
    for module in method.needs:
        if not _importable(module):
            return (
                f"Method {method.name!r} of backend {spec.name!r} needs {module}, which is not "
                f"installed. {_install(None, method.extra or spec.extra)}"
            )
    return None


def lacks(spec: SchedulerSpec | Task) -> str | None:
    """Return a sentence on the modules that a scheduler or a task needs and that are not there."""
    word = "Task" if isinstance(spec, Task) else "Scheduler"
    for module in spec.needs:
        if not _importable(module):
            what = f"{word} {spec.name!r} needs {module}, which is not installed."
            return f"{what} {_install(None, spec.extra)}"
    return None


def load(spec: BackendSpec, method: Method) -> Any:
    """Import a backend's class, and with it the wrapped library.

    Raises:
        MissingLibraryError: the library is not installed or too old.
        PluginError: the plugin names a class that is not there, or is not what it should be.
    """
    lack = missing(spec, method)
    if lack is not None:
        raise MissingLibraryError(lack)
    fault = dangling(method)
    if fault is not None:
        raise PluginError(f"Backend {spec.name!r} cannot be used: {fault}.")
    loaded = load_target("Backend", spec.name, spec.target)
    _require_class("Backend", spec, loaded, {"native_space", "open"}, spec.contract.capitalize())
    if getattr(loaded.open, "__func__", None) is Backend.open.__func__:  # type: ignore[attr-defined]
        _require_arguments("Backend", spec, loaded, ["problem"])
    return loaded


def load_executor(spec: ExecutorSpec) -> Any:
    """Import an executor's class; raises as `load` does."""
    lack = missing(spec)
    if lack is not None:
        raise MissingLibraryError(lack)
    loaded = load_target("Executor", spec.name, spec.target)
    _require_arguments("Executor", spec, loaded, ["evaluate", "on_report", *sorted(spec.takes)])
    return loaded


def load_scheduler(spec: SchedulerSpec) -> Any:
    """Import a scheduler's class; raises as `load` does."""
    lack = lacks(spec)
    if lack is not None:
        raise MissingLibraryError(lack)
    loaded = load_target("Scheduler", spec.name, spec.target)
    _require_class("Scheduler", spec, loaded, {"open"}, "Scheduler")
    return loaded


def load_target(word: str, name: str, target: str) -> Any:
    """Import what a record's target names; raises PluginError where it is not there."""
    module, _, attribute = target.partition(":")
    try:
        with undisturbed():
            return getattr(importlib.import_module(module), attribute)
    except (UnituneError, KeyboardInterrupt):
        raise
    except BaseException as error:  # whatever a stranger's module, or its library, raises
        kind = (
            "" if isinstance(error, ImportError | AttributeError) else f"{type(error).__name__}: "
        )
        raise PluginError(
            f"{word} {name!r} cannot be loaded from {target!r}: {kind}{error}".rstrip(".") + "."
        ) from error


def _require_class(
    word: str, spec: BackendSpec | SchedulerSpec, loaded: Any, needed: set[str], base: str
) -> None:
    """Raise PluginError for what is no class of a contract, or does not have all of its methods."""
    start = f"{word} {spec.name!r} cannot be used: its class {spec.target!r}"
    if not isinstance(loaded, type) or not needed <= set(dir(loaded)):
        raise PluginError(f"{start} is {loaded!r}; make it a subclass of unitune's {base}.")
    absent = sorted(getattr(loaded, "__abstractmethods__", ()))
    if absent:
        raise PluginError(f"{start} does not define {', '.join(absent)}.")


def _require_arguments(
    word: str, spec: BackendSpec | ExecutorSpec, loaded: Any, names: list[str]
) -> None:
    """Raise PluginError for what cannot be called with arguments of those names."""
    start = f"{word} {spec.name!r} cannot be used: {spec.target!r}"
    if not callable(loaded):
        raise PluginError(f"{start} is {loaded!r}, which cannot be called.")
    parameters = inspect.signature(loaded).parameters.values()
    if any(each.kind is each.VAR_KEYWORD for each in parameters):
        return
    taken = {p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}
    absent = [name for name in names if name not in taken]
    if absent:
        raise PluginError(
            f"{start} has no argument {' and '.join(absent)}; it is called with "
            f"{', '.join(f'{name}=' for name in names)} and the user's options."
        )


def _callback(name: str) -> Callable[..., Any]:
    spec = discovery.find(discovery.CALLBACKS, name)
    callback = load_target("Callback", spec.name, spec.target)()
    if not callable(callback):
        raise PluginError(
            f"Callback {name!r} cannot be used: {spec.target!r} returned {callback!r}, which is "
            f"not called as callback(trial, run)."
        )
    made: Callable[..., Any] = callback
    return made


def _install(spec: BackendSpec | ExecutorSpec | None, extra: str | None) -> str:
    if extra is not None:
        return f"Install it with: pip install 'unitune[{extra}]'"
    if spec is not None:
        return f"Install it with: pip install '{spec.distribution}{spec.requires}'"
    return "Install the package that has it."


def _importable(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # a submodule of a package that is not there
        return False


def _satisfies(version: str, requires: str) -> bool:
    from packaging.specifiers import SpecifierSet

    return SpecifierSet(requires).contains(version, prereleases=True)
