"""The rungs of asynchronous successive halving, and the trials on them."""

from __future__ import annotations

import bisect
from dataclasses import dataclass, field

from unitune.schedulers.contract import Verdict


@dataclass(slots=True)
class Level:
    """One rung of a ladder: what reached it so far.

    Attributes:
        resource: at which a trial reaches it.
        results: the loss that each trial had there and its number, best first.
        paused: the trials that wait here, with their losses.
    """

    resource: int
    results: list[tuple[float, int]] = field(default_factory=list)
    paused: dict[int, float] = field(default_factory=dict)

    def enter(self, number: int, loss: float) -> int:
        """Enter a result; return its place among all, from 0."""
        result = (loss, number)
        place = bisect.bisect_left(self.results, result)
        self.results.insert(place, result)
        return place

    def newly_best(self, place: int, eta: int) -> int | None:
        """Return whose turn it is to go on, now that a result has been entered at a place.

        Those among the best floor(n / eta) before have gone on at once. So it can only be the new
        one, or else the one for whom there has become room.
        """
        best, rest = divmod(len(self.results), eta)
        if place >= best:
            if rest or not best:
                return None
            place = best - 1
        number = self.results[place][1]
        return number if number in self.paused else None

    def best_paused(self) -> int:
        """Return the best of those that wait here."""
        return min(self.paused, key=lambda number: (self.paused[number], number))


@dataclass(slots=True)
class Climber:
    """A trial on a ladder.

    Attributes:
        bracket: which ladder, from 0.
        levels: the ladder.
        most: the resource at its end.
        rung: the rung it makes for.
        step: its last step.
        loss: its last loss.
        running: whether it is under way: neither paused nor over.
    """

    bracket: int
    levels: list[Level]
    most: int
    rung: int = 0
    step: int = -1
    loss: float = 0.0
    running: bool = True

    @property
    def level(self) -> Level | None:
        """The rung it makes for; None where only the end is left."""
        return self.levels[self.rung] if self.rung < len(self.levels) else None

    @property
    def bound(self) -> int:
        """The resource at which the next decision on it is due."""
        return self.most if self.level is None else self.level.resource

    @property
    def there(self) -> bool:
        """Whether it is where the next decision is due."""
        return self.step >= self.bound

    @property
    def onward(self) -> Verdict:
        """What becomes of it where no rung holds it up."""
        return Verdict.FINISH if self.step >= self.most else Verdict.CONTINUE


def in_rank(others: list[tuple[float, int]], loss: float, eta: int) -> bool:
    """Whether a loss is among the best floor(n / eta) of n, others and itself; or the very best."""
    worst = max(1, (len(others) + 1) // eta)
    return len(others) < worst or loss <= others[worst - 1][0]


def in_percentile(others: list[tuple[float, int]], loss: float, eta: int) -> bool:
    """Whether a loss is no worse than the interpolated 1/eta quantile of the others."""
    if not others:
        return True
    place, rest = divmod(len(others) - 1, eta)
    below, above = others[place][0], others[min(place + 1, len(others) - 1)][0]
    return loss <= (below if below == above else below + (above - below) * rest / eta)
