"""Ray's own schedulers, built from a scheduler's name and the user's options."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Any

from ray.tune import TuneError
from ray.tune.schedulers import (
    ASHAScheduler,
    HyperBandScheduler,
    MedianStoppingRule,
    PopulationBasedTraining,
    TrialScheduler,
)

from unitune.backend import Problem, Scheduling, build
from unitune.errors import OptionError, UnituneError
from unitune.schedulers.settings import bounds, whole
from unitune_ray.mutations import Exploration, read_bounds, read_mutations
from unitune_ray.schedulers import Dice, Mannered, Steered
from unitune_ray.trainable import STEP
from unitune_ray.watch import Watch


def _for_bohb() -> type[TrialScheduler]:
    from ray.tune.schedulers.hb_bohb import HyperBandForBOHB

    found: type[TrialScheduler] = HyperBandForBOHB
    return found


def _pb2() -> type[TrialScheduler]:
    from ray.tune.schedulers.pb2 import PB2  # needs scikit-learn

    found: type[TrialScheduler] = PB2
    return found


@dataclass(frozen=True, slots=True)
class Kind:
    """How one of Ray's schedulers is built.

    Attributes:
        factory: returns its class.
        least: its option that takes the least resource.
        most: its option that takes the most resource.
        reads: what else it is told, made from the problem and the user's options.
        defaults: options that unitune sets unless the user does.
        fixed: arguments that the user may not set.
        crowd: whether it needs all trials at once, those of a bracket or of a population.
        paced: whether the trials that it pauses make way for new ones.
        hands_on: whether it gives the state of one trial to another.
        counts: whether trials that have come to the most resource count in their bracket.
    """

    factory: Callable[[], type[TrialScheduler]]
    _: KW_ONLY
    least: str | None = None
    most: str | None = None
    reads: Callable[[Problem, dict[str, Any]], dict[str, Any]] | None = None
    defaults: Mapping[str, Any] = field(default_factory=dict)
    fixed: Mapping[str, Any] = field(default_factory=dict)
    crowd: bool = False
    paced: bool = False
    hands_on: bool = False
    counts: bool = False


# One in three goes on, with every scheduler and every backend.
ETA: Mapping[str, Any] = {"reduction_factor": 3}


def _perturbing(name: str, read: Callable[..., Mapping[str, Any]]) -> Any:
    """Return how the options of a population-based scheduler are read."""

    def reads(problem: Problem, options: dict[str, Any]) -> dict[str, Any]:
        explored = read(problem.translation, options.pop(name, None))
        explore = Exploration(problem.translation, options.pop("custom_explore_fn", None))
        return {name: explored, "custom_explore_fn": explore}

    return reads


KINDS: Mapping[str, Kind] = {
    "asha": Kind(
        lambda: ASHAScheduler,
        least="grace_period",
        most="max_t",
        defaults=ETA,
        fixed={"stop_last_trials": True},
    ),
    "hyperband": Kind(
        lambda: HyperBandScheduler,
        most="max_t",
        defaults=ETA,
        fixed={"stop_last_trials": True},
        crowd=True,
        counts=True,
    ),
    "bohb": Kind(
        _for_bohb,
        most="max_t",
        defaults=ETA,
        fixed={"stop_last_trials": True},
        paced=True,
        counts=True,
    ),
    "median": Kind(
        lambda: MedianStoppingRule,
        least="grace_period",
        # By its own defaults it lets running trials wait for others as long as it knows little,
        # and trials without a checkpoint would be computed again; and it counts in seconds.
        defaults={"min_time_slice": math.inf, "grace_period": 1},
        fixed={"hard_stop": True},
    ),
    "pbt": Kind(
        lambda: PopulationBasedTraining,
        least="perturbation_interval",
        reads=_perturbing("hyperparam_mutations", read_mutations),
        fixed={"log_config": False},
        crowd=True,
        hands_on=True,
    ),
    "pb2": Kind(
        _pb2,
        least="perturbation_interval",
        reads=_perturbing("hyperparam_bounds", read_bounds),
        fixed={"log_config": False},
        crowd=True,
        hands_on=True,
    ),
}


def kind_of(problem: Problem) -> Kind | None:
    """Return how the scheduler of a problem is built, if it is one of Ray's own."""
    return None if problem.scheduler is None else KINDS[problem.scheduler.name]


def concurrency(problem: Problem) -> int:
    """Return how many trials a search may have open, paused ones too; 0 for no such limit."""
    kind = kind_of(problem)
    waiting = kind is not None and (kind.crowd or kind.paced)
    return 0 if problem.steered or waiting else problem.workers


def open_scheduler(problem: Problem, watch: Watch) -> TrialScheduler | None:
    """Return the scheduler for a Tuner; None for Ray's default, which stops nobody.

    Raises:
        OptionError: an option is unknown or makes no sense.
    """
    if problem.steered:
        return Steered(watch, problem.workers)
    kind, scheduling = kind_of(problem), problem.scheduler
    if kind is None or scheduling is None:
        return None
    options = dict(scheduling.options)
    fixed: dict[str, Any] = {"time_attr": STEP, "metric": None, "mode": None, **kind.fixed}
    fixed |= _resource(kind, scheduling, options)
    _rename_eta(kind, scheduling, options)
    if kind.reads is not None:
        fixed |= kind.reads(problem, options)
    factory = kind.factory()
    members = {"watch": watch, "dice": Dice(scheduling.seed), "counts": kind.counts}
    mannered = type(factory.__name__, (Mannered, factory), members)
    return _checked(mannered, {**kind.defaults, **options}, fixed)


def _resource(kind: Kind, scheduling: Scheduling, options: dict[str, Any]) -> dict[str, Any]:
    """Return what the bounds of the resource fix; the least is a default where it may be one."""
    found = bounds(scheduling, needed=False)
    if found is None:
        return {}
    least, most = found
    if kind.most is None and kind.least is not None:
        options.setdefault(kind.least, least)
        return {}
    fixed = {} if kind.most is None else {kind.most: most}
    return fixed if kind.least is None else fixed | {kind.least: least}


def _rename_eta(kind: Kind, scheduling: Scheduling, options: dict[str, Any]) -> None:
    if "reduction_factor" not in kind.defaults:
        return
    if "eta" in options:
        if "reduction_factor" in options:
            raise OptionError(
                f"Scheduler {scheduling.name!r} has the options eta= and reduction_factor=, which "
                f"are two names of the same thing. Leave one of them out."
            )
        options["reduction_factor"] = options.pop("eta")
    if "reduction_factor" in options:
        whole("eta", options["reduction_factor"], least=2)


def _checked(factory: Any, options: Mapping[str, Any], fixed: Mapping[str, Any]) -> TrialScheduler:
    try:
        built: TrialScheduler = build(factory, options, **fixed)
    except UnituneError:
        raise
    except (AssertionError, TypeError, ValueError, TuneError) as error:
        raise OptionError(f"Ray's {factory.__name__} refuses {dict(options)!r}: {error}") from error
    return built
