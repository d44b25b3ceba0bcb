"""Checks of what is proposed: its bounds, types and laws, conditions, constraints, and its end."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import ClassVar

import pytest

from unitune.backend import Answer
from unitune.errors import BackendError
from unitune.testing.laws import DOUBT, law_faults, least_independent
from unitune.testing.methods import MethodSuite
from unitune.testing.proposals import (
    Corner,
    bound_faults,
    condition_faults,
    type_faults,
)
from unitune.testing.spaces import (
    CONDITIONAL,
    EVERY_KIND,
    PLANE,
    REFUSING,
    TINY,
    any_loss,
    plane_loss,
)
from unitune.testing.stepping import Asked, Config, Setting, by_value, shuffled
from unitune.testing.suite import remembered, require
from unitune.translation import Translation


class ValueChecks(MethodSuite):
    """Checks of what a method proposes.

    Attributes:
        draws: how many random proposals are held against the laws of the parameters.
    """

    draws: ClassVar[int] = 2000

    def test_types(self, method: str, seed: int) -> None:
        """Raw values are Python's own numbers; configs hold plain values and the listed objects."""
        self.needs("test_kinds", method, seed)
        with _left_to("test_bounds"):
            wrong = [
                fault
                for asked, setting in self._driven_into_corners(method, seed)
                for fault in type_faults(asked, setting)
            ]
        require(not wrong, f"{self.backend}:{method} proposes values of other types: {wrong[:5]}")

    @remembered
    def test_bounds(self, method: str, seed: int) -> None:
        """No value is outside its bounds or between its steps, not even by the last bit."""
        self.needs("test_kinds", method, seed)
        wrong = [
            fault
            for asked, translation in self._driven_into_corners(method, seed)
            for fault in bound_faults(asked, translation)
        ]
        require(not wrong, f"{self.backend}:{method} proposes what is out of bounds: {wrong[:5]}")

    def test_laws(self, method: str, seed: int) -> None:
        """Random proposals follow the law of every parameter: all, or those it starts with."""
        self.needs("test_kinds", method, seed)
        setting = self.prepared(EVERY_KIND, method)
        with _left_to("test_bounds"):
            configs = self._random_proposals(method, seed, setting)
        space = setting.plan.translation.space
        wrong = law_faults(space, configs)
        require(not wrong, f"{self.backend}:{method} draws by other laws (p-values): {wrong}")

    def test_independence(self, method: str, seed: int) -> None:
        """Random search draws every parameter and every trial on its own."""
        if method != "random":
            pytest.skip("only for random search")
        self.needs("test_kinds", method, seed)
        setting = self.prepared(EVERY_KIND, method)
        with _left_to("test_bounds"):
            configs = self._random_proposals(method, seed, setting)
        least = least_independent(setting.plan.translation.space, configs)
        require(least > DOUBT, f"{self.backend}:{method} draws what depends on each other: {least}")

    @remembered
    def test_conditions(self, method: str, seed: int) -> None:
        """A parameter is there exactly where its condition holds, and follows its law there."""
        setting = self.prepared(CONDITIONAL, method)
        translation = setting.plan.translation
        at_random = self.draws_only(method)
        count = self.draws // 2 if at_random else self.length(method)
        asked = setting.open(seed, n_trials=count).go(by_value(any_loss), count)
        wrong = [fault for each in asked for fault in condition_faults(each, translation)]
        require(not wrong, f"{self.backend}:{method} does not keep conditions: {wrong[:5]}")
        if at_random:
            odd = law_faults(translation.space, _configs(asked))
            require(not odd, f"{self.backend}:{method} draws by other laws (p-values): {odd}")

    def test_constraints(self, method: str, seed: int) -> None:
        """No config breaks a constraint; one that declares them does not even propose such."""
        self.needs("test_infeasible", method, seed)
        setting = self.prepared(REFUSING, method)
        count = self.length(method)
        study = setting.open(seed, n_trials=count)
        asked = study.go(by_value(plane_loss), count)
        broken = [each.config for each in asked if not REFUSING.contains(each.config)]
        require(not broken, f"configs break the constraint: {broken[:3]}")
        if "constraint" in self.described(method).takes:
            require(
                study.rejected == 0,
                f"{self.backend}:{method} declares 'constraint' and proposed {study.rejected} "
                f"configs that break it",
            )
        require(
            len(asked) == count or self.ends(method),
            f"{self.backend}:{method} came to {len(asked)} of {count} configs that are allowed",
        )

    def test_exhaustion(self, method: str, seed: int) -> None:
        """Whoever comes to an end has proposed every config once, and a grid does come to one."""
        self.needs("test_pending", method, seed)
        space, total = TINY, int(TINY.size)
        setting = self.prepared(space, method)
        if set(setting.plan.translation.space) != set(space):
            pytest.skip(f"method {method!r} does not take choices")
        study = setting.open(seed)
        asked = study.several(4 * total)
        ended = study.ask() is Answer.EXHAUSTED
        require(
            ended or method != "grid", f"the grid goes on after {len(asked)} of {total} configs"
        )
        if ended:
            seen = [tuple(each.config.values()) for each in asked]
            require(
                len(seen) == len(set(seen)) == total,
                f"{self.backend}:{method} says that it is exhausted after {seen}",
            )
            for each in shuffled(asked, seed):
                study.tell(each, by_value(_nothing)(each))
                require(study.ask() is Answer.EXHAUSTED, "it goes on after it was exhausted")

    def test_endless(self, method: str, seed: int) -> None:
        """Except for grids, more is proposed than was planned, and no range is ever exhausted."""
        count = self.random_start(method) + 3
        setting = self.prepared(PLANE, method)
        if self.ends(method) or method == "grid":
            pytest.skip("it comes to an end")
        asked = setting.open(seed, n_trials=count - 2).go(by_value(plane_loss), count)
        require(len(asked) == count, f"{self.backend}:{method} ends after {len(asked)} trials")

    def _driven_into_corners(self, method: str, seed: int) -> list[tuple[Asked, Translation]]:
        """Return proposals under losses whose best values are at either end of everything."""
        key = ("corners", method, seed)
        if key not in self.kept:
            self.kept[key] = self._drive_into_corners(method, seed)
        found: list[tuple[Asked, Translation]] = self.kept[key]
        return found

    def _drive_into_corners(self, method: str, seed: int) -> list[tuple[Asked, Translation]]:
        setting = self.prepared(EVERY_KIND, method)
        translation, count = setting.plan.translation, self.length(method)
        found = []
        for sign in (1.0, -1.0):
            study = setting.open(seed, n_trials=count)
            loss = Corner(translation.space, sign)
            found += [(asked, translation) for asked in study.go(by_value(loss), count)]
        return found

    def _random_proposals(self, method: str, seed: int, setting: Setting) -> list[Config]:
        key = ("random proposals", method, seed)
        if key not in self.kept:
            self.kept[key] = self._draw(method, seed, setting)
        drawn: list[Config] = self.kept[key]
        return drawn

    def _draw(self, method: str, seed: int, setting: Setting) -> list[Config]:
        if self.draws_only(method):
            study = setting.open(seed, n_trials=self.draws)
            return _configs(study.go(by_value(_nothing), self.draws))
        count = self.random_start(method) - 1
        if count < 4 or not self.knows_start(method):
            pytest.skip("it is not said to begin with five random proposals or more: see startup")
        return [
            config
            for place in range(max(1, self.draws // 4 // count))
            for config in _configs(setting.open(seed + place).go(by_value(any_loss), count))
        ]


def _nothing(_: Config) -> float:
    return 0.0


def _configs(asked: Sequence[Asked]) -> list[Config]:
    return [each.config for each in asked]


@contextlib.contextmanager
def _left_to(check: str) -> Iterator[None]:
    """Skip where the core refuses a proposal, which another check reports."""
    try:
        yield
    except BackendError as error:
        pytest.skip(f"left to {check}, which fails: {error}")
