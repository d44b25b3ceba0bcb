"""How many configs there are, without walking through them."""

from __future__ import annotations

import heapq
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from unitune.errors import SpaceError
from unitune.space.conditions import Condition, Conditions
from unitune.space.sameness import Places

# So many cases are counted side by side, and no more.
MOST_CASES = 100_000

Has = Callable[[str, Any], bool]
Children = Mapping[str, Condition]


def count_configs(
    conditions: Conditions, sizes: Mapping[str, float], has: Has | None = None
) -> float:
    """Return the number of configs before constraints: an int, or `math.inf`.

    Parameters are decided one after another. All that counts of the decisions so far is which of
    the parameters still to come they leave alive; what agrees in that is one case, with a number.

    Args:
        conditions: the conditions of each parameter.
        sizes: how many values each parameter takes.
        has: whether a value that a condition names is among those its parent takes; None: always.

    Raises:
        SpaceError: there are more cases than can be counted.
    """
    if math.inf in sizes.values():
        return math.inf
    children: dict[str, dict[str, Condition]] = {name: {} for name in conditions}
    for name, clauses in conditions.items():
        for condition in clauses:
            children[condition.parent][name] = condition
    bits = {name: 1 << place for place, name in enumerate(conditions)}
    cases: Mapping[int, float] = {sum(bits.values()): 1}
    for name in _order(conditions, children):
        kinds = _kinds(name, sizes[name], children[name], bits, has)
        absent = [(~_joined(children[name], bits), 1)]
        decided: dict[int, float] = defaultdict(int)
        for alive, number in cases.items():
            for kept, many in kinds if alive & bits[name] else absent:
                decided[alive & kept] += number * many
        cases = decided
        if len(cases) > MOST_CASES:
            raise SpaceError(
                f"The configs of this space cannot be counted: its conditions entangle so many "
                f"parameters that there are more than {MOST_CASES} cases to tell apart. Let fewer "
                f"parameters share children, or use another method than 'grid'."
            )
    return sum(cases.values())


def _kinds(
    name: str, size: float, children: Children, bits: Mapping[str, int], has: Has | None
) -> list[tuple[int, float]]:
    """Return what values of a parameter keep alive, and how many keep just that."""
    named = Places()
    let_in: list[set[str]] = []
    for child, condition in children.items():
        for value in condition.values:
            if has is None or has(name, value):
                place = named.add(value)
                if place == len(let_in):
                    let_in.append(set())
                let_in[place].add(child)
    kinds: dict[int, float] = defaultdict(int)
    for names in let_in:
        kinds[~_joined(children.keys() - names, bits) & ~bits[name]] += 1
    if size > len(let_in):
        kinds[~_joined(children, bits) & ~bits[name]] += size - len(let_in)
    return list(kinds.items())


def _joined(names: Iterable[str], bits: Mapping[str, int]) -> int:
    return sum(bits[name] for name in names)


def _order(conditions: Conditions, children: Mapping[str, Children]) -> list[str]:
    """Return the names, parents first, so that few are half decided at any time.

    Next comes the name that begins the fewest others, whose first parent it is; of several such,
    the one that could come last, so that one branch is ended before another is begun.
    """
    waits = {name: len(clauses) for name, clauses in conditions.items()}
    begins = {name: len(own) for name, own in children.items()}
    order: dict[str, None] = {}
    begun: set[str] = set()
    queue: list[tuple[int, int, str]] = []

    def offer(name: str) -> None:
        if not waits[name]:
            heapq.heappush(queue, (begins[name], -len(order), name))

    for name in conditions:
        offer(name)
    while queue:
        _, _, name = heapq.heappop(queue)
        if name in order:
            continue
        order[name] = None
        for child in children[name]:
            waits[child] -= 1
            if child not in begun:
                begun.add(child)
                begins[child] -= 1  # it is begun no more once it is decided
                for condition in conditions[child]:
                    begins[condition.parent] -= 1
                    offer(condition.parent)
            offer(child)
    return list(order)
