"""How each contender looks: one colour, dash and mark, the same in every figure and table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass

# Eight hues and a grey for the baseline, chosen so that any two differ by at least 10 in CIELAB
# also under protanopia, deuteranopia and tritanopia (Machado, Oliveira and Fernandes 2009), and
# that each has a contrast of at least 3:1 with the paper it stands on. The tests measure it.
LIGHT = (
    *("#0B62C4", "#C23B0E", "#0B9467", "#8A2A9B"),
    *("#2A9AD4", "#A88A08", "#E0559C", "#4A1A3C"),
    "#73777F",
)
DARK = (
    *("#3D8BF2", "#DD7A2B", "#2EDB98", "#B65BC9"),
    *("#8CCBFF", "#DDD04A", "#FF9DC6", "#B04A60"),
    "#8B929C",
)
HUES = len(LIGHT) - 1
GREY = HUES
BASELINES = ("builtin:random", "random")

# plotly's and matplotlib's words for the same strokes and marks; every eight contenders the next.
DASHES = (("solid", "-"), ("dash", "--"), ("dot", ":"), ("dashdot", "-."))
SYMBOLS = (
    *(("circle", "o"), ("square", "s"), ("diamond", "D"), ("triangle-up", "^")),
    *(("cross", "P"), ("x", "X"), ("star", "*"), ("triangle-down", "v")),
)


@dataclass(frozen=True, slots=True)
class Look:
    """How one contender is drawn.

    Attributes:
        colour: its place in `LIGHT` and in `DARK`.
        dash: plotly's name of the stroke.
        symbol: plotly's name of the mark.
        stroke: matplotlib's name of the stroke.
        marker: matplotlib's name of the mark.
    """

    colour: int
    _: KW_ONLY
    dash: str
    symbol: str
    stroke: str
    marker: str


def looks(contenders: Sequence[str]) -> tuple[Look, ...]:
    """Return a look for each contender: the first eight differ by hue, the next by stroke too.

    Random search, the baseline, is grey.

    Example:
        >>> [look.colour for look in looks(["optuna:tpe", "builtin:random", "skopt:gp"])]
        [0, 8, 1]
    """
    found = []
    hue = 0
    for name in contenders:
        if name in BASELINES:
            found.append(_look(GREY, 0))
        else:
            found.append(_look(hue % HUES, hue))
            hue += 1
    return tuple(found)


def _look(colour: int, place: int) -> Look:
    dash, stroke = DASHES[place // HUES % len(DASHES)]
    symbol, marker = SYMBOLS[(place % HUES + place // HUES) % len(SYMBOLS)]
    return Look(colour, dash=dash, symbol=symbol, stroke=stroke, marker=marker)
