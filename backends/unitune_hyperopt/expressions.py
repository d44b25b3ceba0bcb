"""The `hp.*` expressions of a translated space."""

from __future__ import annotations

import math
from collections.abc import Mapping

from hyperopt import hp
from hyperopt.pyll import Apply, scope

from unitune.space import Categorical
from unitune.translation import Target, Translation

Gates = dict[str, frozenset[int]]


class Expression(Apply):  # type: ignore[misc]  # hyperopt ships no types
    """A node of Hyperopt's expression graph that prints as the call that makes it.

    Hyperopt prints a node as the lines of its graph, six for a single `hp.uniform`.
    """

    text = ""

    def __str__(self) -> str:
        return self.text or super().__str__()


def expressions(translation: Translation) -> dict[str, Expression]:
    """Return the expression of each parameter; the dict as a whole is a space for `fmin`.

    A choice is one of indices. A gated parameter is None where its condition fails, and then
    Hyperopt neither draws it nor learns from it, as in branches of a hand-written `hp.choice`.
    """
    plain = {name: _plain(name, target) for name, target in translation.targets.items()}
    return {name: _gated(name, plain, translation.gates(name)) for name in plain}


def _plain(name: str, target: Target) -> Expression:
    if isinstance(target, Categorical):
        count = len(target.choices)
        return _printed(hp.choice(name, list(range(count))), f"hp.choice({name!r}, range({count}))")
    if target.scale == "log":
        node = hp.loguniform(name, math.log(target.low), math.log(target.high))
        return _printed(node, f"hp.loguniform({name!r}, log({target.low!r}), log({target.high!r}))")
    return _printed(
        hp.uniform(name, target.low, target.high),
        f"hp.uniform({name!r}, {target.low!r}, {target.high!r})",
    )


def _gated(name: str, plain: Mapping[str, Expression], gates: Gates) -> Expression:
    """Switch on one ancestor after the other, the eldest outermost.

    The nodes that hold the ancestors' indices are shared between all their switches, which gives
    the very draws of nested choices, and needs no tree: a parameter may have several parents.
    """
    node: Apply = plain[name]
    for parent, allowed in reversed(gates.items()):
        index, *options = plain[parent].pos_args
        node = scope.switch(index, *(node if i in allowed else None for i in range(len(options))))
    if node is plain[name]:
        return plain[name]
    needs = " and ".join(f"{parent} in {sorted(allowed)}" for parent, allowed in gates.items())
    return _printed(node, f"{plain[name]} if {needs}")


def _printed(node: Apply, text: str) -> Expression:
    shown = Expression(
        node.name,
        node.pos_args,
        node.named_args,
        o_len=node.o_len,
        pure=node.pure,
        define_params=node.define_params,
    )
    shown.text = text
    return shown
