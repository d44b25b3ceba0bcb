"""Successive halving: one bracket, over and over."""

from __future__ import annotations

from typing import Any, Self

from unitune.backend import Scheduling, build
from unitune.schedulers.halving import Halving
from unitune.schedulers.hyperband import halvings, rungs
from unitune.schedulers.settings import needed_bounds, whole


class SuccessiveHalving(Halving):
    """Synchronous successive halving (Jamieson and Talwalkar 2016; the inner loop of Hyperband).

    It is Hyperband's most thrifty bracket on its own: the first decision is taken at the least
    resource. `Halving` tells how trials fill it and how a rung is decided.

    Args:
        resource: the least and the most a trial consumes.
        eta: one in so many goes on.
        trials: how many begin in each bracket; by default just so many that one of them gets to
            the most resource.

    Example:
        >>> rungs = SuccessiveHalving(resource=(1, 9), eta=3).plan()
        >>> [(rung.trials, rung.resource) for rung in rungs]
        [(9, 1), (3, 3), (1, 9)]
    """

    def __init__(
        self, *, resource: tuple[int, int], eta: Any = 3, trials: int | None = None
    ) -> None:
        eta = whole("eta", eta, least=2)
        top = halvings(resource, eta)
        size = eta**top if trials is None else whole("trials", trials, least=1)
        super().__init__([rungs(top, size, resource[1], eta)], eta)

    @classmethod
    def open(cls, scheduling: Scheduling) -> Self:
        return build(cls, scheduling.options, resource=needed_bounds(scheduling))
