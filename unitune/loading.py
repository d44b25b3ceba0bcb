"""Loading one plugin: its module, the hooks in it, the records they yield, and what is wrong."""

from __future__ import annotations

import ast
import importlib.util
import inspect
from collections.abc import Iterable, Iterator
from importlib import metadata
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any, get_args

import pluggy

from unitune import hookspecs
from unitune.capabilities import BackendSpec, Kind
from unitune.errors import PluginError, nearest
from unitune.hookspecs import CONTRACT

HOOKS = tuple(name for name in vars(hookspecs) if name.startswith("unitune_"))


class Hooks:
    """The hooks of one plugin.

    Args:
        module: what its entry point names.

    Raises:
        PluginError: it is built for another version of the contract, has hooks that do not exist,
            or none at all.
    """

    def __init__(self, module: ModuleType | Any) -> None:
        _check_contract(module)
        _check_marks(module)
        # One manager for each plugin: what one of them does wrong concerns no other.
        self._manager = pluggy.PluginManager("unitune")
        self._manager.add_hookspecs(hookspecs)
        self._manager.register(module)
        for hook in self._implemented(module):
            if hook not in HOOKS:
                raise PluginError(f"unknown hook {hook!r}. {nearest(hook, HOOKS)}")
        self._manager.check_pending()

    def records(self, hook: str, record: type[Any]) -> Iterator[Any]:
        """Yield what one hook yields; raises PluginError for anything but records of its kind."""
        for batch in getattr(self._manager.hook, hook)():
            if not isinstance(batch, Iterable):
                raise PluginError(f"the hook {hook} returned {batch!r}, not a list of records")
            for given in batch:
                if not isinstance(given, record):
                    what = f"not a {record.__name__}"
                    raise PluginError(f"the hook {hook} yielded {given!r}, {what}")
                if not isinstance(given.name, str) or not given.name or ":" in given.name:
                    what = "give it a name without a colon"
                    raise PluginError(
                        f"the hook {hook} yielded a record named {given.name!r}; {what}"
                    )
                yield given

    def _implemented(self, module: Any) -> list[str]:
        callers = self._manager.get_hookcallers(module) or []
        if not callers:
            raise PluginError(f"it implements no hook; there are {', '.join(HOOKS)}")
        return [caller.name for caller in callers]


def load_hooks(value: str) -> Hooks:
    """Import what an entry point names, and return its hooks."""
    return Hooks(metadata.EntryPoint("plugin", value, hookspecs.GROUP).load())


def hooks_in_source(value: str) -> list[str]:
    """Return which hooks a plugin defines by the text of its source; none of it is run.

    What is not found there, or not as text, is left out.
    """
    try:
        path = _source_of(value.partition(":")[0])
        tree = ast.parse(path.read_bytes()) if path is not None else None
    except (OSError, SyntaxError, ValueError):
        return []
    body = [] if tree is None else tree.body
    defined = {node.name for node in body if isinstance(node, ast.FunctionDef)}
    return [hook for hook in HOOKS if hook in defined]


def said_of(error: BaseException, value: str, distribution: str) -> str:
    """Return a clause on what kept a plugin from loading."""
    if isinstance(error, PluginError):
        return f"its plugin {value!r} is not right: {error}"
    clause = f"its plugin {value!r} failed: {type(error).__name__}: {error}"
    if isinstance(error, ModuleNotFoundError) and not _of(error.name, value):
        clause = f"its plugin {value!r} needs {error.name}, which is not installed"
    return clause + _too_old(distribution)


def fault_of(record: Any) -> str | None:
    """Return what is wrong with a record in itself, or None."""
    target = getattr(record, "target", "")
    if target and not all(target.partition(":")):
        return f"its target {target!r} is not of the form 'package.module:name'"
    return _fault_of_backend(record) if isinstance(record, BackendSpec) else None


def _fault_of_backend(spec: BackendSpec) -> str | None:
    names, known = spec.method_names(), set(get_args(Kind))
    for name in names:
        if names.count(name) > 1:
            return f"it has two methods {name!r}"
    if not names:
        return "it has no methods"
    for wanted in [spec.flagship, *spec.aliases.values()]:
        if wanted is not None and wanted not in names:
            return f"it names a method {wanted!r}, which it has not. {nearest(wanted, names)}"
    for method in spec.methods:
        for kind in sorted(method.takes - known):
            what = f"its method {method.name!r} takes {kind!r}, which is no kind of parameter"
            return f"{what}. {nearest(kind, known)}"
    return None


def _source_of(module: str) -> Path | None:
    """Return a module's file, found without importing the packages that it is in."""
    first, *inner = module.split(".")
    found: ModuleSpec | None = importlib.util.find_spec(first)
    name = first
    for part in inner:
        name = f"{name}.{part}"
        places = None if found is None else found.submodule_search_locations
        found = PathFinder.find_spec(name, places) if places is not None else None
    return None if found is None or found.origin is None else Path(found.origin)


def _check_contract(module: Any) -> None:
    built_for = getattr(module, "unitune_contract", CONTRACT)
    if isinstance(built_for, bool) or not isinstance(built_for, int):
        raise PluginError(f"unitune_contract is {built_for!r}; write the number {CONTRACT}")
    if built_for > CONTRACT:
        raise PluginError(
            f"it is built for version {built_for} of the plugin contract, and this unitune has "
            f"version {CONTRACT}; upgrade unitune, or install an older version of the plugin"
        )


def _check_marks(module: Any) -> None:
    for name, value in inspect.getmembers(module, inspect.isfunction):
        own = value.__module__ == getattr(module, "__name__", None)
        if name.startswith("unitune_") and own and not hasattr(value, "unitune_impl"):
            raise PluginError(f"its function {name!r} has no @hookimpl before it")


def _of(missing: str | None, value: str) -> bool:
    """Return whether the missing module is the plugin's own rather than one that it needs."""
    return missing is None or value.partition(":")[0].startswith(missing)


def _too_old(distribution: str) -> str:
    """Return a clause on the unitune that a distribution asks for, where this is another one."""
    from packaging.requirements import Requirement

    try:
        requires, version = metadata.requires(distribution) or [], metadata.version("unitune")
    except metadata.PackageNotFoundError:
        return ""
    for text in requires:
        requirement = Requirement(text)
        asked = requirement.name == "unitune" and not requirement.marker
        if asked and not requirement.specifier.contains(version, prereleases=True):
            return f"; it asks for {text}, and this is unitune {version}"
    return ""
