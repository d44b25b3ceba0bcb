"""Checks of whether results change what is proposed, for the better, and at what cost."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import pytest

from unitune.backend import Mode
from unitune.testing.methods import MethodSuite, by_method
from unitune.testing.spaces import PLANE, negative_loss, plane_loss
from unitune.testing.stepping import Config, by_value
from unitune.testing.suite import remembered, require

# Losses of so many random configs say what chance comes to.
SAMPLE = 1000
# Studies are put together until this is decided, by so many standard deviations on one side.
DEVIATIONS = 4.0
LEAST = 10
STUDIES = 24


class LearningChecks(MethodSuite):
    """Checks of what results do to proposals, and of the time they take.

    Attributes:
        cost_trials: how many trials `test_cost` looks at, for all methods or by method.
        growth: the power of the number of trials that the cost of one more may grow with, for a
            method that learns; that of one that does not may not grow at all.
    """

    cost_trials: ClassVar[int | Mapping[str, int]] = 400
    growth: ClassVar[float] = 1.0

    @remembered
    def test_learns(self, method: str, seed: int) -> None:
        """Past its random start a method that learns beats chance; others heed no results."""
        if not self.described(method).learns:
            self._heeds_nothing(method, seed)
            return
        mean = self._mean_rank(method, seed, mode="min")
        require(
            mean is None,
            f"{self.backend}:{method} is declared to learn. On a smooth function the mean rank of "
            f"its proposals among random ones is {mean}, which is no better than chance (0 is "
            f"best, 0.5 is chance)",
        )

    def test_mode(self, method: str, seed: int) -> None:
        """The greatest of the negative is sought as the least is."""
        if not self.described(method).learns:
            pytest.skip("it does not learn")
        greatest = self.trace(method, seed, negative=True, mode="max")
        if self.described(method).reproducible and self.trace(method, seed) == greatest:
            return
        self.needs("test_learns", method, seed)
        mean = self._mean_rank(method, seed, mode="max")
        require(
            mean is None,
            f"{self.backend}:{method} beats chance with mode='min', and not with mode='max': the "
            f"mean rank of its proposals is {mean}",
        )

    def test_cost(self, method: str, seed: int) -> None:
        """The cost of a trial does not grow beyond measure with the trials before it."""
        setting = self.prepared(PLANE, method)
        if self.ends(method):
            pytest.skip("it comes to an end")
        start, count = self.random_start(method), by_method(self.cost_trials, method, 400)
        early, late = self._costs(setting, seed, start, start + count)
        growth = self.growth if self.described(method).learns else 0.0
        times = (start + count) / (start + _part(count))
        # Three times as much, for noise; where little is done, little is measured.
        allowed = 3.0 * times**growth * max(early, 5e-5)
        if late > allowed:  # once more: another process may have got in the way
            early, late = self._costs(setting, seed, start, start + count)
        require(
            late <= allowed,
            f"{self.backend}:{method} takes {late:.2g} s of processor time a trial after {count} "
            f"trials, and {early:.2g} s at first",
        )

    def _heeds_nothing(self, method: str, seed: int) -> None:
        if not self.described(method).reproducible:
            return
        self.needs("test_seed", method, seed)
        require(
            self.trace(method, seed) == self.trace(method, seed, negative=True),
            f"{self.backend}:{method} is declared not to learn, and results change what it "
            f"proposes",
        )

    def _mean_rank(self, method: str, seed: int, *, mode: Mode) -> float | None:
        setting = self.prepared(PLANE, method)
        judge = by_value(plane_loss if mode == "min" else negative_loss)
        start, lesson = self.random_start(method), self.lessons(method)

        def proposals(place: int) -> list[Config]:
            study = setting.open(seed + place, mode=mode, n_trials=start + lesson)
            asked = study.go(judge, start + lesson)
            return [each.config for each in asked[start + lesson // 2 :]]

        return above_chance(proposals, seed)

    def _costs(self, setting: Any, seed: int, start: int, total: int) -> tuple[float, float]:
        """Return processor seconds a trial, of a tenth at the beginning and one at the end."""
        study, seconds = setting.open(seed, n_trials=total), []
        for _ in range(total):
            begun = time.process_time()
            asked = study.several(1)
            spent = time.process_time() - begun
            for each in asked:
                value = by_value(plane_loss)(each)
                begun = time.process_time()
                study.tell(each, value)
                seconds.append(spent + time.process_time() - begun)
        size = _part(total - start)
        return _median(seconds[start : start + size]), _median(seconds[-size:])


def above_chance(proposals: Callable[[int], Sequence[Config]], seed: int) -> float | None:
    """Return the share of random configs of PLANE that are better than a proposal, on average.

    None where it is below what chance comes to: the mean of n random ranks is 0.5, with a standard
    deviation of sqrt(1 / 12 n). Studies are put together until that is decided.

    Args:
        proposals: what the n-th study proposes once it has learned.
        seed: fixes the random configs.
    """
    known = sorted(plane_loss(PLANE.sample(seed + place)) for place in range(SAMPLE))
    ranks: list[float] = []
    for place in range(STUDIES):
        ranks += [_rank(plane_loss(config), known) for config in proposals(place)]
        bar = 0.5 - DEVIATIONS * math.sqrt(1 / 12 / max(1, len(ranks)))
        if len(ranks) >= LEAST and sum(ranks) / len(ranks) < bar:
            return None
    return sum(ranks) / len(ranks) if ranks else 1.0


def _rank(loss: float, known: list[float]) -> float:
    return sum(other < loss for other in known) / len(known)


def _part(count: int) -> int:
    return max(3, count // 10)


def _median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2] if values else 0.0
