"""Checks of what a backend makes of what it is told, and of configs it did not propose."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable
from typing import Any

import pytest

from unitune.backend import Answer
from unitune.space import Space
from unitune.testing.fates import PLACES, STUDIES, Fate, Tally, pull
from unitune.testing.methods import StudySuite, raws
from unitune.testing.spaces import CONDITIONAL, EVERY_KIND, PLANE, nearness_loss, plane_loss
from unitune.testing.stepping import (
    Asked,
    Config,
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

SEVERAL = 4  # trials under way at a time
# By so many standard deviations chance draws proposals to one half of the plane once in millions
# of runs. Most methods leave it in their first study.
DRAWN = 5.0
LEFT = 1.4
LONG = 40  # trials past the random ones, where fewer leave a doubt

HUGE = (1.0, 1.0, 1.0, 1e308, -1e308, 1e-308, 0.0, -0.0, 1e30, -1e30)


class OutcomeChecks(StudySuite):
    """Checks of what a method makes of outcomes and of foreign trials."""

    def told(self, native: Any) -> int | None:
        """Return how many ended trials the library's own object holds, None if it cannot be said.

        Override it for `test_native` to count them; ``len(native.trials)``, say.
        """
        return None

    @remembered
    def test_failed(self, method: str, seed: int) -> None:
        """Failed trials, the first ones too, are learned of, and the search goes on."""
        self._leaves(method, seed, lambda _: failed(), first=4)

    def test_lost(self, method: str, seed: int) -> None:
        """Trials whose worker died are as good as failed ones; untold ones are left behind."""
        self.needs("test_failed", method, seed)
        fate = Fate(lambda _: failed("WorkerDied"))
        study, _ = self._goes_on(method, seed, fate, self.length(method))
        with contextlib.suppress(IndexError):
            study.tell(study.several(1)[0], failed("Lost"))
        study.several(1)  # the run ends before it is told
        study.study.close()
        require(study.study.native is not None, "there is no native object after the end")

    @remembered
    def test_infeasible(self, method: str, seed: int) -> None:
        """Infeasible trials are learned of, and the search goes on."""
        self._leaves(method, seed, lambda _: infeasible(), first=2)

    @remembered
    def test_pruned(self, method: str, seed: int) -> None:
        """Pruned trials are learned of, with a last value or without one."""
        self._leaves(method, seed, _half_way)

    def test_extremes(self, method: str, seed: int) -> None:
        """Values at the ends of what floats hold, and equal ones, break nothing."""
        huge = itertools.cycle(HUGE)
        self._goes_on(method, seed, lambda _: complete(next(huge)), self.length(method))

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
        """A method that learns is drawn to where trials it did not propose were good."""
        if not self.described(method).learns:
            pytest.skip("it does not learn")
        for check in ("test_inject", "test_pending", "test_learns"):
            self.needs(check, method, seed)
        drawn = pull(
            lambda study, place: self._after_foreign(method, seed + study, place),
            self.pairs(method),
        )
        require(
            drawn is None,
            f"{self.backend}:{method} is told of good foreign trials on one side of the plane, and "
            f"only {drawn} proposals are there",
        )

    def _after_foreign(self, method: str, seed: int, place: Config) -> list[Config]:
        """Return what is proposed after foreign trials on either side, good near the place."""
        study, count = self.prepared(PLANE, method).open(seed), max(6, self.random_start(method))
        for number in range(2 * count):
            config = _near(PLACES[number % 2], PLANE.sample(seed + number))
            study.tell(study.inject(config), complete(nearness_loss(config, place)))
        # They may not count as random ones; its own say nothing of either side.
        study.go(lambda _: complete(1.0), self.random_start(method))
        return [asked.config for asked in study.several(SEVERAL)]

    def _leaves(
        self, method: str, seed: int, ending: Callable[[Asked], Outcome], first: int = 1
    ) -> None:
        """See that a method is not drawn to the half of the plane where trials end badly.

        At first whoever makes nothing of such trials may be, as little is known of that half.
        """
        for late in (self.past_start(method), LONG):
            struck = self._struck(method, seed, lambda: Fate(ending, first), late)
            if struck.excess < DRAWN:
                return
        self.needs("test_learns", method, seed)  # to great losses whoever learns amiss is drawn
        raise AssertionError(
            f"{self.backend}:{method} learns, and is drawn to where trials end badly: "
            f"{struck} proposals are in that half of the plane"
        )

    def _struck(self, method: str, seed: int, fated: Callable[[], Fate], late: int) -> Tally:
        """Count the late proposals in the half where trials end badly, until it is clear."""
        start, struck = self.random_start(method), Tally()
        # Trials that end badly may not count as random ones: there are about twice as many.
        for study in range(STUDIES if self.described(method).learns else 1):
            fate = fated()
            _, asked = self._goes_on(method, seed + study, fate, 2 * start + late)
            if self.described(method).learns:
                struck.add(*(fate.strikes(each.config) for each in asked[-late:]))
            if not -LEFT <= struck.excess < DRAWN:
                break
        return struck

    def _goes_on(
        self, method: str, seed: int, judge: Judge, count: int
    ) -> tuple[Stepper, list[Asked]]:
        """Run past the random start; what came to nothing is not proposed again at once."""
        study, ends = self.prepared(PLANE, method).open(seed), []

        def noted(asked: Asked) -> Outcome:
            ends.append(judge(asked))
            return ends[-1]

        asked = study.go(noted, count)
        again = [
            tuple(each.config.values())
            for (each, after), end in zip(itertools.pairwise(asked), ends, strict=False)
            if end.state is not State.COMPLETE and each.config == after.config
        ]
        require(
            len(again) <= self.repeatable(method, len(asked)),
            f"{self.backend}:{method} proposes {again[:1]} again, right after it was told of it",
        )
        require(
            len(asked) == count or study.ask() is Answer.EXHAUSTED,
            f"{self.backend}:{method} came to {len(asked)} of {count} trials",
        )
        return study, asked

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


def _half_way(asked: Asked) -> Outcome:
    """Return the end of a trial that was stopped early, before its first report or after two."""
    loss = plane_loss(asked.config)
    return pruned((loss + 2, loss + 1) if asked.number % 2 else ())


def _near(place: Config, config: Config) -> dict[str, float]:
    """Return a config within a fifth of the plane around a place."""
    return {name: place[name] + 0.2 * config[name] for name in PLANE}
