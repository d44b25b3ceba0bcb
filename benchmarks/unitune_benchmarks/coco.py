"""Problems of COCO (Hansen et al. 2021): `bbob` and, with integers among them, `bbob-mixint`.

pip install 'unitune[bench-coco]'
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import KW_ONLY, dataclass
from functools import lru_cache
from typing import Any, Literal

from unitune.errors import OptionError
from unitune.space import Float, Int, Parameter, Space
from unitune.task import Task
from unitune_benchmarks.known import best_known
from unitune_benchmarks.optional import load_library

EXTRA = "bench-coco"
Suite = Literal["bbob", "bbob-mixint"]
# A fifth of the variables of bbob-mixint has 2 values, a fifth 4, then 8, 16, and all reals.
_LEVELS = (2, 4, 8, 16)


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem of a COCO suite as an objective.

    Args:
        suite: 'bbob' or 'bbob-mixint'.
        function: its number, 1 to 24.
        dimensions: its number of variables.
        instance: which of its shifted and turned versions.
    """

    suite: Suite
    function: int
    _: KW_ONLY
    dimensions: int = 5
    instance: int = 1

    def __call__(self, config: Mapping[str, Any]) -> float:
        """Return the value at a config."""
        suite = _load(self.suite, self.dimensions, self.instance)
        point = [float(config[f"x{i}"]) for i in range(1, self.dimensions + 1)]
        return float(suite.problems[self.function - 1](point))


class _Loaded:
    """A suite, which its problems need to be alive, and its problems."""

    def __init__(self, suite: Any) -> None:
        self.suite = suite
        self.problems = [suite.get_problem(place) for place in range(len(suite))]


@lru_cache(maxsize=4)
def _load(suite: str, dimensions: int, instance: int) -> _Loaded:
    library = load_library("cocoex", EXTRA)
    chosen = f"dimensions:{dimensions} instance_indices:{instance}"
    return _Loaded(library.Suite(suite, "", chosen))


def make_space(suite: Suite, dimensions: int) -> Space:
    """Return the box of a suite.

    Raises:
        OptionError: the suite has no problems of so many variables.
    """
    if suite not in ("bbob", "bbob-mixint"):
        raise OptionError(f"suite={suite!r}: use 'bbob' or 'bbob-mixint'.")
    sizes = (2, 3, 5, 10, 20, 40) if suite == "bbob" else (5, 10, 20, 40)
    if dimensions not in sizes:
        raise OptionError(
            f"{suite} has problems of {', '.join(map(str, sizes))} variables, not of {dimensions}."
        )
    parameters: dict[str, Parameter] = {}
    for place in range(dimensions):
        fifth = place * 5 // dimensions
        if suite == "bbob-mixint" and fifth < len(_LEVELS):
            parameters[f"x{place + 1}"] = Int(0, _LEVELS[fifth] - 1)
        else:
            parameters[f"x{place + 1}"] = Float(-5.0, 5.0)
    return Space(parameters)


def tasks(
    suite: Suite = "bbob-mixint",
    *,
    dimensions: int = 5,
    instance: int = 1,
    functions: Iterable[int] = range(1, 25),
) -> list[Task]:
    """Return tasks of a COCO suite.

    Args:
        suite: 'bbob' or 'bbob-mixint'.
        dimensions: the number of variables.
        instance: which of the shifted and turned versions.
        functions: the numbers of the functions.
    """
    space = make_space(suite, dimensions)
    return [
        Task(
            name,
            space,
            objective=Problem(suite, number, dimensions=dimensions, instance=instance),
            optimum=best_known(name),
            proven=True,
            source="COCO (Hansen et al. 2021), coco-experiment 2.8",
            cost=1e-5,
            stresses=("black box",) if suite == "bbob" else ("black box", "integers"),
            suites=("external", suite.removeprefix("bbob-")),
            needs=("cocoex",),
            extra=EXTRA,
        )
        for number in functions
        for name in [f"{suite}-f{number}-d{dimensions}-i{instance}"]
    ]
