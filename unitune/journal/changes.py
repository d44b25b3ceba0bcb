"""A stored space beside the one given now: what may be different, and how configs carry over."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import Any

from unitune.errors import SpaceError
from unitune.journal.packing import chosen, unpack_config
from unitune.space import Bool, Categorical, Config, Const, Float, Int, Space
from unitune.space.parameters import Parameter

# A function or object is stored as its repr, which holds its address in the process of then.
_ADDRESS = re.compile(r" at 0x[0-9A-Fa-f]+")
# Compared on their own; of all other fields any difference is refused.
_APART = {"type", "when", "choices", "value", "low", "high"}
# Fields that have these are not stored.
_DEFAULTS = {"scale": "linear", "step": None, "ordered": False}


@dataclass(frozen=True, slots=True)
class Changes:
    """What differs between a stored space and the one given now.

    Attributes:
        space: the space given now.
        accepted: the differences that a study can go on with, a line each.
        refused: those it cannot.
    """

    space: Space
    _: KW_ONLY
    accepted: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    _indices: Mapping[str, Sequence[int]] = field(default_factory=dict)

    @property
    def identical(self) -> bool:
        """Whether nothing differs."""
        return not self.accepted and not self.refused

    def config(self, packed: Mapping[str, Any]) -> Config:
        """Return a config that was packed in the stored space, in the space given now."""
        moved = dict(packed)
        for name in self._indices.keys() & packed.keys():
            moved[name] = chosen(name, self._indices[name], packed[name])
        config = unpack_config(self.space, moved)
        for name in config:
            parameter = self.space[name]
            # The same decimal value, but counted from another end it might round otherwise.
            if isinstance(parameter, Float) and parameter.step is not None:
                config[name] = parameter.coerce(config[name])
        return config

    def check(self, study: str) -> None:
        """Raise SpaceError, with every difference, if one of them is refused."""
        if self.refused:
            lines = "\n".join(f"  {line}" for line in self.refused)
            raise SpaceError(
                f"Study {study!r} was begun with another space:\n{lines}\nA study goes on with "
                f"added choices and wider bounds only; give its own space, or use another study=."
            )


def space_changes(old: Mapping[str, Any], new: Space) -> Changes:
    """Compare a stored space with the space given now.

    Added choices, at any place among the others, and wider bounds of the same kind, scale and
    steps are accepted; everything else is refused. Choices that JSON cannot hold are compared by
    their repr, and constraints by their names.

    Args:
        old: what `Space.to_dict` returned.
        new: the space given now.

    Raises:
        SpaceError: `old` is no stored space.

    Example:
        >>> changes = space_changes(Space({"n": Int(1, 9)}).to_dict(), Space({"n": Int(1, 20)}))
        >>> changes.accepted
        ("'n': its bounds, 1 to 9, are now 1 to 20",)
    """
    given = new.to_dict()
    try:
        comparison = _Comparison(old["parameters"], given["parameters"], new)
        comparison.names()
        comparison.constraints(old["constraints"], given["constraints"])
        for name in old["parameters"]:
            if name in new:
                comparison.parameter(name, new[name])
    except (AttributeError, IndexError, KeyError, TypeError) as error:
        raise SpaceError(
            f"The stored space is damaged ({type(error).__name__}: {error}); begin another study."
        ) from error
    return Changes(
        new,
        accepted=tuple(comparison.accepted),
        refused=tuple(comparison.refused),
        _indices=comparison.indices,
    )


class _Comparison:
    """One comparison as it goes along."""

    def __init__(self, old: Mapping[str, Any], new: Mapping[str, Any], space: Space) -> None:
        self.accepted: list[str] = []
        self.refused: list[str] = []
        # For each Categorical, the index now of every choice it had.
        self.indices: dict[str, list[int]] = {}
        self._old = old
        self._new = new
        self._space = space

    def names(self) -> None:
        lost = [name for name in self._old if name not in self._new]
        self.refused += [f"{name!r}: it is gone" for name in lost]
        self.refused += [f"{name!r}: it is new" for name in self._new if name not in self._old]
        before = [name for name in self._old if name in self._new]
        now = [name for name in self._new if name in self._old]
        if before != now:
            self.refused.append(
                f"the order of the parameters, {', '.join(before)}, is now {', '.join(now)}"
            )

    def constraints(self, old: Sequence[str], new: Sequence[str]) -> None:
        if sorted(old) != sorted(new):
            self.refused.append(
                f"the constraints, {', '.join(old) or 'none'}, are now {', '.join(new) or 'none'}"
            )

    def parameter(self, name: str, parameter: Parameter) -> None:
        old, new = self._old[name], self._new[name]
        if old["type"] != new["type"]:
            self.refused.append(f"{name!r}: {old['type']} is now {new['type']}")
            return
        for key in sorted((old.keys() | new.keys()) - _APART):
            then, now = (fields.get(key, _DEFAULTS.get(key)) for fields in (old, new))
            if then != now:
                self._differs(name, f"its {key}", then, now)
        if isinstance(parameter, Float | Int):
            self._bounds(name, parameter)
        elif isinstance(parameter, Categorical):
            self._choices(name)
        elif isinstance(parameter, Const) and _plain(old["value"]) != _plain(new["value"]):
            self._differs(name, "its value", old["value"], new["value"])
        self._condition(name)

    def _differs(self, name: str, what: str, old: Any, new: Any) -> None:
        self.refused.append(f"{name!r}: {what}, {_shown(old)}, is now {_shown(new)}")

    def _bounds(self, name: str, parameter: Float | Int) -> None:
        old = self._old[name]
        low, high = old["low"], old["high"]
        if (low, high) == (parameter.low, parameter.high):
            return
        words = f"its bounds, {low} to {high}, are now {parameter.low} to {parameter.high}"
        if not parameter.low <= low <= high <= parameter.high:
            self.refused.append(f"{name!r}: {words}, which is not wider")
        elif not _on_grid(parameter, low):
            self.refused.append(f"{name!r}: {words}, and its steps no longer meet the old values")
        else:
            self.accepted.append(f"{name!r}: {words}")

    def _choices(self, name: str) -> None:
        old = [_plain(choice) for choice in self._old[name]["choices"]]
        new = [_plain(choice) for choice in self._new[name]["choices"]]
        if old == new:
            return
        added = [_shown(choice) for choice in new if choice not in old]
        lost = [_shown(choice) for choice in old if choice not in new]
        alike = [choice for i, choice in enumerate(new) if choice in new[:i]]
        if lost:
            self.refused.append(f"{name!r}: its choices {', '.join(lost)} are gone")
        elif alike or any(choice in old[:i] for i, choice in enumerate(old)):
            self.refused.append(f"{name!r}: its choices changed, and some look alike as text")
        elif [choice for choice in new if choice in old] != old:
            self.refused.append(f"{name!r}: its choices are in another order")
        else:
            self.indices[name] = [new.index(choice) for choice in old]
            self.accepted.append(f"{name!r}: it has the new choices {', '.join(added)}")

    def _condition(self, name: str) -> None:
        old = {p: self._moved(p, v) for p, v in self._old[name].get("when", {}).items()}
        new = {p: _plain(v) for p, v in self._new[name].get("when", {}).items()}
        if old != new:
            words = " and ".join(map(str, self._space.conditions[name])) or "none"
            self._differs(name, "its when=", _stored_when(self._old, name), words)

    def _moved(self, parent: str, values: list[Any]) -> list[Any]:
        """Return the values of a parent that a stored condition names, as they are now."""
        if parent in self.indices:
            indices = self.indices[parent]
            values = sorted(chosen(parent, indices, value) for value in values)
        return [_plain(value) for value in values]


def _on_grid(parameter: Float | Int, value: Any) -> bool:
    try:
        return math.isclose(parameter.coerce(value), value, rel_tol=1e-12)
    except SpaceError:
        return False


def _plain(stored: Any) -> Any:
    """Return a stored value without addresses, and with its types made visible.

    In Python 1, 1.0 and True are equal, as choices they are three.
    """
    if isinstance(stored, list):
        return [_plain(item) for item in stored]
    if isinstance(stored, Mapping):
        return {
            key: _ADDRESS.sub("", item) if key == "$object" else _plain(item)
            for key, item in stored.items()
        }
    return (type(stored).__name__, stored)


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, tuple) and len(value) == 2:
        return repr(value[1])
    if isinstance(value, Mapping) and len(value) == 1:
        return " ".join(map(_shown, value.values()))
    if isinstance(value, list):
        return f"[{', '.join(map(_shown, value))}]"
    return repr(value)


def _stored_when(parameters: Mapping[str, Any], name: str) -> str:
    clauses = []
    for parent, values in parameters[name].get("when", {}).items():
        fields = parameters[parent]
        if fields["type"] == "Categorical":
            named = [fields["choices"][index] for index in values]
        else:
            named = [Bool.choices[v] for v in values] if fields["type"] == "Bool" else values
        shown = _shown(_plain(named[0])) if len(named) == 1 else _shown(_plain(named))
        clauses.append(f"{parent}{'=' if len(named) == 1 else ' in '}{shown}")
    return " and ".join(clauses) or "none"
