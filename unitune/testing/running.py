"""Checks of whole runs, through the door that users take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import unitune
from unitune.errors import Infeasible
from unitune.result import Result
from unitune.testing.methods import MethodSuite
from unitune.testing.spaces import PLANE, plane_loss
from unitune.testing.suite import require
from unitune.trial import State

FIRST = {"x": 0.5, "y": -0.5}


class RunChecks(MethodSuite):
    """Checks of runs of a method."""

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


def _eventful(config: Mapping[str, Any], trial: Any) -> float:
    """A loss with failures, refusals and reports."""
    match _state(trial.number):
        case State.FAILED:
            raise ValueError(config)
        case State.INFEASIBLE:
            raise Infeasible
    trial.report(1.0)
    return plane_loss(config)
