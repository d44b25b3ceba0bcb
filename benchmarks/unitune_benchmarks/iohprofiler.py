"""Problems of IOHexperimenter (de Nobel et al. 2024): BBOB, and PBO of zeros and ones.

pip install 'unitune[bench-ioh]'
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from functools import lru_cache
from typing import Any, Literal

from unitune.space import Float, Int, Space
from unitune.task import Task
from unitune_benchmarks.known import best_known
from unitune_benchmarks.optional import load_library

EXTRA = "bench-ioh"
FUNCTIONS = (
    *("Sphere", "Ellipsoid", "Rastrigin", "BuecheRastrigin", "LinearSlope", "AttractiveSector"),
    *("StepEllipsoid", "Rosenbrock", "RosenbrockRotated", "EllipsoidRotated", "Discus"),
    *("BentCigar", "SharpRidge", "DifferentPowers", "RastriginRotated", "Weierstrass"),
    *("Schaffers10", "Schaffers1000", "GriewankRosenbrock", "Schwefel", "Gallagher101"),
    *("Gallagher21", "Katsuura", "LunacekBiRastrigin"),
)
BITS = ("LeadingOnes", "OneMaxRuggedness3", "IsingRing", "NQueens")
DIMENSIONS = 5
LENGTH = 16  # of the strings of bits; a square, as some of these problems need it


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem of IOHexperimenter as an objective.

    Args:
        family: 'BBOB' or 'PBO'.
        function: its name.
        dimensions: its number of variables.
        instance: which of its shifted and turned versions.
    """

    family: Literal["BBOB", "PBO"]
    function: str
    _: KW_ONLY
    dimensions: int
    instance: int = 1

    def __call__(self, config: Mapping[str, Any]) -> float:
        """Return the value at a config."""
        problem = _load(self.family, self.function, self.dimensions, self.instance)
        return float(problem([config[f"x{i}"] for i in range(1, self.dimensions + 1)]))


@lru_cache(maxsize=64)
def _load(family: str, function: str, dimensions: int, instance: int) -> Any:
    library = load_library("ioh", EXTRA)
    kind = getattr(library.ProblemClass, family)
    return library.get_problem(
        function, instance=instance, dimension=dimensions, problem_class=kind
    )


def tasks() -> list[Task]:
    """Return the 24 functions of BBOB with 5 variables, and some of PBO with 16 bits."""
    reals = Space({f"x{i}": Float(-5.0, 5.0) for i in range(1, DIMENSIONS + 1)})
    bits = Space({f"x{i}": Int(0, 1) for i in range(1, LENGTH + 1)})
    source = "IOHexperimenter (de Nobel et al. 2024), ioh 0.3"
    shared: dict[str, Any] = {
        "proven": True,
        "source": source,
        "cost": 1e-5,
        "needs": ("ioh",),
        "extra": EXTRA,
    }
    return [
        *(
            Task(
                _name("bbob", function),
                reals,
                objective=Problem("BBOB", function, dimensions=DIMENSIONS),
                optimum=best_known(_name("bbob", function)),
                stresses=("black box",),
                suites=("external", "bbob"),
                **shared,
            )
            for function in FUNCTIONS
        ),
        *(
            Task(
                _name("pbo", function),
                bits,
                objective=Problem("PBO", function, dimensions=LENGTH),
                mode="max",
                optimum=best_known(_name("pbo", function)),
                stresses=("black box", "bits"),
                suites=("external",),
                **shared,
            )
            for function in BITS
        ),
    ]


def _name(family: str, function: str) -> str:
    return f"ioh-{family}-{function.lower()}"
