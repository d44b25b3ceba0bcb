"""Dimensions of scikit-optimize for unitune's parameters, and points of them for raw values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from skopt.space import Categorical, Integer, Real

from unitune.space import Categorical as Choice
from unitune.space import Int
from unitune.translation import Raw, Translation
from unitune.translation.steps import Target


def dimension(name: str, target: Target) -> Any:
    """Return the library's dimension for a parameter of a kind that the methods take."""
    if isinstance(target, Choice):
        return Categorical(labels(target), name=name)
    if isinstance(target, Int):
        return Integer(target.low, target.high, name=name)
    prior = "log-uniform" if target.scale == "log" else "uniform"
    return Real(target.low, target.high, prior=prior, name=name)


def labels(target: Choice) -> list[str]:
    """Return the strings that stand for the choices."""
    # Proposals come back as numpy strings, which lose trailing NULs.
    if any(choice.endswith("\0") for choice in target.choices):
        return [str(index) for index in range(len(target.choices))]
    return list(target.choices)


class Points:
    """The way between points (lists of the library's values) and raw values by name."""

    def __init__(self, translation: Translation) -> None:
        self._translation = translation
        self._targets = translation.targets
        self._labels = {
            name: labels(target)
            for name, target in self._targets.items()
            if isinstance(target, Choice)
        }
        self._indices = {
            name: {label: index for index, label in enumerate(known)}
            for name, known in self._labels.items()
        }

    def raw(self, point: Sequence[Any]) -> dict[str, Raw]:
        """Return plain raw values: points may hold numpy integers and strings."""
        return {
            name: self._plain(name, target, value)
            for (name, target), value in zip(self._targets.items(), point, strict=True)
        }

    def point(self, values: Mapping[str, Raw]) -> list[Any]:
        """Return the point for raw values."""
        return [
            self._labels[name][int(values[name])] if name in self._labels else values[name]
            for name in self._targets
        ]

    def allowed(self, point: Sequence[Any]) -> bool:
        """Return whether a point satisfies the constraints of the space."""
        return self._translation.allows(self.raw(point))

    def _plain(self, name: str, target: Target, value: Any) -> Raw:
        if name in self._indices:
            return self._indices[name][str(value)]
        return int(value) if isinstance(target, Int) else float(value)
