"""Checks of whole runs, through the door that users take."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import pytest

import unitune
from unitune.errors import Infeasible
from unitune.plugins import lacks
from unitune.result import Result
from unitune.testing.methods import MethodSuite
from unitune.testing.spaces import PLANE, plane_loss
from unitune.testing.suite import require
from unitune.trial import State

FIRST = {"x": 0.5, "y": -0.5}
SCHEDULED = 25  # trials under a scheduler


class RunChecks(MethodSuite):
    """Checks of runs of a method.

    Attributes:
        scheduler_options: options by scheduler, for those of the library that need any.
    """

    scheduler_options: ClassVar[Mapping[str, Mapping[str, Any]]] = {}

    def test_budget(self, method: str, seed: int) -> None:
        """A run comes to its number of trials, whatever becomes of them, or ends by itself."""
        for check in ("test_failed", "test_infeasible", "test_reports", "test_inject"):
            self.needs(check, method, seed)
        count = self.random_start(method) + 4
        result = self._run(method, seed, count)
        require(
            len(result.trials) == count or (result.reason == "exhausted" and self.ends(method)),
            f"{self.backend}:{method} came to {len(result.trials)} of {count} trials "
            f"({result.reason})",
        )
        states = [_state(number) for number in range(len(result.trials))]
        require(
            [trial.state for trial in result.trials] == states,
            f"the trials end as {[trial.state.value for trial in result.trials]}",
        )
        first = result.trials[0]
        require(first.config == FIRST and first.initial, f"the first config was {first.config}")

    def test_schedulers(self, seed: int) -> None:
        """Each scheduler that is declared stops bad trials early, the same ones again."""
        found = [spec for spec in self.spec().schedulers if lacks(spec) is None]
        if not found:
            pytest.skip("it declares no schedulers")
        for spec in found:
            once, again = (self._scheduled(spec.name, seed) for _ in range(2))
            states = [trial.state for trial in once.trials]
            require(
                len(states) == SCHEDULED and State.PRUNED in states and State.COMPLETE in states,
                f"under the scheduler {spec.name!r} the trials of {self.backend} end as "
                f"{[state.value for state in states]}",
            )
            require(
                states == [trial.state for trial in again.trials],
                f"under the scheduler {spec.name!r} of {self.backend} other trials end early in a "
                f"second run",
            )

    def _scheduled(self, scheduler: str, seed: int) -> Result:
        method = next(name for name in self.names() if self.described(name).reproducible)
        return unitune.run(
            PLANE,
            _curve,
            backend=self.backend,
            method=method,
            n_trials=SCHEDULED,
            seed=seed,
            scheduler=scheduler,
            scheduler_options=self.scheduler_options.get(scheduler),
            resource=(1, 9),
            options=self.options.get(method),
            progress=False,
        )

    def _run(self, method: str, seed: int, count: int) -> Result:
        self.prepared(PLANE, method)
        return unitune.run(
            PLANE,
            _eventful,
            backend=self.backend,
            method=method,
            n_trials=count,
            seed=seed,
            initial=[FIRST],
            options=self.options.get(method),
            progress=False,
        )


def _state(number: int) -> State:
    return {2: State.FAILED, 4: State.INFEASIBLE}.get(number % 5, State.COMPLETE)


def _curve(config: Mapping[str, Any]) -> Iterator[float]:
    """Report a loss that falls; far from the best place it rises again."""
    loss = plane_loss(config)
    for step in range(1, 10):
        yield loss * (1.0 + 0.1 * step) + 1.0 / step


def _eventful(config: Mapping[str, Any], trial: Any) -> float:
    """A loss with failures, refusals and reports."""
    match _state(trial.number):
        case State.FAILED:
            raise ValueError(config)
        case State.INFEASIBLE:
            raise Infeasible
    trial.report(1.0)
    return plane_loss(config)
