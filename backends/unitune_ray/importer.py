"""Reading a Ray Tune `param_space`."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from unitune.errors import MissingLibraryError, SpaceError, UnituneWarning
from unitune.space import Categorical, Const, Float, Int, Parameter, Space

try:
    from ray.tune.search import sample
except ImportError as error:
    raise MissingLibraryError(
        "Space.from_ray needs Ray Tune, which is not installed; run pip install 'unitune[ray]'."
    ) from error

# Takes the name of a parameter whose law is not quite Ray's, and in what they differ.
Differ = Callable[[str, str], None]


def read_space(native: Any) -> Space:
    """Return the space that a `param_space` describes; nested names are joined by '/'.

    Args:
        native: a dict of Ray's domains, `tune.grid_search` lists, constants, and dicts of these.

    Raises:
        SpaceError: it holds something that unitune has no form for.

    Example:
        >>> from ray import tune
        >>> read_space({"model": {"lr": tune.loguniform(1e-4, 1e-1), "n": tune.randint(1, 9)}})
        Space({
            'model/lr': Float(0.0001, 0.1, scale='log'),
            'model/n': Int(1, 8),
        })
    """
    if not isinstance(native, Mapping):
        raise SpaceError(f"Space.from_ray takes a param_space dict, not {type(native).__name__}.")
    differing: list[str] = []
    parameters: dict[str, Parameter] = {}
    for name, given in _leaves(native):
        if name in parameters:
            raise SpaceError(f"The param_space has two parameters {name!r}; rename one of them.")
        parameters[name] = _parameter(
            name, given, lambda which, how: differing.append(f"{which!r} ({how})")
        )
    if differing:
        warnings.warn(
            f"Ray Tune draws some parameters by laws of its own, and unitune draws them by the "
            f"exact ones: {', '.join(differing)}.",
            UnituneWarning,
            stacklevel=4,  # the caller of Space.from_ray
        )
    return Space(parameters)


def _leaves(native: Mapping[Any, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for key, given in native.items():
        if not isinstance(key, str):
            raise SpaceError(f"The param_space has the key {key!r}; names are strings.")
        if isinstance(given, Mapping) and given and not _is_grid(given):
            yield from _leaves(given, f"{above}{key}/")
        else:
            yield f"{above}{key}", given


def _is_grid(given: Any) -> bool:
    return isinstance(given, Mapping) and set(given) == {"grid_search"}


def _parameter(name: str, given: Any, differ: Differ) -> Parameter:
    if _is_grid(given):
        return Categorical(_choices(name, given["grid_search"]))
    if isinstance(given, sample.Categorical):
        return Categorical(_choices(name, given.categories))
    if isinstance(given, sample.Float):
        return _float(name, given, differ)
    if isinstance(given, sample.Integer):
        return _int(name, given, differ)
    if _holds_domain(given):
        what = "tune.sample_from" if isinstance(given, sample.Function) else repr(type(given))
        raise SpaceError(
            f"Parameter {name!r} is {what}, which has no law that could be read; write it as a "
            f"range or a choice, and dependent parameters with when= or a constraint."
        )
    return Const(given)


def _choices(name: str, given: Any) -> tuple[Any, ...]:
    choices = tuple(given)
    if any(_holds_domain(choice) for choice in choices):
        raise SpaceError(
            f"Parameter {name!r} is a choice that holds other parameters; in unitune a choice "
            f"holds values, and a parameter that is there for one of them only has when=."
        )
    return choices


def _holds_domain(given: Any) -> bool:
    if isinstance(given, Mapping):
        return _is_grid(given) or any(_holds_domain(value) for value in given.values())
    if isinstance(given, list | tuple):
        return any(_holds_domain(value) for value in given)
    return isinstance(given, sample.Domain)


def _law(name: str, given: Any) -> tuple[bool, Any]:
    """Return whether a range is on a log scale, and its step or None."""
    sampler = given.get_sampler()
    step: Any = None
    if isinstance(sampler, sample.Quantized):
        quantized: Any = sampler
        sampler, step = quantized.sampler, quantized.q
    if isinstance(sampler, sample.Normal):
        raise SpaceError(
            f"Parameter {name!r} is normally distributed (tune.randn), and unitune's parameters "
            f"have bounds; use tune.uniform over the range that matters."
        )
    return isinstance(sampler, sample.LogUniform), step


def _float(name: str, given: Any, differ: Differ) -> Parameter:
    log, step = _law(name, given)
    if step is not None:
        differ(name, "the ends of a quantized range have less weight there")
    return Float(given.lower, given.upper, scale="log" if log else "linear", step=step)


def _int(name: str, given: Any, differ: Differ) -> Parameter:
    log, step = _law(name, given)
    q = step or 1
    # Multiples of q within the bounds; the upper one is left out unless there is a q above 1.
    low, high = math.ceil(given.lower / q) * q, math.floor(given.upper / q) * q
    if q == 1:
        high -= 1
    if low == high:
        return Const(low)
    if log:
        differ(name, "a logarithm rounded down favours small values there")
    scale: Any = "log" if log else "linear"
    return Int(low, high, scale=scale, step=None if q == 1 else q)
