"""What the Ray Tune backend says of itself."""

from __future__ import annotations

from typing import get_args

from unitune.capabilities import (
    BackendSpec,
    ExecutorSpec,
    Feature,
    Kind,
    Method,
    SchedulerSpec,
)
from unitune.hookspecs import hookimpl

# Of Ray's own domains only these mean the same to every searcher, and the same as ours: `randint`
# loses its upper end or half its end values, `lograndint` has three laws, steps move or vanish.
FAITHFUL: frozenset[Kind] = frozenset({"float/linear", "float/log", "categorical/any"})

# OptunaSearch also takes Optuna's own distributions as they are, and these keep our laws.
DISTRIBUTIONS: frozenset[Kind] = FAITHFUL | {"float/step", "int/linear", "int/log", "int/step"}

# Ray sees nothing of a grid, or of another backend's proposals, but their values.
VALUES: frozenset[Kind] = frozenset(get_args(Kind)) - {"conditional", "conditional/choice"}

REFUSING: frozenset[Feature] = frozenset({"constraint"})

ETA = {"reduction_factor": "eta"}

# Those that need all trials at once, of a bracket or of a population, take no proposals that are
# made one after the other; and where one trial is given another's state, its config must lie in
# the space whatever becomes of each parameter.
SCHEDULERS = (
    SchedulerSpec(
        "asha",
        about="asynchronous successive halving",
        resource=True,
        plan="asha",
        means={**ETA, "brackets": "brackets"},
    ),
    SchedulerSpec(
        "hyperband",
        about="brackets of synchronous successive halving (HyperBandScheduler)",
        resource=True,
        pauses=True,
        methods=("random", "grid"),
        plan="hyperband",
        means=ETA,
    ),
    SchedulerSpec(
        "bohb",
        about="the Hyperband that goes with the method bohb (HyperBandForBOHB)",
        resource=True,
        pauses=True,
        methods=("bohb",),
        plan="hyperband",
        means=ETA,
        needs=("hpbandster", "ConfigSpace"),
        extra="ray-bohb",
    ),
    SchedulerSpec("median", about="worse than the median of the others' averages so far"),
    SchedulerSpec(
        "pbt",
        about="population-based training: the worst go on from the best, with changed configs",
        resource=True,
        pauses=True,
        methods=("random",),
    ),
    SchedulerSpec(
        "pb2",
        about="as pbt, the changes chosen by a Gaussian process",
        resource=True,
        pauses=True,
        methods=("random",),
        needs=("sklearn",),
        extra="ray-pb2",
    ),
)

METHODS = (
    Method(
        "random",
        FAITHFUL,
        about="independent draws (BasicVariantGenerator)",
        learns=False,
        through="builtin:random",
        through_for=REFUSING,
    ),
    Method(
        "grid",
        VALUES - {"constraint"},
        about="every combination once (tune.grid_search)",
        learns=False,
        through="builtin:grid",
        through_for=REFUSING | {"conditional"},
    ),
    Method(
        "optuna",
        DISTRIBUTIONS,
        about="Optuna's TPE (OptunaSearch)",
        through="optuna:tpe",
        through_for=REFUSING,
    ),
    Method(
        "hyperopt",
        FAITHFUL,
        about="Hyperopt's TPE (HyperOptSearch)",
        needs=("hyperopt",),
        extra="hyperopt",
        through="hyperopt:tpe",
        through_for=REFUSING,
    ),
    Method(
        "bohb",
        FAITHFUL,
        about="BOHB's own model, under its own Hyperband (TuneBOHB, HyperBandForBOHB)",
        needs=("hpbandster", "ConfigSpace"),
        extra="ray-bohb",
        through="optuna:tpe",
        through_for=REFUSING,
    ),
    Method(
        "searcher",
        VALUES,
        about="any ask-and-tell backend as Ray's searcher: options={'searcher': 'skopt:gp'}",
        composed=True,
        through="optuna:tpe",
    ),
)


@hookimpl
def unitune_backends() -> list[BackendSpec]:
    """Yield the Ray Tune backend."""
    return [
        BackendSpec(
            "ray",
            "unitune_ray.study:RayService",
            methods=METHODS,
            flagship="optuna",
            contract="service",
            distribution="ray",
            module="ray.tune",
            requires=">=2.60,<3",
            tested="2.60.0",
            extra="ray",
            about="Ray Tune: many workers, on this machine or on a cluster",
            schedulers=SCHEDULERS,
        )
    ]


@hookimpl
def unitune_executors() -> list[ExecutorSpec]:
    """Yield the executor on Ray's actors."""
    return [
        ExecutorSpec(
            "ray",
            "unitune_ray.executor:RayExecutor",
            takes=frozenset({"workers", "trial_timeout"}),
            distribution="ray",
            module="ray.tune",
            requires=">=2.60,<3",
            extra="ray",
            about="actors on a Ray cluster, or on a Ray of its own on this machine",
            advice="It limits memory through executor_options={'resources': {'memory': bytes}}.",
        )
    ]
