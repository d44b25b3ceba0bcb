"""Trials of which some end badly in one half of the plane, and counts of what is there."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from unitune.testing.spaces import PLANE, nearness_loss
from unitune.testing.stepping import Asked, Config, complete
from unitune.trial import Outcome

# Studies are put together until it is clear whether proposals are drawn to one half of the plane.
STUDIES = 24
# Either place is the better one in one of two studies.
PLACES: tuple[Config, Config] = ({"x": 0.5, "y": -0.5}, {"x": -0.5, "y": 0.5})


@dataclass(slots=True)
class Fate:
    """Lets every second trial end badly in the half of PLANE around the first one.

    The others there have great losses, and the least loss is in the other half: so it is left by
    whoever learns, whatever is made of trials without a value, unless they are taken for good ones.

    Attributes:
        ending: what becomes of every second one.
        first: how many of the first trials end so wherever they are.
    """

    ending: Callable[[Asked], Outcome]
    first: int = 1
    _half: tuple[str, float] = ("", 0.0)
    _struck: int = 0

    def __call__(self, asked: Asked) -> Outcome:
        """Return what becomes of a trial."""
        struck = self.strikes(asked.config)
        self._struck += struck
        if asked.number < self.first or (struck and self._struck % 2):
            return self.ending(asked)
        axis, side = self._half
        best = {**dict.fromkeys(PLANE, 0.2), axis: -0.3 * side}
        return complete(nearness_loss(asked.config, best) + 2.0 * struck)

    def strikes(self, config: Config) -> bool:
        """Return whether a config is in the bad half; the first one that is asked about is."""
        if not self._half[0]:
            axis = max(PLANE, key=lambda name: abs(config[name]))
            self._half = axis, math.copysign(1.0, config[axis])
        axis, side = self._half
        return bool(side * config[axis] >= 0)


@dataclass(slots=True)
class Tally:
    """Counts something that chance brings about in half of all cases.

    Attributes:
        hits: how often it came about.
        total: of how many cases.
    """

    hits: int = 0
    total: int = 0

    def add(self, *cases: bool) -> None:
        """Count further cases."""
        self.hits += sum(cases)
        self.total += len(cases)

    @property
    def excess(self) -> float:
        """By how many standard deviations it is more frequent than chance would have it."""
        if not self.total:
            return 0.0
        return (self.hits / self.total - 0.5) / math.sqrt(0.25 / self.total)

    def __str__(self) -> str:
        return f"{self.hits} of {self.total}"


def pull(proposals: Callable[[int, Config], Iterable[Config]], least: int) -> Tally | None:
    """Count proposals on the side of the better one of two places, in pairs of studies.

    None where they are drawn to it. Whoever heeds no results is there in half of all cases, and
    exactly so if the seed is heeded.

    Args:
        proposals: what the n-th study proposes after results whose best are near a place.
        least: how many pairs there are to be at the least, and the more the clearer it is to be:
            of one study all proposals may be on one side by chance.
    """
    drawn, clear = Tally(), 2.0 * math.sqrt(least)
    for study in range(STUDIES):
        for place in PLACES:
            found = proposals(study, place)
            drawn.add(*(sum(config[name] * place[name] for name in PLANE) > 0 for config in found))
        if study + 1 >= least and abs(drawn.excess) > clear:
            break
    return None if drawn.excess > clear else drawn
