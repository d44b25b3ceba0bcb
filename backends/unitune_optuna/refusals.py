"""What Optuna is told of a config that may not be: that it is bad, and that it is forbidden."""

from __future__ import annotations

from dataclasses import dataclass

from unitune.backend import Mode


@dataclass(slots=True, kw_only=True)
class Refusals:
    """Decides how an infeasible trial is told.

    As a failed trial it would teach Optuna nothing, and TPE and the Gaussian process propose the
    same forbidden corner for ever. It is told with the worst value so far, and with a constraint
    that it breaks, so that it never is `best_trial`.

    Attributes:
        method: the method's name.
        mode: whether smaller or greater values are better.
        constrained: whether the space itself has constraints.
        worst: the worst value told of a feasible trial.
        feasible: how many of them were told.
        told: how many infeasible ones were told with a value.
    """

    method: str
    mode: Mode
    constrained: bool
    worst: float | None = None
    feasible: int = 0
    told: int = 0

    def learn(self, value: float) -> None:
        """Take note of a feasible trial's value."""
        worse = max if self.mode == "min" else min
        self.worst = value if self.worst is None else worse(self.worst, value)
        self.feasible += 1

    @property
    def flagged(self) -> bool:
        """Whether infeasible trials carry a constraint that they break.

        The Gaussian process wants as many constraints on every trial, or on none. A space says
        beforehand that it has some; an objective that raises Infeasible does not. Told without,
        a trial as bad as an earlier one is never taken for the best.
        """
        return self.constrained or self.method != "gp"

    def value(self) -> float | None:
        """Return the value to tell of the next infeasible trial; None to tell it as failed."""
        # Before there is a worst value any number would mislead, and random draws go on anyhow.
        # A generation of CMA-ES in which most are equally bad shrinks onto forbidden ground, so
        # that these are at most as many as the others; the rest are drawn again.
        if self.worst is None or (self.method == "cmaes" and self.told >= self.feasible):
            return None
        self.told += 1
        return self.worst
