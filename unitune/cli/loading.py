"""Objects named on the command line as 'module:name', and values given as 'name=value'."""

from __future__ import annotations

import importlib
import json
import sys
import traceback
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

from unitune.errors import OptionError, UnituneError, nearest
from unitune.space import Space, as_space


def load_object(reference: str) -> Any:
    """Return what 'module:name' names; the current directory counts as on the path.

    Raises:
        OptionError: there is no such module, it raises when it is imported, or there is no such
            name in it.
    """
    module_name, name = _split(reference)
    module = _imported(module_name)
    if not hasattr(module, name):
        names = [n for n in vars(module) if not n.startswith("_")]
        raise OptionError(f"Module {module_name!r} has no {name!r}. {nearest(name, names)}")
    return getattr(module, name)


def _split(reference: str) -> tuple[str, str]:
    module, _, name = reference.partition(":")
    if not name or "" in module.split("."):
        raise OptionError(f"{reference!r} is not of the form module:name, as in train:objective.")
    return module, name


def _imported(name: str) -> ModuleType:
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        return importlib.import_module(name)
    except UnituneError:
        raise
    except (Exception, SystemExit) as error:
        # Another module that is not there, or one that this one needs?
        own = isinstance(error, ModuleNotFoundError) and f"{name}.".startswith(f"{error.name}.")
        if own:
            raise OptionError(
                f"There is no module {name!r} in {here} or among what is installed."
            ) from None
        raise OptionError(f"Module {name!r} cannot be imported: {_words(error)}.") from error


def _words(error: BaseException) -> str:
    """Return what an error says, and where in the user's files it came up."""
    what = f"{type(error).__name__}: {error}".removesuffix(": ")
    if isinstance(error, SyntaxError):  # which says it itself
        return what
    frames = traceback.extract_tb(error.__traceback__)
    last = next((f for f in reversed(frames) if "importlib" not in f.filename), frames[-1])
    return f"{what} ({last.filename}, line {last.lineno})"


def load_configs(path: Path) -> Any:
    """Return the configs that a file of JSON holds; what they are is seen to where they are run.

    Raises:
        OptionError: it is no JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise OptionError(
            f'{path} is no JSON ({error}). Give a list of configs, as in [{{"x": 0.5}}].'
        ) from None


def load_space(reference: str | None, objective: str) -> Space:
    """Return the space named, or `space` of the objective's module where none is."""
    return as_space(load_object(reference or f"{_split(objective)[0]}:space"))


def read_settings(pairs: Iterable[str]) -> dict[str, Any]:
    """Return options from 'name=value' texts; values are JSON, or else the text itself.

    Example:
        >>> read_settings(["n_startup_trials=5", "acq_func=EI"])
        {'n_startup_trials': 5, 'acq_func': 'EI'}
    """
    settings: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals or not name:
            raise OptionError(f"The option {pair!r} is not of the form name=value.")
        try:
            settings[name] = json.loads(text)
        except json.JSONDecodeError:
            settings[name] = text
    return settings
