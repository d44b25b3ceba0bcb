"""Tasks on synthetic functions whose least value is known."""

from __future__ import annotations

from typing import Any

from unitune.task import Task
from unitune_benchmarks.functions import SIZED, get_function
from unitune_benchmarks.landscapes import Landscape

# An evaluation takes microseconds.
COST = 1e-5


def make_task(
    function: str,
    dimensions: int | None = None,
    *,
    shift: int | None = None,
    rotate: int | None = None,
    noise: float = 0.0,
    **details: Any,
) -> Task:
    """Return a task on a test function.

    Args:
        function: its name, see `unitune_benchmarks.functions`.
        dimensions: how many variables it has, where it takes any number.
        shift: a seed that decides where the minimiser goes; None leaves it where it is.
        rotate: a seed of the rotation; None turns nothing.
        noise: the standard deviation of what is added to each value.
        details: further fields of the task: its `name`, `stresses`, `suites`, …

    Example:
        >>> task = make_task("ackley", 8, shift=3, rotate=3)
        >>> task.name, task.optimum, task.proven
        ('ackley8', 0.0, True)
    """
    landscape = Landscape(function, dimensions, shift=shift, rotate=rotate, noise=noise)
    size = str(dimensions) if function in SIZED else ""
    given: dict[str, Any] = {
        "name": f"{function}{size}",
        "optimum": landscape.optimum(),
        "proven": noise == 0.0,  # noise can be lucky
        "source": get_function(function, dimensions).source,
        "cost": COST,
        "noisy": noise > 0.0,
    }
    return Task(**{**given, **details}, space=landscape.space(), objective=landscape)


def tasks() -> list[Task]:
    """Return the tasks on synthetic functions."""
    every = ("smoke", "quick", "standard", "full")
    usual = every[1:]
    return [
        make_task("branin", stresses=("three equal minima",), suites=every),
        make_task("camel", stresses=("six local minima",), suites=("full",)),
        make_task(
            "goldstein-price",
            shift=9,
            version=2,
            stresses=("values over six orders of magnitude",),
            suites=("standard", "full"),
        ),
        make_task("hartmann3", stresses=("smooth",), suites=("full",)),
        make_task("hartmann6", stresses=("smooth", "local minima"), suites=every),
        make_task(
            "rosenbrock",
            4,
            shift=4,
            rotate=4,
            stresses=("a curved, flat valley", "interaction"),
            suites=usual,
        ),
        make_task(
            "ackley",
            5,
            shift=5,
            rotate=5,
            stresses=("a narrow funnel", "many local minima", "interaction"),
            suites=every,
        ),
        make_task(
            "rastrigin",
            5,
            shift=6,
            rotate=6,
            stresses=("very many local minima", "interaction"),
            suites=("standard", "full"),
        ),
        make_task("levy", 4, shift=7, stresses=("local minima",), suites=("standard", "full")),
        make_task(
            "styblinski-tang",
            5,
            shift=8,
            stresses=("two wells in each parameter",),
            suites=("standard", "full"),
        ),
        make_task(
            "michalewicz",
            5,
            shift=10,
            version=2,
            stresses=("narrow valleys in a plain",),
            suites=("standard", "full"),
        ),
        make_task(
            "hartmann6",
            noise=0.1,
            name="hartmann6-noisy",
            stresses=("noise", "smooth"),
            suites=("standard", "full"),
        ),
        _region(),
    ]


def _region() -> Task:
    # Two of Branin's three minima are left.
    landscape = Landscape("branin", forbidden=5.0)
    return Task(
        "branin-region",
        landscape.space(),
        objective=landscape,
        optimum=landscape.optimum(),
        proven=True,
        source="Branin's function; what has x1 > 5 is infeasible",
        cost=COST,
        stresses=("a third of the space is infeasible",),
        suites=("full",),
    )
