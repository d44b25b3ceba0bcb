"""Finding backends: entry points, each behind a fence of its own."""

from __future__ import annotations

import functools
import importlib
import importlib.util
from dataclasses import KW_ONLY, dataclass
from importlib import metadata
from typing import Any

import pluggy

from unitune import hookspecs
from unitune.capabilities import BackendSpec, Method
from unitune.errors import MissingLibraryError, PluginError, UnknownNameError, nearest


@dataclass(frozen=True, slots=True)
class Found:
    """A backend and who brings it, or what kept a plugin from loading.

    Attributes:
        name: the backend's name; that of the entry point where it did not load.
        spec: its record; None where it did not load.
        origin: the distribution and version that bring it.
        problem: why it cannot be used; None where it can, as far as unitune knows.
        error: the exception behind the problem.
    """

    name: str
    spec: BackendSpec | None
    _: KW_ONLY
    origin: str
    problem: str | None = None
    error: BaseException | None = None


@functools.cache
def discover() -> dict[str, Found]:
    """Return every backend that an installed plugin brings, by name.

    A plugin that fails stays in the list with its error and hides no other.
    """
    found: dict[str, Found] = {}
    for entry in sorted(metadata.entry_points(group=hookspecs.GROUP), key=lambda e: e.name):
        origin = f"{entry.dist.name} {entry.dist.version}" if entry.dist else "an unnamed package"
        try:
            specs = read_specs(entry.load())
        except Exception as error:  # noqa: BLE001 - whatever a stranger's plugin raises
            what = f"its plugin {entry.value!r} failed: {type(error).__name__}: {error}"
            broken = Found(entry.name, None, origin=origin, problem=what, error=error)
            found.setdefault(entry.name, broken)
            continue
        for spec in specs:
            found[spec.name] = _merged(found.get(spec.name), spec, origin)
    return found


def read_specs(module: Any) -> list[BackendSpec]:
    """Return the backends of one plugin module; raises for hooks that do not exist."""
    manager = pluggy.PluginManager("unitune")
    manager.add_hookspecs(hookspecs)
    manager.register(module)
    manager.check_pending()
    specs = [spec for batch in manager.hook.unitune_backends() for spec in batch]
    for spec in specs:
        if not isinstance(spec, BackendSpec):
            raise PluginError(f"the hook unitune_backends yielded {spec!r}, not a BackendSpec")
    return specs


def find_backend(name: str) -> BackendSpec:
    """Return a backend's record.

    Raises:
        UnknownNameError: no plugin brings it.
        PluginError: its plugin failed, or two plugins bring it.
    """
    if not isinstance(name, str):
        raise UnknownNameError(f"A backend is named by a string, not {name!r}.")
    backends = discover()
    if name not in backends:
        raise UnknownNameError(f"There is no backend {name!r}. {nearest(name, backends)}")
    found = backends[name]
    if found.spec is None or found.problem:
        raise PluginError(
            f"Backend {name!r} (from {found.origin}) cannot be used: {found.problem}."
        ) from found.error
    return found.spec


def find_method(spec: BackendSpec, name: str) -> Method:
    """Return one of a backend's methods; 'bayesian' is its flagship.

    Raises:
        UnknownNameError: it has no such method.
    """
    wanted = spec.flagship if name == "bayesian" else spec.aliases.get(name, name)
    for method in spec.methods:
        if method.name == wanted:
            return method
    known = spec.method_names() + (["bayesian"] if spec.flagship else [])
    raise UnknownNameError(
        f"Backend {spec.name!r} has no method {name!r}. {nearest(name, known)} "
        f"All: {', '.join(known)}."
    )


def library_version(spec: BackendSpec) -> str | None:
    """Return the installed version of the wrapped library, without importing it."""
    if spec.distribution is None:
        return None
    try:
        return metadata.version(spec.distribution)
    except metadata.PackageNotFoundError:
        return None


def missing(spec: BackendSpec, method: Method | None = None) -> str | None:
    """Return a sentence on what a backend (or one method) lacks here, or None."""
    if spec.distribution is not None:
        version = library_version(spec)
        install = f"Install it with: pip install 'unitune[{spec.extra}]'"
        if version is None or not _importable(spec.module or spec.distribution):
            library = spec.distribution
            return f"Backend {spec.name!r} needs {library}, which is not installed. {install}"
        if not _satisfies(version, spec.requires):
            return (
                f"Backend {spec.name!r} needs {spec.distribution}{spec.requires}, and {version} is "
                f"installed. {install}"
            )
    if method is None:
        return None
    for module in method.needs:
        if not _importable(module):
            return (
                f"Method {method.name!r} of backend {spec.name!r} needs {module}, which is not "
                f"installed. Install it with: pip install 'unitune[{method.extra or spec.extra}]'"
            )
    return None


def load(spec: BackendSpec, method: Method) -> Any:
    """Import a backend's class, and with it the wrapped library.

    Raises:
        MissingLibraryError: the library is not installed or too old.
        PluginError: the plugin names a class that is not there.
    """
    lack = missing(spec, method)
    if lack is not None:
        raise MissingLibraryError(lack)
    module, _, name = spec.target.partition(":")
    try:
        return getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise PluginError(
            f"Backend {spec.name!r} cannot be loaded from {spec.target!r}: {error}."
        ) from error


def _merged(known: Found | None, spec: BackendSpec, origin: str) -> Found:
    if known is None or known.spec is None:
        return Found(spec.name, spec, origin=origin)
    both = f"two plugins bring a backend of that name, {known.origin} and {origin}; uninstall one"
    return Found(spec.name, known.spec, origin=f"{known.origin} and {origin}", problem=both)


def _importable(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # a submodule of a package that is not there
        return False


def _satisfies(version: str, requires: str) -> bool:
    from packaging.specifiers import SpecifierSet

    return SpecifierSet(requires).contains(version, prereleases=True)
