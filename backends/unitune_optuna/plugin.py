"""What the Optuna backend says of itself."""

from __future__ import annotations

from unitune.capabilities import BackendSpec, Kind, Method, SchedulerSpec
from unitune.hookspecs import hookimpl

# Optuna widens integers and steps by half a step before it draws, on the log scale too, which is
# our law to the letter. Its log distributions refuse a step, and it has no ordered choices.
FLAT: frozenset[Kind] = frozenset(
    {
        "float/linear",
        "float/log",
        "float/step",
        "int/linear",
        "int/log",
        "int/step",
        "categorical/text",
        "categorical/plain",
    }
)

# Random search and TPE follow a tree parameter by parameter. The other samplers learn only what
# all trials have in common, and CMA-ES goes back to random draws for good once a trial lacks a
# parameter its first one had: they are given every parameter in every trial instead.
TREE: frozenset[Kind] = FLAT | {"conditional"}

METHODS = (
    Method("random", TREE, about="independent draws", learns=False),
    Method(
        "grid",
        TREE,
        about="every combination once, in random order",
        learns=False,
        through="builtin:grid",
        through_for=frozenset({"conditional", "constraint"}),
    ),
    Method("qmc", FLAT, about="a Sobol or Halton sequence", learns=False, needs=("scipy",)),
    Method("tpe", TREE, about="tree-structured Parzen estimators", unordered=True),
    Method(
        "gp",
        FLAT,
        about="Gaussian process",
        # Upstream lists every value of an integer, several times over, to propose one of them.
        most_values=10**6,
        unordered=True,
        needs=("torch", "scipy"),
        extra="optuna-gp",
    ),
    Method(
        "cmaes",
        FLAT,
        about="CMA-ES over the numbers; choices are random",
        unordered=True,
        needs=("cmaes",),
    ),
    Method("nsga2", FLAT, about="genetic algorithm with non-dominated sorting", unordered=True),
)

ETA = {"reduction_factor": "eta"}
HALVING = {**ETA, "min_early_stopping_rate": "rate"}

# Optuna stops a trial at once or not at all: its successive halving is the asynchronous one, and
# the brackets of its Hyperband are that too. By default each finds out by itself how far trials go.
SCHEDULERS = (
    SchedulerSpec("median", about="worse than the median of complete trials at the same step"),
    SchedulerSpec("percentile", about="as median, for any percentile="),
    SchedulerSpec("asha", about="asynchronous successive halving", plan="asha", means=HALVING),
    SchedulerSpec(
        "successive_halving", about="asynchronous, the same as asha", plan="asha", means=HALVING
    ),
    SchedulerSpec(
        "hyperband",
        about="brackets of asynchronous successive halving",
        plan="hyperband",
        means=ETA,
    ),
    SchedulerSpec(
        "wilcoxon", about="worse than the best by a signed-rank test, for folds", needs=("scipy",)
    ),
    SchedulerSpec("patient", about="no better for patience= steps, and wrapped_pruner= agrees"),
    SchedulerSpec("threshold", about="outside lower= and upper="),
)


@hookimpl
def unitune_backends() -> list[BackendSpec]:
    """Yield the Optuna backend."""
    return [
        BackendSpec(
            "optuna",
            "unitune_optuna.study:OptunaStudy",
            methods=METHODS,
            flagship="tpe",
            distribution="optuna",
            module="optuna",
            requires=">=5.0,<6",
            tested="5.0.0",
            extra="optuna",
            about="TPE, Gaussian process, CMA-ES, quasi-random and genetic search",
            aliases={"sobol": "qmc", "nsgaii": "nsga2", "cma-es": "cmaes"},
            schedulers=SCHEDULERS,
            partial=True,
        )
    ]
