"""Learners of scikit-learn, made from configs, and how well they do on its shipped data.

Data, splits and random states are fixed, so that a config has one loss on one version of
scikit-learn.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from functools import cache, partial
from typing import Any

import numpy as np
from sklearn import datasets
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import KFold, StratifiedKFold, cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, SVR

from unitune_benchmarks.threads import one_thread

DATA: dict[str, Callable[..., Any]] = {
    "breast": datasets.load_breast_cancer,
    "diabetes": datasets.load_diabetes,
    "digits": datasets.load_digits,
    "iris": datasets.load_iris,
    "wine": datasets.load_wine,
}


def forest(config: Mapping[str, Any], kind: Any = RandomForestClassifier) -> Any:
    """Return a random forest of 30 trees."""
    return kind(n_estimators=30, random_state=0, **config)


def svm(config: Mapping[str, Any], kind: Any = SVC) -> Any:
    """Return a support vector machine on standardised features."""
    return make_pipeline(StandardScaler(), kind(max_iter=20_000, **config))


def neighbours(config: Mapping[str, Any]) -> Any:
    """Return nearest neighbours on principal components."""
    given = dict(config)
    parts = PCA(given.pop("components"), whiten=given.pop("whiten"), random_state=0)
    return make_pipeline(parts, KNeighborsClassifier(**given))


def logistic(config: Mapping[str, Any]) -> Any:
    """Return logistic regression on standardised features, or on their principal components."""
    steps: list[Any] = [StandardScaler()]
    if config["reduce"]:
        steps.append(PCA(config["components"], random_state=0))
    weight = "balanced" if config["balanced"] else None
    steps.append(LogisticRegression(C=config["C"], class_weight=weight, max_iter=200))
    return make_pipeline(*steps)


def perceptron(config: Mapping[str, Any], kind: Any = MLPClassifier) -> Any:
    """Return a network with one or two hidden layers, trained by Adam for at most 50 epochs."""
    hidden = (config["units"],) * config["layers"]
    learner = kind(
        hidden_layer_sizes=hidden,
        activation=config["activation"],
        alpha=config["alpha"],
        batch_size=config["batch_size"],
        learning_rate_init=config["lr"],
        beta_1=config["beta1"],
        max_iter=50,
        random_state=0,
    )
    return make_pipeline(StandardScaler(), learner)


def boosting(config: Mapping[str, Any]) -> Any:
    """Return boosted trees, regressing on histograms."""
    return HistGradientBoostingRegressor(random_state=0, early_stopping=False, **config)


Factory = Callable[[Mapping[str, Any]], Any]
CLASSIFIERS: dict[str, Factory] = {
    "forest": forest,
    "logistic": logistic,
    "neighbours": neighbours,
    "perceptron": perceptron,
    "svm": svm,
}
REGRESSORS: dict[str, Factory] = {
    "boosting": boosting,
    "forest": partial(forest, kind=RandomForestRegressor),
    "perceptron": partial(perceptron, kind=MLPRegressor),
    "svm": partial(svm, kind=SVR),
}
REGRESSION = ("diabetes",)

# What scikit-learn calls the scores, and how a score becomes a loss.
MEASURES: dict[str, tuple[str, Callable[[float], float]]] = {
    "error": ("accuracy", lambda score: 1.0 - score),
    "log loss": ("neg_log_loss", lambda score: -score),
    "1 - AUC": ("roc_auc", lambda score: 1.0 - score),
    "rmse": ("neg_root_mean_squared_error", lambda score: -score),
}


@cache
def load_data(name: str) -> tuple[Any, Any]:
    """Return the features and the labels of a data set."""
    features, labels = DATA[name](return_X_y=True)
    return features, labels


def splits(name: str, folds: int) -> list[Any]:
    """Return the rows to train on and those to validate on, for each fold."""
    features, labels = load_data(name)
    kind = KFold if name in REGRESSION else StratifiedKFold
    return list(kind(folds, shuffle=True, random_state=0).split(features, labels))


def cross_validate(model: str, data: str, measure: str, config: Mapping[str, Any]) -> float:
    """Return the mean loss over five folds."""
    features, labels = load_data(data)
    learner = (REGRESSORS if data in REGRESSION else CLASSIFIERS)[model](config)
    scoring, loss = MEASURES[measure]
    # a network that diverges overflows on the way
    quiet = np.errstate(over="ignore", invalid="ignore")
    with one_thread(), quiet, warnings.catch_warnings():
        # a config may well ask for more steps than it is given
        warnings.simplefilter("ignore", ConvergenceWarning)
        scores = cross_val_score(
            learner, features, labels, scoring=scoring, cv=splits(data, 5), error_score="raise"
        )
    return loss(float(np.mean(scores)))


def boosting_curve(
    config: Mapping[str, Any], data: str, *, steps: int, trees: int
) -> Iterator[float]:
    """Yield the mean log loss over three folds while boosted trees grow.

    Args:
        config: further arguments of the learner.
        data: the data set.
        steps: how often to yield.
        trees: how many trees are added in each step.
    """
    features, labels = load_data(data)
    folds = splits(data, 3)
    learners = [
        GradientBoostingClassifier(warm_start=True, random_state=0, **config) for _ in folds
    ]
    for step in range(1, steps + 1):
        losses = []
        with one_thread():
            for learner, (rows, others) in zip(learners, folds, strict=True):
                learner.set_params(n_estimators=step * trees)
                learner.fit(features[rows], labels[rows])
                losses.append(log_loss(labels[others], learner.predict_proba(features[others])))
        yield float(np.mean(losses))
