"""Checks of what a backend makes of what it is told, and of configs it did not propose."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Sequence
from typing import Any

import pytest

from unitune.backend import Answer
from unitune.space import Space
from unitune.testing.methods import MethodSuite, raws
from unitune.testing.spaces import CONDITIONAL, EVERY_KIND, PLANE, negative_loss, plane_loss
from unitune.testing.stepping import (
    Asked,
    Judge,
    Stepper,
    by_value,
    complete,
    failed,
    infeasible,
    pruned,
)
from unitune.testing.suite import remembered, require
from unitune.trial import Outcome, State

HUGE = (1.0, 1.0, 1.0, 1e308, -1e308, 1e-308, 0.0, -0.0, 1e30, -1e30)


class OutcomeChecks(MethodSuite):
    """Checks of what a method makes of outcomes and of foreign trials."""

    def told(self, native: Any) -> int | None:
        """Return how many ended trials the library's own object holds, None if it cannot be said.

        Override it for `test_native` to count them; ``len(native.trials)``, say.
        """
        return None

    @remembered
    def test_failed(self, method: str, seed: int) -> None:
        """Failed trials, the first ones too, are learned of, and the search goes on."""
        self._goes_on(method, seed, _sometimes(failed(), first=4))

    def test_lost(self, method: str, seed: int) -> None:
        """Trials whose worker died are as good as failed ones; untold ones are left behind."""
        self.needs("test_failed", method, seed)
        study = self._goes_on(method, seed, _sometimes(failed("WorkerDied"), first=1))
        with contextlib.suppress(IndexError):
            study.tell(study.several(1)[0], failed("Lost"))
        study.several(1)  # the run ends before it is told
        study.study.close()
        require(study.study.native is not None, "there is no native object after the end")

    @remembered
    def test_infeasible(self, method: str, seed: int) -> None:
        """Infeasible trials are learned of, and the search goes on."""
        self._goes_on(method, seed, _sometimes(infeasible(), first=2))

    @remembered
    def test_pruned(self, method: str, seed: int) -> None:
        """Pruned trials are learned of, with a last value or without one."""
        self._goes_on(method, seed, _half_way)

    def test_extremes(self, method: str, seed: int) -> None:
        """Values at the ends of what floats hold, and equal ones, break nothing."""
        self._goes_on(method, seed, lambda asked: complete(HUGE[asked.number % len(HUGE)]))

    @remembered
    def test_reports(self, method: str, seed: int) -> None:
        """Reports are taken, and stop nothing where no scheduler was asked for."""
        study = self.prepared(PLANE, method).open(seed)
        for _ in range(self.length(method)):
            for asked in study.several(1):
                loss = plane_loss(asked.config)
                steps = [(0, loss + 3), (1, loss + 2), (1, loss + 1), (5, loss)]
                stops = [study.study.report(asked.token, step, value) for step, value in steps]
                require(
                    all(stop is False for stop in stops),
                    f"{self.backend}:{method} answers reports with {stops}, and nobody asked for "
                    f"a scheduler; the answer is a bool",
                )
                study.tell(asked, complete(loss))

    def test_native(self, method: str, seed: int) -> None:
        """The library's own object is there from the first to the last, with every trial once."""
        for check in ("test_failed", "test_infeasible", "test_pruned"):
            self.needs(check, method, seed)
        study = self.prepared(PLANE, method).open(seed)
        require(study.study.native is not None, "there is no native object at first")
        kinds = [complete(0.5), complete(0.7), failed(), infeasible(), pruned([2.0]), pruned([])]
        trials = max(self.length(method), len(kinds))
        count = len(study.go(lambda asked: kinds[asked.number % len(kinds)], trials))
        found = self.told(study.study.native)
        study.study.close()
        require(study.study.native is not None, "there is no native object after the end")
        if found is None:
            pytest.skip("override told() to have the trials in the native object counted")
        require(
            found == count,
            f"{self.backend}:{method} was told of {count} trials, and its native object holds "
            f"{found}",
        )

    @remembered
    def test_inject(self, method: str, seed: int) -> None:
        """Foreign configs are taken as they are, and use up no random numbers."""
        for check in ("test_kinds", "test_bounds", "test_conditions"):
            self.needs(check, method, seed)
        for space in (EVERY_KIND, CONDITIONAL):
            self._takes(method, seed, space)
        self.needs("test_seed", method, seed)
        if not self.described(method).reproducible:
            return
        setting = self.prepared(PLANE, method)
        with_foreign = setting.open(seed)
        given = dict.fromkeys(PLANE, 0.25)
        with_foreign.tell(with_foreign.inject(given), complete(plane_loss(given)))
        count = self.past_start(method)
        if self.described(method).learns:
            count = self.random_start(method) // 2 if self.knows_start(method) else 2
        drawn = raws(with_foreign.go(by_value(plane_loss), count))
        require(
            drawn == self.trace(method, seed)[:count],
            f"{self.backend}:{method} draws otherwise after a foreign config",
        )

    def test_warm_start(self, method: str, seed: int) -> None:
        """A method that learns also learns from trials it did not propose."""
        self.needs("test_inject", method, seed)
        if self.trace(method, seed) == self.trace(method, seed, negative=True):
            pytest.skip("its proposals do not depend on results; see test_learns")
        require(
            self._heeds_foreign(method, seed),
            f"{self.backend}:{method} proposes the same whatever foreign trials came to",
        )

    def _heeds_foreign(self, method: str, seed: int) -> bool:
        """Return whether proposals depend on what foreign trials came to."""
        setting, found = self.prepared(PLANE, method), []
        count = max(5, self.random_start(method))
        configs = [each.config for each in setting.open(seed ^ 2).go(by_value(plane_loss), count)]
        for loss in (plane_loss, negative_loss):
            study = setting.open(seed)
            for config in configs:
                study.tell(study.inject(config), complete(loss(config)))
            found.append(raws(study.go(by_value(plane_loss), self.length(method))))
        return found[0] != found[1]

    def _goes_on(self, method: str, seed: int, judge: Judge) -> Stepper:
        """Run past the random start; what came to nothing is not proposed again at once."""
        setting, count = self.prepared(PLANE, method), self.length(method)
        study = setting.open(seed)
        asked = study.go(judge, count)
        again = [
            tuple(each.config.values())
            for each, after in itertools.pairwise(asked)
            if judge(each).state is not State.COMPLETE and each.config == after.config
        ]
        require(
            not again,
            f"{self.backend}:{method} proposes {again[:1]} again, right after it was told of it",
        )
        require(
            len(asked) == count or study.ask() is Answer.EXHAUSTED,
            f"{self.backend}:{method} came to {len(asked)} of {count} trials",
        )
        return study

    def _takes(self, method: str, seed: int, space: Space) -> None:
        setting = self.prepared(space, method)
        translation, taken = setting.plan.translation, setting.plan.translation.space
        study = setting.open(seed)
        for place in range(4):
            config = taken.sample(seed + place)
            asked = study.inject(config)
            require(
                dict(asked.values) == translation.lower(config),
                f"{self.backend}:{method} was given {translation.lower(config)} and makes "
                f"{dict(asked.values)} of it",
            )
            study.tell(asked, complete(float(place)))
        study.go(lambda asked: complete(float(asked.number)), self.random_start(method) + 1)


def _sometimes(outcome: Outcome, *, first: int) -> Judge:
    """Return what gives the outcome to the first trials, and to every third one after them."""

    def judge(asked: Asked) -> Outcome:
        return (
            outcome
            if asked.number < first or asked.number % 3 == 1
            else complete(plane_loss(asked.config))
        )

    return judge


def _half_way(asked: Asked) -> Outcome:
    loss = plane_loss(asked.config)
    after: Sequence[Sequence[float]] = [(), (loss + 2, loss + 1)]
    return complete(loss) if asked.number % 3 == 2 else pruned(after[asked.number % 3])
