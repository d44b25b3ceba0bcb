"""What a stretch of code leaves behind: files, words, warnings, and the state of the process."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import os
import random
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

# What numpy makes of floating point errors, unless it is told otherwise.
ERRORS: Any = {"divide": "warn", "over": "warn", "under": "ignore", "invalid": "warn"}


@dataclass(slots=True)
class Traces:
    """What was left behind.

    Attributes:
        files: written to the current directory, or to the user's.
        moved: whether the current directory is another one.
        environment: the variables that changed.
        random: the generators whose global state changed.
        said: what was written to standard output and standard error.
        warned: the warnings.
        logging: what of the root logger, the filters of warnings and numpy's handling of
            floating point errors changed.
    """

    files: list[str] = field(default_factory=list)
    moved: bool = False
    environment: list[str] = field(default_factory=list)
    random: list[str] = field(default_factory=list)
    said: str = ""
    warned: list[str] = field(default_factory=list)
    logging: list[str] = field(default_factory=list)
    _numbers: dict[str, Any] = field(default_factory=dict)

    def look(self) -> None:
        """See whether generators are as they were: a call may put right what one before it did."""
        now = random_states()
        changed = {name for name, state in now.items() if state != self._numbers.get(name, state)}
        self.random = sorted(changed.union(self.random))

    def left(self) -> dict[str, Any]:
        """Return everything that was left behind, by its kind."""
        kinds = (each.name for each in dataclasses.fields(self) if not each.name.startswith("_"))
        return {kind: getattr(self, kind) for kind in kinds if getattr(self, kind)}


@contextlib.contextmanager
def watching(
    place: Path, capture: pytest.CaptureFixture[str], patch: pytest.MonkeyPatch
) -> Iterator[Traces]:
    """Watch what is done, in an empty directory and an empty home; all is as before in the end.

    Args:
        place: an empty directory.
        capture: pytest's, of file descriptors.
        patch: pytest's.
    """
    traces = Traces()
    here, home = place / "here", place / "home"
    for each in (here, home):
        each.mkdir()
    patch.chdir(here)
    patch.setenv("HOME", str(home))
    capture.readouterr()
    given = random_states()
    # So that the state is none that seeding leads to.
    random.random(), np.random.random()  # noqa: NPY002 - the global one is what is watched
    environment, root = dict(os.environ), _root()
    errors = np.seterr(**ERRORS)
    traces._numbers = random_states()
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            filters = list(warnings.filters)
            yield traces
            if warnings.filters != filters:
                traces.logging.append("the filters of warnings")
        traces.look()
        after = os.environ
        names = {*environment, *after}
        traces.environment = sorted(n for n in names if environment.get(n) != after.get(n))
        if np.geterr() != ERRORS:
            traces.logging.append("numpy's handling of floating point errors")
    finally:
        restore(given)
        np.seterr(**errors)
    traces.files = [str(path.relative_to(place)) for path in sorted(place.glob("*/*"))]
    traces.moved = Path.cwd() != here
    traces.said = "".join(capture.readouterr())
    traces.warned = [str(warning.message) for warning in caught]
    if _root() != root:
        traces.logging.append("the root logger")


def random_states() -> dict[str, Any]:
    """Return the state of every global generator of random numbers there is."""
    kind, keys, *rest = np.random.get_state()  # noqa: NPY002 - the global one is what is watched
    states = {"random": random.getstate(), "numpy": (kind, np.asarray(keys).tolist(), *rest)}
    if "torch" in sys.modules:
        states["torch"] = sys.modules["torch"].get_rng_state().tolist()
    return states


def restore(states: dict[str, Any]) -> None:
    """Bring the global generators of Python and numpy back to a state."""
    random.setstate(states["random"])
    np.random.set_state(states["numpy"])  # noqa: NPY002 - the same


def _root() -> tuple[int, list[logging.Handler]]:
    root = logging.getLogger()
    return root.level, list(root.handlers)
