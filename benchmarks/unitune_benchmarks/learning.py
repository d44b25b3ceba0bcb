"""Tasks on real data: learners of scikit-learn on the data that it ships."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from unitune import Bool, Categorical, Float, Int, Space
from unitune.task import Task
from unitune_benchmarks.known import best_known

# A power of three, so that Hyperband's rungs (1, 3, 9, 27) come out even.
STEPS = 27
TREES_PER_STEP = 3


@dataclass(frozen=True, slots=True)
class CrossValidated:
    """The loss of a learner, averaged over five folds of a data set.

    Args:
        model: one of `learners.CLASSIFIERS`, or of `learners.REGRESSORS` for diabetes.
        data: one of `learners.DATA`.
        measure: one of `learners.MEASURES`.
    """

    model: str
    data: str
    measure: str

    def __call__(self, config: Mapping[str, Any]) -> float:
        """Return the mean loss."""
        from unitune_benchmarks.learners import cross_validate

        return cross_validate(self.model, self.data, self.measure, config)


@dataclass(frozen=True, slots=True)
class Boosted:
    """The log loss of boosted trees, averaged over three folds, while they grow.

    Args:
        data: one of `learners.DATA`.
    """

    data: str

    def __call__(self, config: Mapping[str, Any]) -> Iterator[float]:
        """Yield the mean loss after each step of three more trees."""
        from unitune_benchmarks.learners import boosting_curve

        yield from boosting_curve(config, self.data, steps=STEPS, trees=TREES_PER_STEP)


svm = Space(
    {
        "C": Float(1e-3, 1e3, scale="log"),
        "kernel": Categorical(("linear", "rbf", "poly")),
        "gamma": Float(1e-5, 1e1, scale="log", when={"kernel": ["rbf", "poly"]}),
        "degree": Int(2, 4, when={"kernel": "poly"}),
    }
)
rbf_svm = Space(
    {
        "C": Float(1e-2, 1e3, scale="log"),
        "gamma": Float(1e-5, 1e0, scale="log"),
    }
)
regression_svm = Space(
    {
        "C": Float(1e-1, 1e4, scale="log"),
        "gamma": Float(1e-5, 1e0, scale="log"),
        "epsilon": Float(1e-2, 1e2, scale="log"),
    }
)
forest = Space(
    {
        "max_depth": Int(1, 15),
        "max_features": Float(0.05, 1.0),
        "min_samples_split": Int(2, 40, scale="log"),
        "min_samples_leaf": Int(1, 20, scale="log"),
        "min_impurity_decrease": Float(1e-5, 1e-1, scale="log"),
        "bootstrap": Bool(),
    }
)
neighbours = Space(
    {
        "n_neighbors": Int(1, 25),
        "weights": Categorical(("uniform", "distance")),
        "p": Categorical((1, 2), ordered=True),
        "components": Int(2, 64, scale="log"),
        "whiten": Bool(),
    }
)
logistic = Space(
    {
        "C": Float(1e-4, 1e4, scale="log"),
        "balanced": Bool(),
        "reduce": Bool(),
        "components": Int(2, 30, when={"reduce": True}),
    }
)
perceptron = Space(
    {
        "layers": Int(1, 2),
        "units": Int(4, 128, scale="log"),
        "activation": Categorical(("relu", "tanh", "logistic")),
        "lr": Float(1e-4, 1e0, scale="log"),
        "beta1": Float(0.5, 0.99, scale="reverse_log"),
        "alpha": Float(1e-6, 1e1, scale="log"),
        "batch_size": Categorical((16, 32, 64), ordered=True),
    }
)
boosting = Space(
    {
        "learning_rate": Float(1e-2, 1.0, scale="log"),
        "max_depth": Int(1, 6),
        "subsample": Float(0.3, 1.0),
        "max_features": Float(0.05, 1.0),
        "min_samples_leaf": Int(1, 50, scale="log"),
    }
)
histograms = Space(
    {
        "learning_rate": Float(1e-2, 1.0, scale="log"),
        "max_iter": Int(10, 200, scale="log"),
        "max_leaf_nodes": Int(2, 32, scale="log"),
        "min_samples_leaf": Int(2, 60, scale="log"),
        "l2_regularization": Float(1e-6, 1e2, scale="log"),
    }
)


def tasks() -> list[Task]:
    """Return the tasks on scikit-learn's learners and data."""
    standard, full = ("standard", "full"), ("full",)
    return [
        _task("svm-breast", svm, "1 - AUC", 0.1, stresses=("conditions", "ties"), suites=standard),
        _task(
            "svm-digits",
            rbf_svm,
            "error",
            0.4,
            stresses=("a narrow ridge", "plateaus"),
            suites=full,
        ),
        _task("svm-diabetes", regression_svm, "rmse", 0.05, stresses=("plateaus",), suites=full),
        _task(
            "forest-wine",
            forest,
            "log loss",
            0.15,
            stresses=("integers", "plateaus"),
            suites=standard,
        ),
        _task(
            "forest-diabetes",
            forest,
            "rmse",
            0.15,
            stresses=("integers", "plateaus"),
            suites=full,
        ),
        _task(
            "neighbours-digits",
            neighbours,
            "error",
            0.05,
            stresses=("integers", "plateaus"),
            suites=standard,
        ),
        _task(
            "logistic-breast",
            logistic,
            "log loss",
            0.05,
            stresses=("conditions",),
            suites=("quick", *standard),
        ),
        _task(
            "perceptron-iris",
            perceptron,
            "log loss",
            0.3,
            stresses=("log scales",),
            suites=standard,
        ),
        _task(
            "perceptron-diabetes",
            perceptron,
            "rmse",
            0.6,
            stresses=("log scales", "configs that diverge"),
            suites=full,
        ),
        _task(
            "boosting-diabetes",
            histograms,
            "rmse",
            0.15,
            stresses=("log scales",),
            suites=standard,
        ),
        _growing("breast"),
    ]


def _growing(data: str) -> Task:
    return Task(
        f"boosting-{data}",
        boosting,
        objective=Boosted(data),
        optimum=best_known(f"boosting-{data}"),
        source=f"scikit-learn's {data}, log loss over 3 folds; the best found by this project",
        cost=0.6,
        resource=(1, STEPS),
        unit="steps of 3 trees",
        stresses=("log scales", "curves that cross"),
        suites=("full",),
        needs=("sklearn",),
        extra="benchmarks",
    )


def _task(
    name: str,
    space: Space,
    measure: str,
    cost: float,
    *,
    stresses: tuple[str, ...],
    suites: tuple[str, ...],
) -> Task:
    model, data = name.split("-")
    return Task(
        name,
        space,
        objective=CrossValidated(model, data, measure),
        optimum=best_known(name),
        source=f"scikit-learn's {data}, {measure} over 5 folds; the best found by this project",
        cost=cost,
        stresses=stresses,
        suites=suites,
        needs=("sklearn",),
        extra="benchmarks",
    )
