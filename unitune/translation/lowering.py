"""Which rewriting a parameter gets: the first one whose target the library takes natively."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from unitune.space.cells import Cells
from unitune.space.parameters import Bool, Categorical, Float, Int, Parameter
from unitune.translation.steps import (
    Chosen,
    ChosenByFloat,
    Counted,
    Indexed,
    Mirrored,
    Number,
    Quantile,
    Rounded,
    Step,
)

# How far apart floats may be, as a share of a step, where rounding them is to give exact shares.
FINE = 2.0**-20


def lowerings(parameter: Parameter) -> Iterator[tuple[str, Step]]:
    """Yield (kind of the target, step) for every exact rewriting, the most native first."""
    if isinstance(parameter, Categorical | Bool):
        yield from _choice(parameter)
    elif isinstance(parameter, Float) and parameter.step is None:
        yield from _continuous(parameter)
    elif isinstance(parameter, Float | Int):
        yield from _countable(parameter)


def kind_of(parameter: Parameter) -> str:
    """Return the kind a library must take to be given a parameter as it is."""
    return next(lowerings(parameter))[0]


def _continuous(p: Float) -> Iterator[tuple[str, Step]]:
    yield f"float/{p.scale}", Number(Float(p.low, p.high, scale=p.scale))
    if p.scale == "reverse_log":
        y = Float(1.0 - p.high, 1.0 - p.low, scale="log")
        yield "float/log", Mirrored(y, p.low, p.high)
    yield "float/linear", Quantile(Float(0.0, 1.0), p)


def _countable(p: Float | Int) -> Iterator[tuple[str, Step]]:
    cells = Cells.over(p.low, p.high, p.step or 1, p.scale)
    low, high = cells.edges()
    if p.scale == "linear":
        yield from _equally_likely(p, cells)
        # Far from zero the half steps at either end would hold a float more or less than others.
        if math.ulp(max(-low, high)) < FINE * cells.step:
            yield "float/linear", Rounded(Float(low, high), cells)
        yield "float/linear", Quantile(Float(0.0, 1.0), p)
        return
    if isinstance(p, Int) and p.step in (None, 1):
        yield "int/log", Counted(Int(p.low, p.high, scale="log"), cells)
    if p.scale == "log":
        yield "float/log", Rounded(Float(low, high, scale="log"), cells)
    else:
        yield "float/log", Rounded(Float(1.0 - high, 1.0 - low, scale="log"), cells, mirrored=True)
    yield "float/linear", Quantile(Float(0.0, 1.0), p)


def _equally_likely(p: Float | Int, cells: Cells) -> Iterator[tuple[str, Step]]:
    last: Any = cells.last
    if isinstance(p, Float):
        yield "float/step", Counted(Float(p.low, last, step=p.step), cells)
    elif p.step in (None, 1):
        yield "int/linear", Counted(Int(p.low, p.high), cells)
    else:
        yield "int/step", Counted(Int(p.low, last, step=p.step), cells)
    yield "int/linear", Indexed(Int(0, cells.count - 1), cells)


def _choice(p: Categorical | Bool) -> Iterator[tuple[str, Step]]:
    last = len(p.choices) - 1
    if isinstance(p, Categorical) and p.ordered:
        yield "ordinal", Chosen(Categorical(p.choices, ordered=True), p)
        yield "int/linear", Chosen(Int(0, last), p, how="by index")
        yield "float/linear", ChosenByFloat(Float(-0.5, last + 0.5), p)
        return
    if all(type(choice) is str for choice in p.choices):
        yield "categorical/text", Chosen(Categorical(p.choices), p)
    if _plain(p.choices):
        yield "categorical/plain", Chosen(Categorical(p.choices), p)
    yield "categorical/any", Chosen(Categorical(p.choices), p)
    labels = tuple(f"{i}:{_title(choice):.40}" for i, choice in enumerate(p.choices))
    yield "categorical/text", Chosen(Categorical(labels), p, how="by label")
    yield "categorical/plain", Chosen(Categorical(labels), p, how="by label")
    yield "int/linear", Chosen(Int(0, last), p, how="by index")
    yield "float/linear", ChosenByFloat(Float(-0.5, last + 0.5), p)


def _title(choice: Any) -> str:
    # The repr of a function holds an address, which differs from process to process.
    return str(getattr(choice, "__name__", None) or repr(choice))


def _plain(choices: Sequence[Any]) -> bool:
    """Return whether libraries that compare with == keep all choices apart."""
    if not all(c is None or type(c) in (bool, int, float, str) for c in choices):
        return False
    if any(type(c) is float and math.isnan(c) for c in choices):
        return False
    return len(set(choices)) == len(choices)
