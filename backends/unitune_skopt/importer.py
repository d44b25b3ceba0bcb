"""Reading search spaces written for scikit-optimize."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import Any

from unitune.errors import MissingLibraryError, SpaceError, UnituneWarning
from unitune.space import Categorical, Const, Float, Int, Parameter, Space
from unitune.space.scales import Scale

# Weights written by hand may differ by rounding, as 1 / 3 and 0.3333333 do.
SLACK = 1e-6


def read_space(native: Any) -> Space:
    """Build a space from scikit-optimize.

    Integers get unitune's law: each value alike, or on the log scale the share of its cell. Where
    the library's own rounding halves the share of the end values, a `UnituneWarning` says so. The
    base of a logarithm makes no difference to the law. A constraint of a `skopt.Space` comes along.

    Args:
        native: a list of dimensions, in any form that the library takes, or a `skopt.Space`.
            Dimensions without a name are called x0, x1, … by their place.

    Raises:
        MissingLibraryError: scikit-optimize is not installed.
        SpaceError: it is no such space, or has choices of unequal weights.
    """
    dimensions, constraint = _dimensions(native)
    parameters: dict[str, Parameter] = {}
    for place, dimension in enumerate(dimensions):
        name = dimension.name or f"x{place}"
        if name in parameters:
            raise SpaceError(f"Two dimensions are called {name!r}; give one another name.")
        parameters[name] = _parameter(name, dimension)
    halved = [name for name, given in zip(parameters, dimensions, strict=True) if _is_halved(given)]
    if halved:
        warnings.warn(
            f"scikit-optimize rounds some integers from a continuous range, which about halves the "
            f"share of their end values; unitune draws {', '.join(map(repr, halved))} by the exact "
            f"law.",
            UnituneWarning,
            stacklevel=4,  # the caller of Space.from_skopt
        )
    if constraint is None:
        return Space(parameters)
    return Space(parameters, constraints={"space_constraint": _on_config(constraint)})


def _dimensions(native: Any) -> tuple[list[Any], Callable[[list[Any]], Any] | None]:
    try:
        from skopt.space import Space as Native
    except ImportError as error:
        raise MissingLibraryError(
            "Reading a scikit-optimize space needs scikit-optimize, which is not installed. "
            "Install it with: pip install 'unitune[skopt]'"
        ) from error
    if isinstance(native, str | Mapping):
        raise SpaceError(_what_is_due(native))
    try:
        with warnings.catch_warnings():  # on shorthands it will read otherwise one day
            warnings.simplefilter("ignore")
            space = Native(native)
    except (TypeError, ValueError) as error:
        raise SpaceError(f"{_what_is_due(native)} ({error})") from error
    return space.dimensions, space.constraint


def _what_is_due(native: Any) -> str:
    return (
        f"scikit-optimize cannot read {native!r} as a space; give a list of dimensions or a "
        f"skopt.Space."
    )


def _parameter(name: str, dimension: Any) -> Parameter:
    from skopt.space import Integer, Real

    if isinstance(dimension, Real | Integer):
        low, high = _plain(dimension.low), _plain(dimension.high)
        scale: Scale = "log" if dimension.prior == "log-uniform" else "linear"
        if isinstance(dimension, Integer):
            return Int(low, high, scale=scale)
        return Float(low, high, scale=scale)
    choices = [_plain(choice) for choice in dimension.categories]
    weights = [float(weight) for weight in dimension.prior_]
    if max(weights) - min(weights) > SLACK:
        raise SpaceError(
            f"Dimension {name!r} gives its choices the weights {weights!r}; unitune draws choices "
            f"alike. Leave prior= out."
        )
    return Const(choices[0]) if len(choices) == 1 else Categorical(tuple(choices))


def _is_halved(dimension: Any) -> bool:
    """Return whether the library draws an integer by rounding a number of a continuous range."""
    from skopt.space import Integer

    rounded = getattr(dimension, "transform_", None) == "normalize"
    return isinstance(dimension, Integer) and (rounded or dimension.prior == "log-uniform")


def _plain(value: Any) -> Any:
    # Choices and bounds given as a numpy array are numpy scalars.
    return value.item() if type(value).__module__ == "numpy" and hasattr(value, "item") else value


def _on_config(constraint: Callable[[list[Any]], Any]) -> Callable[[Mapping[str, Any]], bool]:
    """Return the library's constraint, which takes a list, as one on a config."""

    def space_constraint(config: Mapping[str, Any]) -> bool:
        # No dimension is ever absent, and configs have the order of the space.
        return bool(constraint(list(config.values())))

    return space_constraint
