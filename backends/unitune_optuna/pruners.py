"""Optuna's pruners, built from a scheduler's name and the user's options."""

from __future__ import annotations

import copy
import inspect
import warnings
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Any

import optuna
from optuna.exceptions import ExperimentalWarning
from optuna.pruners import BasePruner, NopPruner

from unitune.backend import Scheduling, build
from unitune.errors import OptionError, nearest
from unitune.schedulers.settings import bounds, real, whole


@dataclass(frozen=True, slots=True)
class Kind:
    """How one of Optuna's pruners is built.

    Attributes:
        factory: its class.
        least: its option that takes the least resource.
        most: its option that takes the most resource.
        defaults: options that unitune sets unless the user does.
    """

    factory: Callable[..., BasePruner]
    _: KW_ONLY
    least: str | None = None
    most: str | None = None
    defaults: Mapping[str, Any] = field(default_factory=dict)


# Options with the least that makes sense: Optuna would take numbers of the wrong kind, and some
# fail in the middle of a run.
WHOLE: Mapping[str, int] = {
    "n_startup_trials": 0,
    "n_warmup_steps": 0,
    "interval_steps": 1,
    "n_min_trials": 1,
    "min_resource": 1,
    "max_resource": 1,
    "min_early_stopping_rate": 0,
    "bootstrap_count": 0,
    "n_startup_steps": 0,
    "patience": 0,
}
EXAMPLES: Mapping[str, Any] = {"percentile": 25.0, "patience": 3}
REAL: Mapping[str, float] = {"percentile": 0.0, "p_threshold": 0.0, "min_delta": 0.0}

# One in three goes on, with every scheduler and every backend.
HALVING = Kind(
    optuna.pruners.SuccessiveHalvingPruner, least="min_resource", defaults={"reduction_factor": 3}
)
KINDS: Mapping[str, Kind] = {
    "median": Kind(optuna.pruners.MedianPruner, least="n_warmup_steps"),
    "percentile": Kind(optuna.pruners.PercentilePruner, least="n_warmup_steps"),
    "asha": HALVING,
    "successive_halving": HALVING,
    "hyperband": Kind(
        optuna.pruners.HyperbandPruner,
        least="min_resource",
        most="max_resource",
        defaults={"reduction_factor": 3},
    ),
    "wilcoxon": Kind(optuna.pruners.WilcoxonPruner),
    "patient": Kind(optuna.pruners.PatientPruner, defaults={"wrapped_pruner": None}),
    "threshold": Kind(optuna.pruners.ThresholdPruner, least="n_warmup_steps"),
}


def open_pruner(scheduling: Scheduling | None, given: Any, *, steered: bool = False) -> BasePruner:
    """Return a pruner of one's own: pruners remember things, and must not share memories.

    Args:
        scheduling: which of Optuna's pruners, and how; None for none.
        given: the user's own pruner, from the method's option `pruner`; None for none.
        steered: whether a scheduler of unitune's stops trials too.

    Raises:
        OptionError: both are given, `given` is no pruner, or an option makes no sense.
    """
    if given is None:
        return NopPruner() if scheduling is None else _build(scheduling.name, scheduling)
    if not isinstance(given, BasePruner):
        raise OptionError(
            f"The option pruner={given!r} is refused: it takes a pruner object. One of Optuna's "
            f"own is named by scheduler=. {nearest(str(given), KINDS)}"
        )
    if scheduling is not None or steered:
        other = "unitune's scheduler" if scheduling is None else f"scheduler={scheduling.name!r}"
        raise OptionError(
            f"{other} and the option pruner={given!r} would both stop trials, and a run has one "
            f"that does. Leave one of them out."
        )
    return copy.deepcopy(given)


def _build(name: str, scheduling: Scheduling) -> BasePruner:
    kind = KINDS[name]
    options = _options(name, kind, dict(scheduling.options))
    fixed: dict[str, Any] = {}
    resource = bounds(scheduling, needed=False)
    if resource is not None:
        least, most = resource
        fixed |= {} if kind.most is None else {kind.most: most}
        if kind.least == "n_warmup_steps":
            options.setdefault(kind.least, least)
        elif kind.least is not None:
            fixed[kind.least] = least
    if name == "patient":
        options["wrapped_pruner"] = _wrapped(options["wrapped_pruner"], scheduling)
    with warnings.catch_warnings():
        # Which of its pruners Optuna calls experimental is its own affair.
        warnings.simplefilter("ignore", ExperimentalWarning)
        return _checked(kind, options, fixed)


def _options(name: str, kind: Kind, options: dict[str, Any]) -> dict[str, Any]:
    if "eta" in options and "reduction_factor" in kind.defaults:
        if "reduction_factor" in options:
            raise OptionError(
                f"Scheduler {name!r} has the options eta= and reduction_factor=, which are two "
                f"names of the same thing. Leave one of them out."
            )
        options["reduction_factor"] = options.pop("eta")
    options = {**kind.defaults, **options}
    if "reduction_factor" in options:
        whole("eta", options["reduction_factor"], least=2)
    _check(name, kind, options)
    return options


def _check(name: str, kind: Kind, options: Mapping[str, Any]) -> None:
    for option, parameter in inspect.signature(kind.factory).parameters.items():
        value = options.get(option, parameter.default)
        if value is parameter.empty:
            raise OptionError(
                f"Scheduler {name!r} needs the option {option}=, for which Optuna has no default: "
                f"give scheduler_options={{{option!r}: {EXAMPLES[option]!r}}}, for example."
            )
        if isinstance(value, str) and value == parameter.default:  # such as 'auto'
            continue
        if option in WHOLE:
            whole(option, value, least=WHOLE[option])
        elif option in REAL:
            real(option, value, least=REAL[option])


def _wrapped(given: Any, scheduling: Scheduling) -> BasePruner | None:
    if given is None:
        return None
    known = KINDS.keys() - {"patient", "percentile", "threshold"}  # which need options of their own
    if given not in known:
        raise OptionError(
            f"The option wrapped_pruner={given!r} is refused: give the name of the pruner that is "
            f"to be asked when the patience is over. {nearest(str(given), known)}"
        )
    return _build(given, Scheduling(given, resource=scheduling.resource))


def _checked(kind: Kind, options: Mapping[str, Any], fixed: Mapping[str, Any]) -> BasePruner:
    try:
        return build(kind.factory, options, **fixed)
    except (TypeError, ValueError) as error:
        if isinstance(error, OptionError):
            raise
        title = getattr(kind.factory, "__name__", str(kind.factory))
        raise OptionError(f"Optuna's {title} refuses {dict(options)!r}: {error}") from error
