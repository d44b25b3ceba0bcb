"""The suite for a backend that owns its loop."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest

import unitune
from unitune.backend import Mode
from unitune.capabilities import BackendSpec
from unitune.errors import Infeasible, OptionError
from unitune.result import Result
from unitune.space import Space
from unitune.testing.laws import DOUBT, law_faults, least_independent, plain, within
from unitune.testing.learning import above_chance
from unitune.testing.methods import by_method
from unitune.testing.orders import GREATEST_SEED, LEAST_SEED
from unitune.testing.records import RecordChecks
from unitune.testing.spaces import (
    CONDITIONAL,
    EVERY_KIND,
    PLANE,
    REFUSING,
    TINY,
    any_loss,
    negative_loss,
    plane_loss,
)
from unitune.testing.stepping import takeable
from unitune.testing.suite import require
from unitune.testing.watching import Traces, watching
from unitune.trial import State

MISSPELT = "no_method_has_this_option"
FIRST = {"x": 0.5, "y": -0.5}


class ServiceSuite(RecordChecks):
    """Checks that a backend that owns its loop keeps its contract: through whole runs.

    Attributes:
        backend: the backend's name.
        methods: those to check; None for all.
        startup: how many proposals a learning method draws at random, for all or by method.
        beyond: how many trials checks run past that.
        lesson: how many trials `test_learns` runs past them; it looks at the second half.
        options: options by method.
        settings: further arguments of every run, such as {"workers": 2}.
        draws: how many random proposals are held against the laws of the parameters.
        known: expected failures, by 'check' or 'check[method]'.
        seed: fixes what checks draw; None draws one for each run and prints it on a failure.

    Example:
        >>> from unitune.testing import ServiceSuite
        >>> class TestMine(ServiceSuite):
        ...     backend = "mine"
    """

    settings: ClassVar[Mapping[str, Any]] = {}
    lesson: ClassVar[int | Mapping[str, int]] = 20
    draws: ClassVar[int] = 500

    @classmethod
    def spec(cls) -> BackendSpec:
        spec = super().spec()
        if spec.contract != "service":
            raise OptionError(
                f"Backend {spec.name!r} is asked and told; {cls.__name__} takes BackendSuite, not "
                f"ServiceSuite."
            )
        return spec

    def run(
        self, space: Space, loss: Any, method: str, n_trials: int, seed: int, **given: Any
    ) -> Result:
        """Run the method on what it takes of a space."""
        return unitune.run(
            takeable(space, self.backend, method),
            loss,
            backend=self.backend,
            method=method,
            n_trials=n_trials,
            seed=seed,
            progress=False,
            **{"options": self.options.get(method), **self.settings, **given},
        )

    def test_values(self, method: str, seed: int) -> None:
        """Configs hold plain values within their bounds, and the very objects that were listed."""
        result = self.run(EVERY_KIND, any_loss, method, self.length(method), seed)
        wrong = [
            (trial.number, name, value)
            for trial in result.trials
            for name, value in trial.config.items()
            if not plain(EVERY_KIND[name], value) or not within(EVERY_KIND[name], value)
        ]
        require(not wrong, f"{self.backend}:{method} proposes {wrong[:5]}")
        orders = {tuple(trial.config) for trial in result.trials}
        require(orders == {tuple(result.space)}, f"configs have other names or orders: {orders}")

    def test_laws(self, method: str, seed: int) -> None:
        """Random search follows the law of every parameter."""
        taken = takeable(EVERY_KIND, self.backend, method)
        wrong = law_faults(taken, self._random_configs(method, seed))
        require(not wrong, f"{self.backend}:{method} draws by other laws (p-values): {wrong}")

    def test_independence(self, method: str, seed: int) -> None:
        """Random search draws every parameter and every trial on its own."""
        configs = self._random_configs(method, seed)
        taken = takeable(EVERY_KIND, self.backend, method)
        least = least_independent(taken, configs)
        require(least > DOUBT, f"{self.backend}:{method} draws what depends on each other: {least}")

    def test_conditions(self, method: str, seed: int) -> None:
        """A parameter is there exactly where its condition holds, and follows its law there."""
        count = self.draws // 2 if method == "random" else self.length(method)
        result = self.run(CONDITIONAL, any_loss, method, count, seed)
        configs = [trial.config for trial in result.trials]
        wrong = [config for config in configs if not result.space.contains(config)]
        require(not wrong, f"{self.backend}:{method} proposes {wrong[:2]}")
        if method == "random":
            odd = law_faults(result.space, configs)
            require(not odd, f"{self.backend}:{method} draws by other laws (p-values): {odd}")

    def test_constraints(self, method: str, seed: int) -> None:
        """No config breaks a constraint, and refused ones are no trials."""
        result = self.run(REFUSING, plane_loss, method, self.length(method), seed)
        wrong = [t.config for t in result.trials if not REFUSING.contains(t.config)]
        require(not wrong, f"{self.backend}:{method} evaluates {wrong[:2]}")
        self._reached(result, method, self.length(method))

    def test_exhaustion(self, method: str, seed: int) -> None:
        """Whoever comes to an end has proposed every config once, and a grid does come to one."""
        total = int(TINY.size)
        result = self.run(TINY, any_loss, method, 4 * total, seed)
        seen = [tuple(trial.config.values()) for trial in result.trials]
        if result.reason != "exhausted":
            require(method != "grid", f"the grid goes on after {len(seen)} of {total} configs")
            return
        require(
            len(seen) == len(set(seen)) == total,
            f"{self.backend}:{method} says that it is exhausted after {seen}",
        )

    def test_seed(self, method: str) -> None:
        """One seed gives one sequence, and another seed another, from 0 to 2³² - 1."""
        if not self.described(method).reproducible:
            pytest.skip("it is not declared as reproducible")
        count = self.random_start(method) + 3
        one, same, other = (
            [t.config for t in self.run(PLANE, plane_loss, method, count, s, workers=1).trials]
            for s in (LEAST_SEED, LEAST_SEED, GREATEST_SEED)
        )
        require(one == same, f"{self.backend}:{method} proposes otherwise with the same seed")
        require(one != other or method == "grid", f"{self.backend}:{method} ignores the seed")

    def test_learns(self, method: str, seed: int) -> None:
        """Past its random start a method that learns beats chance, whichever way is better."""
        if not self.described(method).learns:
            pytest.skip("it does not learn")
        start, lesson = self.random_start(method), by_method(self.lesson, method, 20)

        def proposals(place: int) -> list[Mapping[str, Any]]:
            mode: Mode = "max" if place % 2 else "min"
            loss = negative_loss if place % 2 else plane_loss
            result = self.run(PLANE, loss, method, start + lesson, seed + place, mode=mode)
            return [trial.config for trial in result.trials[start + lesson // 2 :]]

        mean = above_chance(proposals, seed)
        require(mean is None, f"{self.backend}:{method} learns nothing: its mean rank is {mean}")

    def test_options(self, method: str, seed: int) -> None:
        """An option that nobody knows is refused by its name, before the first trial."""
        with pytest.raises(OptionError, match=MISSPELT):
            self.run(PLANE, _never, method, 2, seed, options={MISSPELT: 1})

    def test_outcomes(self, method: str, eventful: tuple[Result, Traces]) -> None:
        """Trials fail, are refused, report, and the run comes to its number of them."""
        result, _ = eventful
        self._reached(result, method, self.length(method))
        states = [_state(trial.number) for trial in result.trials]
        found = [trial.state for trial in result.trials]
        require(found == states, f"the trials end as {[state.value for state in found]}")
        complete = [trial for trial in result.trials if trial.state is State.COMPLETE]
        require(
            all([report.value for report in trial.reports] == [1.0] for trial in complete),
            f"reports are lost: {[trial.reports for trial in complete]}",
        )
        failed = [t.failure for t in result.trials if t.state is State.FAILED]
        require(
            all(failure is not None and failure.kind == "ValueError" for failure in failed),
            f"failures are lost: {failed}",
        )
        require(result.native is not None, "there is no native object after the end")

    def test_foreign(self, method: str, eventful: tuple[Result, Traces]) -> None:
        """The configs of the user come first."""
        first = eventful[0].trials[0]
        require(first.config == FIRST and first.initial, f"the first config was {first.config}")

    def test_global_random_state(self, method: str, eventful: tuple[Result, Traces]) -> None:
        """The random numbers of `random`, numpy and torch are neither used nor disturbed."""
        touched = eventful[1].random
        require(not touched, f"{self.backend}:{method} disturbs the global state of {touched}")

    def test_files(self, method: str, eventful: tuple[Result, Traces]) -> None:
        """Nothing is written where the user is, or at home; directory and environment stay."""
        traces = eventful[1]
        left, changed = traces.files, traces.environment
        require(not left, f"{self.backend}:{method} leaves {left} behind")
        require(not traces.moved, f"{self.backend}:{method} changes the current directory")
        require(not changed, f"{self.backend}:{method} changes the environment: {changed}")

    def test_quiet(self, method: str, eventful: tuple[Result, Traces]) -> None:
        """Nothing is printed or warned of, and no filter or logger is changed."""
        who, traces = f"{self.backend}:{method}", eventful[1]
        require(not traces.said, f"{who} says {traces.said[:200]!r}")
        require(not traces.warned, f"{who} warns {traces.warned[:2]}")
        require(not traces.logging, f"{who} changes {' and '.join(traces.logging)}")

    @pytest.fixture
    def eventful(
        self,
        method: str,
        seed: int,
        tmp_path: Path,
        capfd: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> tuple[Result, Traces]:
        """A run with events of every kind, and what it leaves behind; one for all checks."""
        key = ("eventful", method, seed)
        if key not in self.kept:
            with watching(tmp_path, capfd, monkeypatch) as traces:
                count = self.length(method)
                result = self.run(PLANE, _eventful, method, count, seed, initial=[FIRST])
            self.kept[key] = (result, traces)
        found: tuple[Result, Traces] = self.kept[key]
        return found

    def _random_configs(self, method: str, seed: int) -> list[Mapping[str, Any]]:
        if method != "random":
            pytest.skip("only for random search")
        key = ("random", seed)
        if key not in self.kept:
            result = self.run(EVERY_KIND, any_loss, method, self.draws, seed)
            self.kept[key] = [trial.config for trial in result.trials]
        found: list[Mapping[str, Any]] = self.kept[key]
        return found

    def _reached(self, result: Result, method: str, count: int) -> None:
        ended = result.reason == "exhausted" and method == "grid"
        require(
            len(result.trials) == count or ended,
            f"{self.backend}:{method} came to {len(result.trials)} of {count} trials "
            f"({result.reason})",
        )


def _state(number: int) -> State:
    return {2: State.FAILED, 4: State.INFEASIBLE}.get(number % 5, State.COMPLETE)


def _eventful(config: Mapping[str, Any], trial: Any) -> float:
    """A loss with failures, refusals and reports."""
    match _state(trial.number):
        case State.FAILED:
            raise ValueError(config)
        case State.INFEASIBLE:
            raise Infeasible
    trial.report(1.0)
    return plane_loss(config)


def _never(config: Mapping[str, Any]) -> float:
    message = f"{config} was evaluated"
    raise AssertionError(message)
