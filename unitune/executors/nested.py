"""What a worker needs so that objectives can start processes of their own.

`multiprocessing` and plain pickles refer to what a script defines as attributes of `__main__`. A
worker never runs the script, so the functions and classes it was sent of it are put into its own
`__main__`, where forked children find them. A fresh interpreter (the start methods spawn and
forkserver) loads them from the worker's payload once it looks for the first of them.
"""

from __future__ import annotations

import mmap
import multiprocessing.process
import pickle
import sys
from multiprocessing import reduction
from typing import IO, Any

from unitune.executors.pickling import dump
from unitune.objective import Evaluator


def dump_objective(evaluate: Evaluator, file: IO[bytes]) -> None:
    """Write what a worker loads once; raise whatever its pickling raises."""
    main: dict[str, Any] = {}
    # It is filled while the evaluator is pickled, and then holds the very same objects.
    dump((evaluate, main), file, main)


def load_objective(file: IO[bytes] | mmap.mmap) -> tuple[Evaluator, tuple[str, ...]]:
    """Load an evaluator, put what came of the script into `__main__`, and return the names.

    Raises:
        Exception: whatever its unpickling raises.
    """
    evaluate, main = pickle.load(file)  # noqa: S301 - written by the driver
    vars(sys.modules["__main__"]).update(main)
    return evaluate, tuple(main)


def bequeath(number: int, start: int, names: tuple[str, ...]) -> None:
    """Let processes that are started from here find what the script defines.

    Args:
        number: the payload's file descriptor; it must stay open.
        start: where the evaluator begins in it.
        names: what the script defines of it.
    """
    if names:
        # Private, but multiprocessing notes there that "everything in self._config will be
        # inherited by descendant processes". It is unpickled before what they are to run.
        config = multiprocessing.process.current_process()._config  # type: ignore[attr-defined]
        config["unitune"] = _Heirloom(number, start, names)


class _Heirloom:
    def __init__(self, number: int, start: int, names: tuple[str, ...]) -> None:
        self._number = number
        self._start = start
        self._names = names

    def __reduce__(self) -> tuple[Any, ...]:
        return _inherit, (reduction.DupFd(self._number), self._start, self._names)

    def find(self, name: str) -> Any:
        """Return an attribute that `__main__` does not have yet."""
        if name not in self._names:
            raise AttributeError(f"module '__main__' has no attribute {name!r}")
        with mmap.mmap(self._number, 0, access=mmap.ACCESS_READ) as payload:
            payload.seek(self._start)
            load_objective(payload)
        return vars(sys.modules["__main__"])[name]


def _inherit(number: Any, start: int, names: tuple[str, ...]) -> _Heirloom:
    heirloom = _Heirloom(number.detach(), start, names)
    vars(sys.modules["__main__"]).setdefault("__getattr__", heirloom.find)  # PEP 562
    return heirloom
