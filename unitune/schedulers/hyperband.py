"""Hyperband: successive halving with every trade-off between many trials and long ones."""

from __future__ import annotations

from typing import Any, Self

from unitune.backend import Scheduling, build
from unitune.schedulers.contract import Rung
from unitune.schedulers.halving import Halving
from unitune.schedulers.settings import needed_bounds, whole


class Hyperband(Halving):
    """Hyperband (Li et al. 2018, Algorithm 1).

    Brackets s = s_max, ..., 0 start with ever fewer trials that run ever longer before the first
    decision, and each costs about as much; then they begin anew. `Halving` tells how trials fill
    them and how a rung is decided.

    Args:
        resource: the least and the most a trial consumes.
        eta: one in so many goes on.

    Example:
        >>> rungs = Hyperband(resource=(1, 9), eta=3).plan()
        >>> [(rung.bracket, rung.trials, rung.resource) for rung in rungs]
        [(2, 9, 1), (2, 3, 3), (2, 1, 9), (1, 5, 3), (1, 1, 9), (0, 3, 9)]
    """

    def __init__(self, *, resource: tuple[int, int], eta: Any = 3) -> None:
        eta = whole("eta", eta, least=2)
        top = halvings(resource, eta)
        sizes = ((s, bracket_size(s, top, eta)) for s in range(top, -1, -1))
        super().__init__([rungs(s, size, resource[1], eta) for s, size in sizes], eta)

    @classmethod
    def open(cls, scheduling: Scheduling) -> Self:
        return build(cls, scheduling.options, resource=needed_bounds(scheduling))


def halvings(resource: tuple[int, int], eta: int) -> int:
    """Return s_max = floor(log_eta(most / least)), in whole numbers: logarithms round."""
    least, most = resource
    count = 0
    while least * eta ** (count + 1) <= most:
        count += 1
    return count


def bracket_size(s: int, top: int, eta: int) -> int:
    """Return how many trials begin in a bracket.

    n = ceil((B / R) eta^s / (s + 1)) with B = (s_max + 1) R: Algorithm 1, lines 1 and 3. The
    table of the first preprint differs, since it rounds B / R / (s + 1) down beforehand.
    """
    size: int = -(-(top + 1) * eta**s // (s + 1))
    return size


def rungs(s: int, size: int, most: int, eta: int) -> list[Rung]:
    """Return one bracket: n_i = floor(n eta^-i) trials at r_i = R eta^(i - s), rounded down."""
    return [
        Rung(s, i, trials=max(1, size // eta**i), resource=most // eta ** (s - i))
        for i in range(s + 1)
    ]
