"""How many configs there are, without walking through them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from unitune.space.conditions import Conditions
from unitune.space.sameness import same

# Stands for every value of a parent that no condition names.
_ANY_OTHER = object()


def count_configs(
    conditions: Conditions,
    sizes: Mapping[str, float],
    has: Callable[[str, Any], bool] | None = None,
) -> float:
    """Return the number of configs before constraints: an int, or `math.inf`.

    Parameters that no chain of conditions joins are counted apart and multiplied; of a parent
    only the values that conditions name are told apart.

    Args:
        conditions: the conditions of each parameter, parents first.
        sizes: how many values each parameter takes.
        has: whether a value that a condition names is among those its parent takes; None: always.
    """
    named = _named_values(conditions)

    def count(names: Sequence[str], config: Mapping[str, Any]) -> float:
        if not names:
            return 1
        name, rest = names[0], names[1:]
        if not all(condition.holds(config) for condition in conditions[name]):
            return count(rest, config)
        values = [value for value in named.get(name, ()) if has is None or has(name, value)]
        total = sum(count(rest, {**config, name: value}) for value in values)
        others = sizes[name] - len(values)
        return total + others * count(rest, {**config, name: _ANY_OTHER}) if others else total

    product: float = 1
    for group in _joined(conditions):
        product *= count(group, {})
    return product


def _named_values(conditions: Conditions) -> dict[str, list[Any]]:
    named: dict[str, list[Any]] = {}
    for condition in (c for clauses in conditions.values() for c in clauses):
        known = named.setdefault(condition.parent, [])
        known += [v for v in condition.values if not any(same(v, other) for other in known)]
    return named


def _joined(conditions: Conditions) -> list[list[str]]:
    """Return the names in groups without a condition between them, parents first in each."""
    groups: list[list[str]] = []
    for name, clauses in conditions.items():
        parents = {condition.parent for condition in clauses}
        touched = [group for group in groups if parents.intersection(group)]
        groups = [group for group in groups if group not in touched]
        groups.append([*(member for group in touched for member in group), name])
    return groups
