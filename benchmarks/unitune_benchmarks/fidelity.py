"""Synthetic tasks of several fidelities: cheap approximations that get better step by step.

After `most` steps the value is that of the true function.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass
from typing import Any

from unitune import Float, Space
from unitune.task import Task
from unitune_benchmarks.functions import (
    HARTMANN_WEIGHTS,
    LIBRARY,
    Point,
    branin,
    get_function,
    hartmann,
)
from unitune_benchmarks.replay import Curve, Step

# A power of three, so that Hyperband's rungs (1, 3, 9, 27) come out even.
STEPS = 27
# What a step costs in virtual time.
SECONDS = 60.0


def currin(x: Point) -> float:
    """Return the exponential function of Currin et al. 1988, to be maximised."""
    a, b = x
    fading = 1 - (math.exp(-1 / (2 * b)) if b > 0 else 0.0)
    top = 2300 * a**3 + 1900 * a**2 + 2092 * a + 60
    return fading * top / (100 * a**3 + 500 * a**2 + 4 * a + 20)


def rough_currin(x: Point) -> float:
    """Return the cheap version of Xiong, Qian and Wu 2013: the mean over four points nearby."""
    a, b = x
    below = max(0.0, b - 0.05)
    corners = [(u, v) for u in (a - 0.05, a + 0.05) for v in (below, b + 0.05)]
    return sum(map(currin, corners)) / 4


def borehole(x: Point, factor: float = 2 * math.pi, offset: float = 1.0) -> float:
    """Return the flow of water through a borehole in m³ a year, to be maximised.

    Args:
        x: radius of the borehole and of influence, transmissivity and head of the upper aquifer,
            those of the lower one, length and conductivity of the borehole.
        factor: 2 pi, or 5 in the cheap version of Xiong, Qian and Wu 2013.
        offset: 1, or 1.5 in the cheap version.
    """
    rw, r, tu, hu, tl, hl, length, kw = x
    log = math.log(r / rw)
    loss = 2 * length * tu / (log * rw**2 * kw)
    return factor * tu * (hu - hl) / (log * (offset + loss + tu / tl))


BOREHOLE = {
    "rw": (0.05, 0.15),
    "r": (100.0, 50_000.0),
    "Tu": (63_070.0, 115_600.0),
    "Hu": (990.0, 1110.0),
    "Tl": (63.1, 116.0),
    "Hl": (700.0, 820.0),
    "L": (1120.0, 1680.0),
    "Kw": (9855.0, 12_045.0),
}


def _currin(x: Point, z: float) -> float:
    return z * currin(x) + (1 - z) * rough_currin(x) if z < 1 else currin(x)


def _borehole(x: Point, z: float) -> float:
    return z * borehole(x) + (1 - z) * borehole(x, 5.0, 1.5) if z < 1 else borehole(x)


def _branin(x: Point, z: float) -> float:
    # Kandasamy et al. 2017 (BOCA), appendix, with one fidelity for the three they have.
    b = 5.1 / (4 * math.pi**2) - 0.01 * (1 - z)
    return branin(x, b, 5 / math.pi - 0.1 * (1 - z), 1 / (8 * math.pi) + 0.05 * (1 - z))


BLENDS: dict[str, Callable[[Point, float], float]] = {
    "branin": _branin,
    "currin": _currin,
    "borehole": _borehole,
}


@dataclass(frozen=True, slots=True)
class Blend(Curve):
    """A function between a cheap version, at the first step, and the true one, at the last.

    Args:
        function: one of `BLENDS`.
        most: the number of steps; after n of them the fidelity is n / most.
        seconds: what a step costs in virtual time.
    """

    function: str
    _: KW_ONLY
    most: int = STEPS
    seconds: float = SECONDS

    def curve(self, config: Mapping[str, Any], seed: int = 0) -> list[Step]:
        blend = BLENDS[self.function]
        names = BOREHOLE if self.function == "borehole" else ("x1", "x2")
        point = [config[name] for name in names]
        return [Step(n, blend(point, n / self.most), self.seconds) for n in range(1, self.most + 1)]


@dataclass(frozen=True, slots=True)
class BiasedHartmann(Curve):
    """Hartmann's function with weights that are off, and noise, until the last step.

    With s = 1 - log n / log most the weights are too small by `bias` times s, and `noise` times
    s times a half-normal number, drawn once for each config and step, is added (MF-Prior-Bench,
    Mallik et al. 2023).

    Args:
        bias: how far the weights are off at the first step.
        noise: how large the noise is there.
        most: the number of steps.
        seconds: what a step costs in virtual time.
    """

    _: KW_ONLY
    bias: float = 0.5
    noise: float = 0.1
    most: int = STEPS
    seconds: float = SECONDS

    def curve(self, config: Mapping[str, Any], seed: int = 0) -> list[Step]:
        point = [config[f"x{i}"] for i in range(1, len(config) + 1)]
        rng = random.Random(repr(point))  # by the config, so that a config has one curve
        steps = []
        for n in range(1, self.most + 1):
            short = 1 - math.log(n) / math.log(self.most) if n < self.most else 0.0
            weights = [weight - self.bias * short for weight in HARTMANN_WEIGHTS]
            noise = self.noise * short * abs(rng.gauss(0.0, 1.0))
            steps.append(Step(n, hartmann(point, weights) + noise, self.seconds))
        return steps


def tasks() -> list[Task]:
    """Return the tasks of several fidelities."""
    return [
        _hartmann(3, ("smoke", "quick", "standard", "full")),
        _hartmann(6, ("standard", "full")),
        _hartmann(
            6,
            ("standard", "full"),
            name="mf-hartmann6-misleading",
            objective=BiasedHartmann(bias=4.0, noise=5.0),
            stresses=("early values that mislead",),
        ),
        _task(
            "mf-branin",
            {"x1": (-5.0, 10.0), "x2": (0.0, 15.0)},
            objective=Blend("branin"),
            optimum=get_function("branin").optimum,
            source="Kandasamy et al. 2017 (BOCA)",
            suites=("standard", "full"),
        ),
        _task(
            "mf-currin",
            {"x1": (0.0, 1.0), "x2": (0.0, 1.0)},
            objective=Blend("currin"),
            mode="max",
            optimum=13.798722044728434,
            source=f"{LIBRARY}; Xiong, Qian & Wu 2013",
            suites=("standard", "full"),
        ),
        _task(
            "mf-borehole",
            BOREHOLE,
            objective=Blend("borehole"),
            mode="max",
            optimum=309.5755876604968,
            source=f"{LIBRARY}; Xiong, Qian & Wu 2013",
            suites=("standard", "full"),
        ),
    ]


def _hartmann(dimensions: int, suites: tuple[str, ...], **details: Any) -> Task:
    bounds = {f"x{i}": (0.0, 1.0) for i in range(1, dimensions + 1)}
    given = {
        "name": f"mf-hartmann{dimensions}",
        "objective": BiasedHartmann(),
        "optimum": get_function(f"hartmann{dimensions}").optimum,
        "source": "MF-Prior-Bench (Mallik et al. 2023)",
        "suites": suites,
    }
    return _task(**{**given, **details}, bounds=bounds)


def _task(name: str, bounds: Mapping[str, tuple[float, float]], **details: Any) -> Task:
    space = Space({name: Float(low, high) for name, (low, high) in bounds.items()})
    given = {
        "proven": True,
        "cost": 2e-4,
        "resource": (1, STEPS),
        "stresses": ("fidelities that agree",),
    }
    return Task(name, space, **{**given, **details})
