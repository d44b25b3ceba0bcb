"""Checks of what follows from what: seeds, the order of calls, trials under way, and replay."""

from __future__ import annotations

import itertools
import random
from collections.abc import Mapping, Sequence

import pytest

from unitune.backend import Answer
from unitune.testing.elsewhere import proposals_elsewhere
from unitune.testing.fates import pull
from unitune.testing.history import Repetition, Story
from unitune.testing.methods import StudySuite, raws
from unitune.testing.spaces import MIXED, PLANE, any_loss, nearness_loss, plane_loss
from unitune.testing.stepping import Asked, Config, by_value, complete, failed, shuffled
from unitune.testing.suite import remembered, require

SEVERAL = 4  # trials under way at a time
LEAST_SEED, GREATEST_SEED = 0, 2**32 - 1

# What goes wrong in these goes wrong in a replay as well.
_REPLAYED = (
    *("test_seed", "test_pending", "test_failed", "test_infeasible", "test_pruned"),
    *("test_reports", "test_inject"),
)


class OrderChecks(StudySuite):
    """Checks of what a method's proposals depend on."""

    @remembered
    def test_seed(self, method: str, seed: int) -> None:
        """One seed gives one sequence, and another seed another, from 0 to 2³² - 1."""
        setting, count = self.prepared(PLANE, method), self.length(method)
        least, same, greatest = (
            raws(setting.open(end).go(by_value(plane_loss), 2))
            for end in (LEAST_SEED, LEAST_SEED, GREATEST_SEED)
        )
        self._only_if_reproducible(method)
        require(least == same, f"{self.backend}:{method} proposes otherwise with the same seed 0")
        one, other = self.trace(method, seed), self.trace(method, seed ^ 1)
        same = raws(setting.open(seed).go(by_value(plane_loss), count))
        require(one == same, f"{self.backend}:{method} proposes otherwise with the same seed")
        require(
            (one != other and least != greatest) or method == "grid" or self.ends(method),
            f"{self.backend}:{method} proposes the same whatever the seed",
        )

    def test_another_process(self, method: str, seed: int) -> None:
        """Another process, with another order of hashes, proposes the same with the same seed."""
        self._only_if_reproducible(method)
        self.needs("test_seed", method, seed)
        count = self.random_start(method) + 3
        here = self.prepared(MIXED, method).open(seed).go(by_value(any_loss), count)
        there = proposals_elsewhere(self, seed)
        if method not in there:
            pytest.skip("its options cannot be sent to another process")
        require(
            raws(here) == there[method],
            f"{self.backend}:{method} proposes otherwise in another process: {raws(here)} and "
            f"{there[method]}",
        )

    @remembered
    def test_pending(self, method: str, seed: int) -> None:
        """Several trials may be under way; they differ, and are learned of in whatever order."""
        study, rng = self.prepared(PLANE, method).open(seed), random.Random(seed)
        waiting = study.several(SEVERAL)
        require(waiting, f"{self.backend}:{method} proposes nothing at first")
        seen = [*waiting]
        for _ in range(self.length(method)):
            told = waiting.pop(rng.randrange(len(waiting)))
            study.tell(told, complete(plane_loss(told.config)))
            asked = study.several(1)
            waiting += asked
            seen += asked
            if not waiting:
                break
        for told in shuffled(waiting, seed):
            study.tell(told, complete(plane_loss(told.config)))
        points = [tuple(each.config.values()) for each in seen]
        repeats = len(points) - len(set(points))
        require(
            repeats <= self.repeatable(method, len(points)),
            f"{self.backend}:{method} proposes what is under way, or was tried: {repeats} of "
            f"{len(points)} are repeats",
        )
        if self.described(method).learns:
            self.needs("test_learns", method, seed)
            drawn = pull(
                lambda study, place: self._beside(method, seed + study, place), self.pairs(method)
            )
            require(
                drawn is None,
                f"{self.backend}:{method} learns, but not while other trials are under way: only "
                f"{drawn} proposals are on the side of the plane where trials were good",
            )

    def test_order(self, method: str, seed: int) -> None:
        """The order in which trials are told changes nothing, where that is declared."""
        described = self.described(method)
        if described.learns and not described.unordered:
            pytest.skip("it is not declared as unordered")
        self.needs("test_seed", method, seed)
        self.needs("test_pending", method, seed)
        setting, found = self.prepared(PLANE, method), []
        for reverse in (False, True):
            study = setting.open(seed)
            study.go(by_value(plane_loss), self.random_start(method))
            for _ in range(3):
                waiting = study.several(SEVERAL)
                for told in reversed(waiting) if reverse else waiting:
                    study.tell(told, complete(plane_loss(told.config)))
            found.append(raws(study.go(by_value(plane_loss), 3)))
        require(
            found[0] == found[1],
            f"{self.backend}:{method} does not learn, or is declared as unordered, and its "
            f"proposals depend on the order of tells",
        )

    @remembered
    def test_repeats(self, method: str, seed: int) -> None:
        """A proposal that is not evaluated, as it repeats an earlier one, stops nothing."""
        study = self.prepared(PLANE, method).open(seed)
        asked = study.go(by_value(plane_loss), self.random_start(method) + 2)
        for outcome in (None, complete(plane_loss(asked[-1].config)), failed()):
            proposed = study.several(1)
            for each in proposed:
                study.repeat(each, outcome)
        further = study.go(by_value(plane_loss), 2)
        require(
            len(further) == 2 or study.ask() is Answer.EXHAUSTED,
            f"{self.backend}:{method} does not go on after a repeated config",
        )

    def test_replay(self, method: str, seed: int) -> None:
        """A fresh study that sees the same calls, read from a journal, is where the first was."""
        self._only_if_reproducible(method)
        for check in _REPLAYED:
            self.needs(check, method, seed)
        setting, rng = self.prepared(PLANE, method), random.Random(seed)
        first, story = setting.open(seed), Story()
        story.live(first, rng, self.length(method))
        second = setting.open(seed)
        again = Repetition(second, story)
        again.repeat()
        require(
            not again.differences,
            f"{self.backend}:{method} proposes otherwise when its calls are repeated: "
            f"{again.differences[:3]}",
        )
        one, two = (raws(study.go(by_value(plane_loss), 3)) for study in (first, second))
        require(one == two, f"{self.backend}:{method} goes on otherwise after a replay")

    def _beside(self, method: str, seed: int, place: Config) -> list[Config]:
        """Return what is proposed after trials, good near the place, with others under way.

        Of four the first three are told, in the order that most misleads whoever takes results
        for those of the first trial under way, or of the last.
        """
        study, count = self.prepared(PLANE, method).open(seed), SEVERAL - 1
        seen = waiting = study.several(SEVERAL)
        for _ in range((self.random_start(method) + self.lessons(method)) // count + 1):
            losses = {each.number: nearness_loss(each.config, place) for each in waiting}
            for told in _misleading(waiting, losses):
                study.tell(told, complete(losses[told.number]))
            asked = study.several(count)
            waiting, seen = waiting[-1:] + asked, seen + asked
        return [asked.config for asked in seen[-2 * count :]]

    def _only_if_reproducible(self, method: str) -> None:
        if not self.described(method).reproducible:
            pytest.skip("it is not declared as reproducible")


def _misleading(waiting: list[Asked], losses: Mapping[int, float]) -> Sequence[Asked]:
    """Return all but the last, in an order that gives good results to bad ones among them.

    That is where they go if the first are taken to be the first of all of them, or the last.
    """

    def agreement(order: Sequence[Asked], others: Sequence[Asked]) -> float:
        pairs = zip(order, others, strict=False)
        return sum(losses[a.number] * losses[b.number] for a, b in pairs)

    return min(
        itertools.permutations(waiting[:-1]),
        key=lambda order: max(agreement(order, waiting), agreement(order, waiting[::-1])),
    )
