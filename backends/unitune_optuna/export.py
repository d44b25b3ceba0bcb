"""Any backend's result as an Optuna study, and the plots that Optuna draws of one."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.trial import FrozenTrial, TrialState, create_trial

from unitune.errors import UnituneWarning
from unitune.result import Result
from unitune.space import Bool, Categorical, Const, Float, Int, Parameter, Space
from unitune.translation.lowering import lowerings
from unitune.translation.steps import Step
from unitune.trial import State, Trial
from unitune_optuna.distributions import external, readable
from unitune_optuna.quiet import silence

# An infeasible trial has no value, and Optuna takes a trial without one only as a failed one.
STATES: Mapping[State, TrialState] = {
    State.COMPLETE: TrialState.COMPLETE,
    State.PRUNED: TrialState.PRUNED,
    State.FAILED: TrialState.FAIL,
    State.INFEASIBLE: TrialState.FAIL,
}

FIGURES: Mapping[str, Callable[[optuna.Study], Any]] = {
    "history": optuna.visualization.plot_optimization_history,
    "parallel_coordinates": optuna.visualization.plot_parallel_coordinate,
    "slices": optuna.visualization.plot_slice,
    "importance": optuna.visualization.plot_param_importances,
}


@dataclasses.dataclass(frozen=True, slots=True)
class Column:
    """A parameter of the user's as Optuna is to show it."""

    native: BaseDistribution
    step: Step | None = None

    def show(self, value: Any) -> Any:
        """Return the value Optuna is to show for the user's value."""
        return value if self.step is None else external(self.native, self.step.lower(value))


def to_optuna(result: Result) -> optuna.Study:
    """Return a result as an Optuna study in memory, in the user's own ranges and values.

    Choices that Optuna cannot keep apart or store become labels, constants are left out, and
    `reverse_log` is shown on a plain axis. A trial's `user_attrs` hold its whole config, the
    backend and the method.
    """
    columns = _columns(result.space)
    with silence():
        study = optuna.create_study(
            study_name=f"{result.backend}:{result.method}",
            direction="minimize" if result.mode == "min" else "maximize",
        )
    for trial in result.trials:
        study.add_trial(_frozen(trial, columns, result))
    return study


def draw(kind: str, result: Result) -> Any:
    """Return a plotly figure: one of the names in FIGURES."""
    study = to_optuna(result)
    with silence(), warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        figure = FIGURES[kind](study)
    # What a figure cannot show well is worth knowing; what Optuna calls experimental is not.
    for message in dict.fromkeys(str(w.message) for w in said if w.category is UserWarning):
        warnings.warn(message, UnituneWarning, stacklevel=4)
    return figure


def _columns(space: Space) -> dict[str, Column]:
    columns = {name: _column(parameter) for name, parameter in space.items()}
    return {name: column for name, column in columns.items() if column is not None}


def _column(parameter: Parameter) -> Column | None:
    if isinstance(parameter, Const) or parameter.size == 1:
        return None
    if isinstance(parameter, Categorical | Bool):
        return _choice(parameter)
    if isinstance(parameter, Float | Int):
        return Column(_range(parameter))
    return None


def _choice(parameter: Categorical | Bool) -> Column:
    if isinstance(parameter, Categorical):
        parameter = dataclasses.replace(parameter, ordered=False)
    step = next(step for kind, step in lowerings(parameter) if kind == "categorical/plain")
    choices: Any = step.target
    return Column(CategoricalDistribution(choices.choices), step)


def _range(parameter: Float | Int) -> BaseDistribution:
    log = parameter.scale == "log"
    # Optuna has no steps on a log scale; lowers a `high` that no step reaches, with a warning.
    step: Any = None if log else parameter.step
    high: Any = parameter.high if parameter.cells is None else parameter.cells.last
    if isinstance(parameter, Int):
        return IntDistribution(parameter.low, high, log=log, step=step or 1)
    return FloatDistribution(parameter.low, high, log=log, step=step)


def _frozen(trial: Trial, columns: Mapping[str, Column], result: Result) -> FrozenTrial:
    shown = {name: column for name, column in columns.items() if name in trial.config}
    attributes = {
        "config": readable(trial.config),
        "backend": result.backend,
        "method": result.method,
    }
    if trial.failure is not None:
        attributes["failure"] = str(trial.failure)
    return create_trial(
        state=STATES[trial.state],
        value=trial.value,
        params={name: column.show(trial.config[name]) for name, column in shown.items()},
        distributions={name: column.native for name, column in shown.items()},
        user_attrs=attributes,
        intermediate_values={report.step: report.value for report in trial.reports},
    )
