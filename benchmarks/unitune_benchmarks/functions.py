"""Test functions with known minima, in plain Python: their values, boxes and minimisers.

Formulas, boxes and minima are those of the literature named in each record; where no other is
named, of Surjanovic and Bingham's Virtual Library of Simulation Experiments (sfu.ca/~ssurjano).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, dataclass
from math import cos, exp, pi, sin, sqrt

from unitune.errors import OptionError, UnknownNameError, nearest

Point = Sequence[float]
Bounds = tuple[tuple[float, float], ...]

LIBRARY = "Surjanovic & Bingham, Virtual Library of Simulation Experiments"


@dataclass(frozen=True, slots=True)
class Function:
    """A function to minimise over a box.

    Attributes:
        value: the function itself.
        bounds: the box: the least and the greatest value of each variable.
        minimiser: a point of the box with the least value.
        optimum: that value.
        everywhere: whether it is the least value outside the box as well.
        source: where the formula and the minimum come from.
    """

    value: Callable[[Point], float]
    bounds: Bounds
    _: KW_ONLY
    minimiser: tuple[float, ...]
    optimum: float
    everywhere: bool = True
    source: str = LIBRARY


def branin(
    x: Point, b: float = 5.1 / (4 * pi**2), c: float = 5 / pi, t: float = 1 / (8 * pi)
) -> float:
    """Return Branin's function; b, c and t are those of its formula."""
    return (x[1] - b * x[0] ** 2 + c * x[0] - 6) ** 2 + 10 * (1 - t) * cos(x[0]) + 10


HARTMANN_WEIGHTS = (1.0, 1.2, 3.0, 3.2)
_A3 = ((3.0, 10.0, 30.0), (0.1, 10.0, 35.0)) * 2
_P3 = (
    (0.3689, 0.1170, 0.2673),
    (0.4699, 0.4387, 0.7470),
    (0.1091, 0.8732, 0.5547),
    (0.0381, 0.5743, 0.8828),
)
_A6 = (
    (10.0, 3.0, 17.0, 3.5, 1.7, 8.0),
    (0.05, 10.0, 17.0, 0.1, 8.0, 14.0),
    (3.0, 3.5, 1.7, 10.0, 17.0, 8.0),
    (17.0, 8.0, 0.05, 10.0, 0.1, 14.0),
)
_P6 = (
    (0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886),
    (0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991),
    (0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.6650),
    (0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381),
)


def hartmann(x: Point, weights: Point = HARTMANN_WEIGHTS) -> float:
    """Return Hartmann's function of three or six variables."""
    widths, centres = (_A3, _P3) if len(x) == 3 else (_A6, _P6)
    total = 0.0
    for weight, row, centre in zip(weights, widths, centres, strict=True):
        total += weight * exp(
            -sum(a * (v - p) ** 2 for a, v, p in zip(row, x, centre, strict=True))
        )
    return -total


def rosenbrock(x: Point) -> float:
    """Return Rosenbrock's curved valley."""
    pairs = zip(x[1:], x[:-1], strict=True)
    return sum(100 * (after - before**2) ** 2 + (1 - before) ** 2 for after, before in pairs)


def ackley(x: Point) -> float:
    """Return Ackley's function: a narrow funnel in a nearly flat plain."""
    spread = sqrt(sum(v * v for v in x) / len(x))
    waves = sum(cos(2 * pi * v) for v in x) / len(x)
    return 20 - 20 * exp(-0.2 * spread) + math.e - exp(waves)


def rastrigin(x: Point) -> float:
    """Return Rastrigin's function: a bowl with a minimum at every whole point."""
    return sum(v * v + 10 * (1 - cos(2 * pi * v)) for v in x)


def levy(x: Point) -> float:
    """Return Levy's function."""
    w = [1 + (v - 1) / 4 for v in x]
    first = sin(pi * w[0]) ** 2
    middle = sum((v - 1) ** 2 * (1 + 10 * sin(pi * v + 1) ** 2) for v in w[:-1])
    return first + middle + (w[-1] - 1) ** 2 * (1 + sin(2 * pi * w[-1]) ** 2)


def styblinski_tang(x: Point) -> float:
    """Return the function of Styblinski and Tang: two wells in each variable."""
    return sum(v**4 - 16 * v**2 + 5 * v for v in x) / 2


def camel(x: Point) -> float:
    """Return the six-hump camel."""
    a, b = x
    return (4 - 2.1 * a**2 + a**4 / 3) * a**2 + a * b + (4 * b**2 - 4) * b**2


def goldstein_price(x: Point) -> float:
    """Return the function of Goldstein and Price, which spans six orders of magnitude."""
    a, b = x
    first = 19 - 14 * a + 3 * a**2 - 14 * b + 6 * a * b + 3 * b**2
    second = 18 - 32 * a + 12 * a**2 + 48 * b - 36 * a * b + 27 * b**2
    return (1 + (a + b + 1) ** 2 * first) * (30 + (2 * a - 3 * b) ** 2 * second)


def michalewicz(x: Point) -> float:
    """Return Michalewicz's function with m = 10: narrow valleys in a plain of zeros."""
    return -sum(sin(v) * sin(i * v**2 / pi) ** 20 for i, v in enumerate(x, start=1))


# Of each variable by itself: the function is a sum over them.
_MICHALEWICZ = (
    *(2.2029055201726, 1.5707963267949, 1.2849915705602, 1.9230584698663, 1.7204697729933),
    *(1.5707963267949, 1.4544139743209, 1.7560865209174, 1.6557174168520, 1.5707963267949),
)


def _branin() -> Function:
    return Function(
        branin,
        ((-5.0, 10.0), (0.0, 15.0)),
        minimiser=(pi, 2.275),
        optimum=0.39788735772973816,
    )


def _hartmann3() -> Function:
    # With P41 = 0.03815, which circulates as well, it would be -3.862782148.
    return Function(
        hartmann,
        ((0.0, 1.0),) * 3,
        minimiser=(0.114589, 0.555649, 0.852547),
        optimum=-3.862779787332661,
        source=f"{LIBRARY} (P41 = 0.0381)",
    )


def _hartmann6() -> Function:
    return Function(
        hartmann,
        ((0.0, 1.0),) * 6,
        minimiser=(0.20168951, 0.15001068, 0.47687397, 0.27533242, 0.31165161, 0.65730053),
        optimum=-3.3223680114155067,
    )


def _camel() -> Function:
    return Function(
        camel,
        ((-3.0, 3.0), (-2.0, 2.0)),
        minimiser=(0.0898420131, -0.7126564030),
        optimum=-1.0316284534898774,
    )


def _goldstein_price() -> Function:
    return Function(goldstein_price, ((-2.0, 2.0),) * 2, minimiser=(0.0, -1.0), optimum=3.0)


def _rosenbrock(d: int) -> Function:
    return Function(rosenbrock, ((-5.0, 10.0),) * d, minimiser=(1.0,) * d, optimum=0.0)


def _ackley(d: int) -> Function:
    return Function(ackley, ((-32.768, 32.768),) * d, minimiser=(0.0,) * d, optimum=0.0)


def _rastrigin(d: int) -> Function:
    return Function(rastrigin, ((-5.12, 5.12),) * d, minimiser=(0.0,) * d, optimum=0.0)


def _levy(d: int) -> Function:
    return Function(levy, ((-10.0, 10.0),) * d, minimiser=(1.0,) * d, optimum=0.0)


def _styblinski_tang(d: int) -> Function:
    return Function(
        styblinski_tang,
        ((-5.0, 5.0),) * d,
        minimiser=(-2.9035340277711,) * d,
        optimum=-39.16616570377142 * d,
    )


def _michalewicz(d: int) -> Function:
    if d > len(_MICHALEWICZ):
        raise OptionError(
            f"The minimum of 'michalewicz' is known here for up to {len(_MICHALEWICZ)} variables, "
            f"not {d}; take fewer."
        )
    minimiser = _MICHALEWICZ[:d]
    return Function(
        michalewicz,
        ((0.0, pi),) * d,
        minimiser=minimiser,
        optimum=michalewicz(minimiser),
        everywhere=False,  # beyond the box its waves go on, and lower
    )


FIXED: dict[str, Callable[[], Function]] = {
    "branin": _branin,
    "hartmann3": _hartmann3,
    "hartmann6": _hartmann6,
    "camel": _camel,
    "goldstein-price": _goldstein_price,
}
SIZED: dict[str, Callable[[int], Function]] = {
    "rosenbrock": _rosenbrock,
    "ackley": _ackley,
    "rastrigin": _rastrigin,
    "levy": _levy,
    "styblinski-tang": _styblinski_tang,
    "michalewicz": _michalewicz,
}


def get_function(name: str, dimensions: int | None = None) -> Function:
    """Return a function by its name.

    Args:
        name: one of `FIXED` or `SIZED`.
        dimensions: how many variables one of `SIZED` is to have.

    Raises:
        UnknownNameError: there is none of that name.
        OptionError: it cannot have that many variables.

    Example:
        >>> get_function("rosenbrock", 3).minimiser
        (1.0, 1.0, 1.0)
    """
    if name in FIXED:
        function = FIXED[name]()
        if dimensions not in (None, len(function.bounds)):
            raise OptionError(
                f"{name!r} has {len(function.bounds)} variables, not {dimensions}; leave "
                f"dimensions out, or take one of {', '.join(SIZED)}."
            )
        return function
    if name not in SIZED:
        raise UnknownNameError(
            f"There is no test function {name!r}. {nearest(name, [*FIXED, *SIZED])}"
        )
    if dimensions is None or dimensions < 2:
        raise OptionError(
            f"{name!r} takes any number of variables from 2 on; say how many with dimensions=, "
            f"not {dimensions}."
        )
    return SIZED[name](dimensions)
