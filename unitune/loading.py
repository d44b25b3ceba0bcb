"""Loading one plugin: its module, the hooks in it, the records they yield, and what is wrong."""

from __future__ import annotations

import ast
import contextlib
import importlib.util
import inspect
import random
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields
from importlib import metadata
from importlib.machinery import ModuleSpec, PathFinder
from numbers import Integral, Real
from pathlib import Path
from types import ModuleType, NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import pluggy

from unitune import hookspecs
from unitune.capabilities import BackendSpec, Method, SchedulerSpec
from unitune.errors import PluginError, nearest
from unitune.hookspecs import CONTRACT

HOOKS = tuple(name for name in vars(hookspecs) if name.startswith("unitune_"))


def _is_versions(text: str) -> bool:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        SpecifierSet(text)
    except InvalidSpecifier:
        return False
    return True


_MODULE = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*").fullmatch
_PLACE = re.compile(r"[\w.]+:\w+").fullmatch

# What strings in a field of a record are to be like, and how that is said.
_FORMS: Mapping[str, tuple[Callable[[str], Any], str]] = {
    "name": (re.compile("[^:]+").fullmatch, "a name without a colon"),
    "target": (_PLACE, "a string of the form 'package.module:name'"),
    "objective": (_PLACE, "a function, or a string of the form 'package.module:name'"),
    "distribution": (re.compile(r"\w([\w.-]*\w)?").fullmatch, "its name on the package index"),
    "module": (_MODULE, "a module, as in 'package.module'"),
    "needs": (_MODULE, "a module, as in 'package.module'"),
    "requires": (_is_versions, "versions, as in '>=5.0,<6'"),
    "through": (re.compile("[^:]+:[^:]+").fullmatch, "a string of the form 'backend:method'"),
}
_WORDS = {str: "a string", bool: "True or False", int: "a whole number", float: "a number"}
_UNIONS, _MANY = (Union, UnionType), (tuple, frozenset, Mapping)


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
                raise PluginError(f"unknown hook {hook!r} ({_hint(hook, HOOKS)})")
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
    with undisturbed():
        return Hooks(metadata.EntryPoint("plugin", value, hookspecs.GROUP).load())


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """Leave the global random numbers as they are, whatever a module draws while it is imported.

    One that draws is sklearn.ensemble.
    """
    state, numpy = random.getstate(), sys.modules.get("numpy.random")
    legacy = None if numpy is None else numpy.get_state()
    try:
        yield
    finally:
        random.setstate(state)
        if numpy is not None:
            numpy.set_state(legacy)


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
        return f"its plugin {value!r} is not right: {error}".rstrip(".")
    clause = f"its plugin {value!r} failed: {type(error).__name__}: {error}".rstrip(".: ")
    if isinstance(error, ModuleNotFoundError) and not _of(error.name, value):
        clause = f"its plugin {value!r} needs {error.name}, which is not installed"
    return clause + _too_old(distribution)


def fault_of(record: Any, kind: type[Any]) -> str | None:
    """Return a clause on what is wrong with a record in itself, or None.

    Args:
        record: what a plugin yielded.
        kind: the class of records that it is one of, whose annotations say what a field takes.

    Example:
        >>> method = Method("random", frozenset({"float/linear"}), needs="numpy")
        >>> fault_of(BackendSpec("mine", "mine:Mine", methods=(method,)), BackendSpec)
        "its method 'random' has needs='numpy'; give a tuple, as in (x,), where each x is a string"
    """
    odd = _odd_field(record, kind, "it")
    return _odd_method(record) if odd is None and isinstance(record, BackendSpec) else odd


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
            known = "" if name in HOOKS else f", and is no hook ({_hint(name, HOOKS)})"
            raise PluginError(f"its function {name!r} has no @hookimpl before it{known}")


def _of(missing: str | None, value: str) -> bool:
    """Return whether the missing module is the plugin's own rather than one that it needs."""
    own = value.partition(":")[0].partition(".")[0]
    return missing is None or missing.partition(".")[0] == own.strip()


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


def _hint(name: str, known: Iterable[str]) -> str:
    """Return the names nearest to a wrong one, as a clause that ends without a full stop."""
    return nearest(name, known).rstrip(".")


def _odd_field(record: Any, kind: type[Any], whose: str) -> str | None:
    """Return a clause on the first field that does not hold what it should, or None."""
    hints = get_type_hints(kind)
    for each in fields(kind):
        name, value = each.name, getattr(record, each.name)
        wrong = next(_misfits(value, hints[name]), None)
        if wrong is None and value != each.default:
            wrong = next(((text, str) for text in _misformed(name, value)), None)
        if wrong is not None:
            given = (
                f"{name}={_shown(value)}" if wrong[0] is value else f"{_shown(wrong[0])} in {name}"
            )
            return f"{whose} has {given}{_advice(name, *wrong)}"
        for item in value if isinstance(value, tuple) else ():
            if isinstance(item, Method | SchedulerSpec):
                owner = f"its {name.removesuffix('s')} {item.name!r}"
                fault = _odd_field(item, type(item), owner)
                if fault is not None:
                    return fault
    return None


def _misfits(value: Any, hint: Any) -> Iterator[tuple[Any, Any]]:
    """Yield each part of a value that is not of its annotated type, with that type."""
    origin, args = get_origin(hint), get_args(hint)
    if origin in _UNIONS:
        fits = any(next(_misfits(value, arg), None) is None for arg in args)
    elif origin is Literal:
        fits = isinstance(value, str) and value in args
    elif hint in (int, float):
        fits = isinstance(value, Integral if hint is int else Real) and not isinstance(value, bool)
    else:
        fits = isinstance(value, origin or hint)
        fits = fits and (origin is not tuple or ... in args or len(value) == len(args))
    if not fits:
        yield value, hint
    elif origin in _MANY:
        for part, wanted in _parts(value, origin, args):
            yield from _misfits(part, wanted)


def _parts(value: Any, origin: Any, args: tuple[Any, ...]) -> Iterator[tuple[Any, Any]]:
    """Yield what a tuple, a frozenset or a mapping holds, each with its annotated type."""
    if origin is Mapping:
        yield from ((key, args[0]) for key in value)
        yield from ((item, args[1]) for item in value.values())
    elif origin is frozenset or ... in args:
        yield from ((item, args[0]) for item in value)
    else:
        yield from zip(value, args, strict=True)


def _misformed(name: str, value: Any) -> Iterator[str]:
    """Yield the strings of a field that do not have its form."""
    for text in value if isinstance(value, tuple) else (value,):
        if name in _FORMS and isinstance(text, str) and not _FORMS[name][0](text):
            yield text


def _advice(name: str, odd: Any, wanted: Any) -> str:
    """Return what to give instead."""
    if get_origin(wanted) is Literal and isinstance(odd, str):
        return f", which is unknown ({_hint(odd, get_args(wanted))})"
    formed = name in _FORMS and get_origin(wanted) not in _MANY
    return f"; give {_FORMS[name][1] if formed else _worded(wanted)}"


def _worded(hint: Any) -> str:
    """Return a type in words."""
    origin, args = get_origin(hint), get_args(hint)
    words = [_worded(arg) for arg in args if arg is not ... and origin is not Literal]
    if origin in _UNIONS:
        return " or ".join(words)
    if origin is Literal:
        return f"a name such as {args[0]!r}"
    if origin is Mapping:
        return f"a mapping from {words[0]} to {words[1]}"
    if origin is frozenset:
        return f"a frozenset, as in frozenset({{x}}), where each x is {words[0]}"
    if origin is tuple and ... in args:
        return f"a tuple, as in (x,), where each x is {words[0]}"
    if origin is tuple:
        return f"a tuple of {len(words)}: {', '.join(words)}"
    return "None" if hint is NoneType else _WORDS.get(hint, f"a {hint.__name__}")


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:59]}…"


def _odd_method(spec: BackendSpec) -> str | None:
    """Return a clause on methods of a backend that do not go together, or None."""
    names = spec.method_names()
    for name in names:
        if names.count(name) > 1:
            return f"it has two methods {name!r}"
    if not names:
        return "it has no methods"
    if "bayesian" in names and spec.flagship not in (None, "bayesian"):
        return f"its method 'bayesian' has the name by which users mean flagship={spec.flagship!r}"
    meant = [name for scheduler in spec.schedulers for name in scheduler.methods]
    for wanted in [spec.flagship, *spec.aliases.values(), *meant]:
        if wanted is not None and wanted not in names:
            return f"it names a method {wanted!r}, which it has not ({_hint(wanted, names)})"
    return None
