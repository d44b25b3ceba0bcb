"""Which parameters are there: `when=` clauses, checked, ordered and followed."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from unitune.errors import SpaceError, nearest
from unitune.space.parameters import Bool, Categorical, Const, Float, Parameter
from unitune.space.sameness import Places, same


@dataclass(frozen=True, slots=True)
class Condition:
    """A parameter is there only while `parent` has one of `values`."""

    parent: str
    values: tuple[Any, ...]

    def holds(self, config: Mapping[str, Any]) -> bool:
        """Return whether the parent is itself there and has one of the values."""
        if self.parent not in config:
            return False
        value = config[self.parent]
        return any(same(value, allowed) for allowed in self.values)

    def __str__(self) -> str:
        if len(self.values) == 1:
            return f"{self.parent}={self.values[0]!r}"
        return f"{self.parent} in {list(self.values)!r}"


Conditions = Mapping[str, tuple[Condition, ...]]
Ancestry = dict[str, tuple[Any, ...]]


def read_conditions(parameters: Mapping[str, Parameter]) -> dict[str, tuple[Condition, ...]]:
    """Return the checked conditions of each parameter, parents before children.

    Raises:
        SpaceError: a parent is unknown or continuous, a value cannot occur, or there is a cycle.
    """
    direct = {
        name: tuple(
            _condition(name, parent, wanted, parameters)
            for parent, wanted in _clauses(name, parameter)
        )
        for name, parameter in parameters.items()
    }
    return {name: direct[name] for name in _parents_first(direct)}


def read_ancestries(conditions: Conditions) -> dict[str, Ancestry]:
    """Return the ancestors of each parameter, eldest first, with the values they must have.

    Args:
        conditions: the conditions of each parameter, parents first.

    Raises:
        SpaceError: the conditions of a parameter exclude each other.
    """
    ancestries: dict[str, Ancestry] = {}
    for name, clauses in conditions.items():
        needed: Ancestry = {}
        for condition in clauses:
            # What is an ancestor already has brought its own, under stricter conditions.
            if condition.parent not in needed:
                _narrow(needed, ancestries[condition.parent])
            _narrow(needed, {condition.parent: condition.values})
        _refuse_contradictions(name, needed)
        ancestries[name] = needed
    return ancestries


def with_conditions(parameter: Parameter, conditions: tuple[Condition, ...]) -> Parameter:
    """Return the parameter with its `when` in one canonical form."""
    if not conditions:
        return parameter
    when = {c.parent: _clause(c.values) for c in conditions}
    conditional: Parameter = dataclasses.replace(parameter, when=when)  # type: ignore[type-var]
    return conditional


def _clause(values: tuple[Any, ...]) -> Any:
    alone = len(values) == 1 and not isinstance(values[0], list | tuple | set | frozenset | range)
    return values[0] if alone else list(values)


def _clauses(name: str, parameter: Parameter) -> list[tuple[str, Any]]:
    if parameter.when is None:
        return []
    if not isinstance(parameter.when, Mapping) or not parameter.when:
        raise SpaceError(
            f"Parameter {name!r} has when={parameter.when!r}; give a dict of parent names and "
            f"values, as in when={{'optimizer': 'sgd'}}."
        )
    return list(parameter.when.items())


def _condition(
    name: str, parent: str, wanted: Any, parameters: Mapping[str, Parameter]
) -> Condition:
    if parent not in parameters:
        raise SpaceError(
            f"Parameter {name!r} is conditional on {parent!r}, which is not in the space. "
            f"{nearest(parent, (p for p in parameters if p != name))}"
        )
    owner = parameters[parent]
    if isinstance(owner, Float) and owner.step is None:
        raise SpaceError(
            f"Parameter {name!r} is conditional on {parent!r}, which is continuous, so that no "
            f"single value of it ever occurs; use a Categorical or Int parent, or give it a step."
        )
    try:
        return Condition(parent, _in_order(owner, _values(owner, wanted)))
    except SpaceError as refusal:
        raise SpaceError(
            f"Parameter {name!r} is there when {parent}={wanted!r}, which cannot occur: "
            f"{parent!r} {refusal}. Use its values."
        ) from None


def _values(owner: Parameter, wanted: Any) -> list[Any]:
    """Return the values that a clause names, be it one or a collection of them."""
    several = wanted.tolist() if hasattr(wanted, "tolist") else wanted
    if not isinstance(several, list | tuple | set | frozenset | range):
        return [owner.coerce(wanted)]
    # A collection whose items are all values stands for these, so that what `with_conditions`
    # writes reads back; any other may still be one choice that is itself a list.
    try:
        if several:
            return [owner.coerce(value) for value in several]
    except SpaceError as refusal:
        return [_one_choice(owner, wanted, refusal)]
    return [_one_choice(owner, wanted, SpaceError("is given no value to be compared with"))]


def _one_choice(owner: Parameter, wanted: Any, refusal: SpaceError) -> Any:
    try:
        return owner.coerce(wanted)
    except SpaceError:
        raise refusal from None


def _in_order(owner: Parameter, values: list[Any]) -> tuple[Any, ...]:
    """Return the values once each in the parent's order: that of a set is another every time."""
    if isinstance(owner, Const):
        return (owner.value,)
    if isinstance(owner, Categorical | Bool):
        return tuple(owner.choices[i] for i in sorted({owner.index(value) for value in values}))
    return tuple(sorted(set(values)))


def _parents_first(direct: Conditions) -> Iterable[str]:
    """Return the names in the order given, except that parents move ahead of their children."""
    order: dict[str, None] = {}
    for name in direct:
        path = [name]
        while path:
            parents = (condition.parent for condition in direct[path[-1]])
            missing = next((parent for parent in parents if parent not in order), None)
            if missing is None:
                order[path.pop()] = None
            elif missing in path:
                cycle = " -> ".join([*path[path.index(missing) :], missing])
                raise SpaceError(f"Conditions go in a circle: {cycle}. Drop one of these when=.")
            else:
                path.append(missing)
    return order


def _narrow(needed: Ancestry, clauses: Ancestry) -> None:
    """Let every parent in `needed` keep only the values that `clauses` allow it too."""
    for parent, values in clauses.items():
        known = needed.setdefault(parent, values)
        if known is not values:
            allowed = Places(values)
            needed[parent] = tuple(v for v in known if allowed.find(v) is not None)


def _refuse_contradictions(name: str, needed: Ancestry) -> None:
    for parent, values in needed.items():
        if not values:
            raise SpaceError(
                f"Parameter {name!r} can never be there: its conditions ask for values of "
                f"{parent!r} that exclude each other. Change or drop one of them."
            )
