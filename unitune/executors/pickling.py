"""What travels between processes, as bytes: functions by value where a worker cannot import them.

cloudpickle takes what a script or a notebook defines (lambdas, closures, functions and classes of
`__main__`) along by value, and all the rest by its module's name. A module can have a name by
which nobody else finds it, as test modules and plugins loaded from a path do; what such a module
defines is taken by value here too.
"""

from __future__ import annotations

import contextlib
import io
import pickle
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import FunctionType, ModuleType
from typing import IO, Any

import cloudpickle  # type: ignore[import-untyped]

_PLAIN = frozenset({int, float, str, bool, bytes, type(None)})


class _Pickler(cloudpickle.Pickler):  # type: ignore[misc]
    """Takes functions and classes of modules that a fresh interpreter would not find by value."""

    def __init__(self, file: IO[bytes], main: dict[str, Any]) -> None:
        super().__init__(file, protocol=pickle.HIGHEST_PROTOCOL)
        self.strange: dict[str, ModuleType | None] = {}
        self.main = main

    def reducer_override(self, obj: Any) -> Any:
        if isinstance(obj, FunctionType | type):
            name, called = obj.__module__, obj.__qualname__
            if name == "__main__" and vars(sys.modules[name]).get(called) is obj:
                self.main[called] = obj
            if isinstance(name, str) and name not in self.strange:
                self.strange[name] = _strange_module(name)
                if self.strange[name] is not None:
                    cloudpickle.register_pickle_by_value(self.strange[name])
        return super().reducer_override(obj)

    def forget(self) -> None:
        """Take back what was registered on the way."""
        for module in filter(None, self.strange.values()):
            with contextlib.suppress(ValueError):  # somebody else took it back
                cloudpickle.unregister_pickle_by_value(module)


def dump(value: Any, file: IO[bytes], main: dict[str, Any] | None = None) -> None:
    """Write anything that can be sent to another process; raise whatever its pickling raises.

    Args:
        value: what to write.
        file: where to.
        main: takes, by their names, the functions and classes of `__main__` that are met.
    """
    pickler = _Pickler(file, {} if main is None else main)
    try:
        pickler.dump(value)
    finally:
        pickler.forget()


def pack(mapping: Mapping[Any, Any]) -> bytes:
    """Return a config or a mapping of metrics as bytes; raise whatever its pickling raises."""
    if all(type(value) in _PLAIN for pair in mapping.items() for value in pair):
        return pickle.dumps(dict(mapping), pickle.HIGHEST_PROTOCOL)  # many times faster
    file = io.BytesIO()
    dump(dict(mapping), file)
    return file.getvalue()


def unpack(packed: bytes) -> dict[Any, Any]:
    """Return what was packed; raise whatever its unpickling raises."""
    mapping: dict[Any, Any] = pickle.loads(packed)  # noqa: S301 - from a process of our own
    return mapping


def _strange_module(name: str) -> ModuleType | None:
    """Return a module of Python source that its name does not lead to, or None."""
    module = sys.modules.get(name)
    file = getattr(module, "__file__", None)
    if name == "__main__" or file is None or not str(file).endswith(".py"):
        return None  # compiled modules have inner ones with no file of their own
    if name in cloudpickle.list_registry_pickle_by_value():
        return None  # the user's own wish, and not ours to take back
    return None if any(_same(file, origin) for origin in _origins(name)) else module


def _origins(name: str) -> Iterator[str | None]:
    """Find a module as a fresh interpreter would, without a look at those already imported."""
    path = None
    spec = None
    parts = name.split(".")
    for depth in range(1, len(parts) + 1):
        whole = ".".join(parts[:depth])
        finders = (getattr(finder, "find_spec", None) for finder in sys.meta_path)
        spec = next(filter(None, (find(whole, path) for find in finders if find)), None)
        if spec is None:
            return
        path = spec.submodule_search_locations
    if spec is not None:
        yield spec.origin


def _same(file: str, origin: str | None) -> bool:
    return origin is not None and Path(file).resolve() == Path(origin).resolve()
