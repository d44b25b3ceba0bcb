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
from unitune.settings import read_whole
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

# Options that are whole numbers, and the least that makes sense. Most samplers take any number, and
# fail once their random trials are over.
WHOLE: Mapping[str, int] = {
    "n_startup_trials": 0,
    "n_ei_candidates": 1,
    "popsize": 2,
    "population_size": 2,
}
NUMBERS = ("prior_weight", "sigma0")
FUNCTIONS = ("gamma", "weights")
# Of these None is the default, by which the sampler decides for itself.
OPEN = ("popsize", *NUMBERS, *FUNCTIONS)

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
        return build(grid_sampler, options, problem.title, problem=problem)
    _check(options)
    with warnings.catch_warnings():
        # Which of its samplers Optuna calls experimental is its own affair.
        warnings.simplefilter("ignore", ExperimentalWarning)
        try:
            return build(SAMPLERS[name], options, problem.title, seed=problem.seed)
        except (TypeError, ValueError) as error:
            if isinstance(error, OptionError):
                raise
            raise OptionError(
                f"Optuna refuses the options {dict(options)!r} for the method {name!r}: {error}"
            ) from error


def _check(options: Mapping[str, Any]) -> None:
    for option, value in options.items():
        if option in OPEN and value is None:
            continue
        if option in WHOLE:
            read_whole(option, value, least=WHOLE[option])
        elif option in NUMBERS and not (isinstance(value, int | float) and value >= 0):
            raise OptionError(f"{option}={value!r}: give a number of at least 0.")
        elif option in FUNCTIONS and not callable(value):
            raise OptionError(f"{option}={value!r}: give a function of the number of trials.")


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
