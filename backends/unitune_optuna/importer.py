"""Spaces read from Optuna's own definitions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.trial import FrozenTrial, TrialState

from unitune.errors import SpaceError
from unitune.space import Bool, Categorical, Const, Float, Int, Parameter, Space

# The states in which a trial has drawn all its parameters; others may have stopped half-way.
WHOLE = (TrialState.COMPLETE, TrialState.PRUNED)


def read_space(native: Any) -> Space:
    """Return the space of a dict of distributions, of a FrozenTrial, or of a Study.

    A study tells which parameters its trials drew, not why some drew others: a space whose
    parameters come and go cannot be read from it.

    Raises:
        SpaceError: the object is none of these, or its trials differ.
    """
    if isinstance(native, optuna.Study):
        return _from_distributions(_common(native))
    if isinstance(native, FrozenTrial):
        return _from_distributions(native.distributions)
    if isinstance(native, Mapping):
        return _from_distributions(native)
    raise SpaceError(
        f"Space.from_optuna takes a dict of distributions, a FrozenTrial or a Study, not "
        f"{type(native).__name__}."
    )


def _from_distributions(natives: Mapping[str, Any]) -> Space:
    return Space({name: _parameter(name, native) for name, native in natives.items()})


def _common(study: optuna.Study) -> dict[str, BaseDistribution]:
    trials = study.get_trials(deepcopy=False, states=WHOLE)
    if not trials:
        raise SpaceError(
            f"The study {study.study_name!r} has no complete trial, and an Optuna study knows its "
            f"parameters only from those. Give a dict of distributions."
        )
    first = trials[0]
    for trial in trials[1:]:
        odd = first.distributions.keys() ^ trial.distributions.keys()
        if odd:
            raise SpaceError(
                f"Parameter {min(odd)!r} is in only one of the trials {first.number} and "
                f"{trial.number} of the study {study.study_name!r}: the space is conditional, and "
                f"an Optuna study does not record on what. Write it as a Space with when=."
            )
        for name, native in trial.distributions.items():
            if native != first.distributions[name]:
                raise SpaceError(
                    f"Parameter {name!r} is {first.distributions[name]} in trial {first.number} "
                    f"and {native} in trial {trial.number}; a space has one range for each. Give "
                    f"a dict of distributions."
                )
    return dict(first.distributions)


def _parameter(name: str, native: Any) -> Parameter:
    if isinstance(native, CategoricalDistribution):
        return _choice(native.choices)
    if not isinstance(native, FloatDistribution | IntDistribution):
        raise SpaceError(
            f"Parameter {name!r} is {native!r}; from Optuna come FloatDistribution, "
            f"IntDistribution and CategoricalDistribution."
        )
    if native.single():
        return Const(native.low)
    scale: Any = "log" if native.log else "linear"
    if isinstance(native, FloatDistribution):
        return Float(native.low, native.high, scale=scale, step=native.step)
    return Int(native.low, native.high, scale=scale, step=None if native.step == 1 else native.step)


def _choice(choices: tuple[Any, ...]) -> Parameter:
    if len(choices) == 1:
        return Const(choices[0])
    if len(choices) == 2 and choices[0] is False and choices[1] is True:
        return Bool()
    return Categorical(choices)
