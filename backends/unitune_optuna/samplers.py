"""Optuna's samplers, built from a method's name and the user's options."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import optuna
from optuna.exceptions import ExperimentalWarning
from optuna.samplers import BaseSampler, GridSampler, RandomSampler
from optuna.trial import FrozenTrial, TrialState

from unitune.backend import Problem, build
from unitune.errors import OptionError
from unitune.space.design import points_for_budget
from unitune_optuna.distributions import external

SAMPLERS: Mapping[str, Callable[..., BaseSampler]] = {
    "random": RandomSampler,
    "qmc": optuna.samplers.QMCSampler,
    "tpe": optuna.samplers.TPESampler,
    "gp": optuna.samplers.GPSampler,
    "cmaes": optuna.samplers.CmaEsSampler,
    "nsga2": optuna.samplers.NSGAIISampler,
}

# These log a line for each parameter that they leave to random draws, such as CMA-ES's choices,
# and for packages that would make them faster.
TALKATIVE = frozenset({"qmc", "gp", "cmaes"})

# GridSampler holds every config of the grid in memory.
LARGEST_GRID = 1_000_000


class FiniteGrid(GridSampler):
    """Optuna's grid, which also counts how many of its configs are still to be proposed."""

    def __init__(self, search_space: Mapping[str, Sequence[Any]], seed: int) -> None:
        super().__init__(search_space, seed)
        self.left = len(self._all_grids)

    def after_trial(
        self,
        study: optuna.Study,
        trial: FrozenTrial,
        state: TrialState,
        values: Sequence[float] | None,
    ) -> None:
        """Do nothing: upstream stops the study here, which raises outside `optimize`.

        It also fails with a KeyError for a trial that was enqueued.
        """


def open_sampler(problem: Problem, options: Mapping[str, Any]) -> BaseSampler:
    """Return the sampler of a method, seeded, with the user's options."""
    name = problem.method.name
    if name == "grid":
        return build(grid_sampler, options, problem=problem)
    with warnings.catch_warnings():
        # Which of its samplers Optuna calls experimental is its own affair.
        warnings.simplefilter("ignore", ExperimentalWarning)
        return build(SAMPLERS[name], options, seed=problem.seed)


def grid_sampler(problem: Problem, points: int | Mapping[str, int] | None = None) -> BaseSampler:
    """Return Optuna's grid over the space.

    Args:
        problem: what is to be optimised.
        points: points per parameter, as in `Space.grid`; None takes as many as fit the budget.
    """
    translation = problem.translation
    space = translation.space
    if space.constraints or any(space.conditions.values()):
        # The core proposes from its own grid then, and Optuna only learns of it.
        return RandomSampler(seed=problem.seed)
    if points is None:
        points = points_for_budget(space, problem.n_trials)
    values = space.grid_values(points)
    size = math.prod(len(values[name]) for name in translation.steps)
    if size > LARGEST_GRID:
        raise OptionError(
            f"The grid has {size:,} configs, and Optuna's grid search holds all of them in "
            f"memory. Give fewer points=, or use backend='builtin', method='grid'."
        )
    grid = {
        name: [external(translation.natives[name], step.lower(value)) for value in values[name]]
        for name, step in translation.steps.items()
    }
    return FiniteGrid(grid, problem.seed)
