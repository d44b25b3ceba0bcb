"""What is wrong with a proposal, in words; and losses that drive proposals into corners."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from unitune.space import Categorical, Float, Int, Space
from unitune.testing.laws import plain, within
from unitune.testing.stepping import Asked
from unitune.translation import Translation


class Corner:
    """A loss that is least at the lower end of every number, or the upper end."""

    def __init__(self, space: Space, sign: float) -> None:
        self._space, self._sign = space, sign

    def __call__(self, config: Mapping[str, Any]) -> float:
        numeric = {n: p for n, p in self._space.items() if isinstance(p, Float | Int)}
        return self._sign * sum(numeric[n].position(v) for n, v in config.items() if n in numeric)


def type_faults(asked: Asked, translation: Translation) -> list[str]:
    """Return which values are not of the types they should be, and what has no place there."""
    space = translation.space
    raw = [
        f"{name!r} is given as {value!r} ({type(value).__name__})"
        for name, value in asked.values.items()
        if type(value) is not _type_of(translation.targets.get(name)) or not math.isfinite(value)
    ]
    foreign = [f"{name!r} is no parameter" for name in asked.values if name not in space]
    lifted = [
        f"{name!r} is {value!r} ({type(value).__name__})"
        for name, value in asked.config.items()
        if not plain(space[name], value)
    ]
    order = [] if list(asked.config) == list(space) else [f"the order is {list(asked.config)}"]
    return raw + foreign + lifted + order


def _type_of(target: Any) -> type:
    """Return what raw values of a target are: indices of choices are integers."""
    return float if isinstance(target, Float) else int


def bound_faults(asked: Asked, translation: Translation) -> list[str]:
    """Return which values are out of bounds, or between the steps."""
    targets, faults = translation.targets, []
    for name, value in asked.values.items():
        if name not in targets:
            continue
        target = targets[name]
        low, high = (
            (0, len(target.choices) - 1)
            if isinstance(target, Categorical)
            else (target.low, target.high)
        )
        if not low <= value <= high:
            faults.append(f"{name!r} = {value!r}, outside {low!r} to {high!r}")
    for name, value in asked.config.items():
        if not within(translation.space[name], value):
            faults.append(f"{name!r} = {value!r} is no value of {translation.space[name]}")
    return faults


def condition_faults(asked: Asked, translation: Translation) -> list[str]:
    """Return which parameters are there, or are not, against their conditions."""
    space = translation.space
    given = set(asked.values) & set(space)
    due = {
        name
        for name in translation.steps
        if name not in translation.gated or space.is_active(name, asked.config)
    }
    faults = [f"{name!r} was left out of {dict(asked.config)}" for name in sorted(due - given)]
    faults += [
        f"{name!r} was drawn, though it is not there in {dict(asked.config)}"
        for name in sorted(given - due)
    ]
    if not space.contains(asked.config):
        faults.append(f"{dict(asked.config)} is no config of the space")
    return faults
