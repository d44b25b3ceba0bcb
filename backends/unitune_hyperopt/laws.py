"""What each of Hyperopt's distributions is in unitune's terms."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

from hyperopt.pyll import Apply, Literal

from unitune.errors import SpaceError
from unitune.space import Const, Float, Int, Parameter
from unitune.space.scales import Scale

HALF = Decimal("0.5")


@dataclass(frozen=True, slots=True)
class _Draw:
    """A distribution with its constants; `whole`: its values are cast to int."""

    label: str
    law: str
    args: Mapping[str, Any]
    whole: bool

    def refuse_cut(self) -> None:
        """Raise SpaceError if the cast to int takes anything away."""
        if self.whole:
            raise SpaceError(
                f"Parameter {self.label!r} is an hp.{self.law} cut off to whole numbers; unitune "
                f"has no such law. Use hp.randint({self.label!r}, low, high)."
            )


def parameter(label: str, draw: Apply, *, whole: bool) -> tuple[Parameter, str]:
    """Return the parameter for a distribution, and a remark where its law is not quite the same.

    Args:
        label: its label.
        draw: the node of the distribution itself, such as `uniform(low, high)`.
        whole: whether its value is cast to int.

    Raises:
        SpaceError: no parameter of unitune has that law.
    """
    read = _LAWS.get(draw.name)
    if read is None:
        raise SpaceError(
            f"Parameter {label!r} is drawn by hp.{draw.name}, and unitune has no parameter with "
            f"that law; use hp.uniform, hp.loguniform or hp.choice between bounds of your own."
        )
    return read(_Draw(label, draw.name, _constants(label, draw), whole))


def options(label: str, draw: Apply) -> int:
    """Return how many options a choice has; raises SpaceError unless all are as likely."""
    if draw.name == "randint":
        return int(_constants(label, draw)["low"])
    weights = [float(weight.obj) for weight in draw.arg["p"].inputs()]
    if not all(math.isclose(weight, weights[0]) for weight in weights):
        raise SpaceError(
            f"Parameter {label!r} is an hp.pchoice with the probabilities {weights}; unitune's "
            f"choices are equally likely. Use hp.choice."
        )
    return len(weights)


def _constants(label: str, draw: Apply) -> dict[str, Any]:
    constants = {}
    for name, value in draw.arg.items():
        if isinstance(value, Literal):
            constants[name] = value.obj
        elif isinstance(value, Apply):
            raise SpaceError(
                f"Parameter {label!r} has a {name} that is computed; unitune's ranges are fixed. "
                f"Give a number."
            )
    return constants


def _uniform(draw: _Draw) -> tuple[Parameter, str]:
    draw.refuse_cut()
    return Float(float(draw.args["low"]), float(draw.args["high"])), ""


def _loguniform(draw: _Draw) -> tuple[Parameter, str]:
    draw.refuse_cut()
    return Float(_exp(draw.args["low"]), _exp(draw.args["high"]), scale="log"), ""


def _randint(draw: _Draw) -> tuple[Parameter, str]:
    # randint(n) draws 0 to n - 1, randint(low, high) low to high - 1
    start, end = draw.args["low"], draw.args.get("high")
    low, stop = (0, int(start)) if end is None else (int(start), int(end))
    return (Const(low) if stop - low == 1 else Int(low, stop - 1)), ""


def _quniform(draw: _Draw) -> tuple[Parameter, str]:
    return _multiples(draw, float(draw.args["low"]), float(draw.args["high"]), "linear")


def _qloguniform(draw: _Draw) -> tuple[Parameter, str]:
    return _multiples(draw, _exp(draw.args["low"]), _exp(draw.args["high"]), "log")


_LAWS: dict[str, Callable[[_Draw], tuple[Parameter, str]]] = {
    "uniform": _uniform,
    "loguniform": _loguniform,
    "randint": _randint,
    "quniform": _quniform,
    "qloguniform": _qloguniform,
}


def _multiples(draw: _Draw, low: float, high: float, scale: Scale) -> tuple[Parameter, str]:
    """Return the multiples of q that round(x / q) * q takes for x between the bounds.

    The first is the one nearest to `low`, be it below `low` or above, and only that part of its
    cell counts that lies between the bounds; so with the last one.
    """
    q = Decimal(repr(float(draw.args["q"])))
    first = (Decimal(repr(low)) / q + HALF).to_integral_value(ROUND_FLOOR) * q
    last = (Decimal(repr(high)) / q - HALF).to_integral_value(ROUND_CEILING) * q
    if q % 1:
        draw.refuse_cut()
    number: Callable[[Decimal], Any] = int if draw.whole else float
    if first >= last:
        return Const(number(first)), ""
    if scale == "log" and first <= 0:
        raise SpaceError(
            f"Parameter {draw.label!r} is an hp.qloguniform that also yields 0, which is on no log "
            f"scale; raise its lower bound to log({q / 2}) or more."
        )
    kind: Any = Int if draw.whole else Float
    step = None if draw.whole and q == 1 else number(q)
    found = kind(number(first), number(last), scale=scale, step=step)
    edges = found.cells.edges()
    slack = 1e-9 * float(q)
    if abs(edges[0] - low) <= slack and abs(edges[1] - high) <= slack:
        return found, ""
    return found, (
        f"Parameter {draw.label!r} becomes {found!r}. Hyperopt draws the values at its ends less "
        f"often, since it rounds within {low!r} to {high!r}; unitune gives them their full share."
    )


def _exp(bound: float) -> float:
    """Undo the log a user took, giving back 1e-05 rather than 9.999999999999997e-06."""
    value = math.exp(bound)
    short = float(f"{value:.12g}")
    return short if math.isclose(math.log(short), bound, rel_tol=1e-15, abs_tol=1e-15) else value
