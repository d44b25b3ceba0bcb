"""A task on real data: a small network learns to read scikit-learn's handwritten digits.

The data are 1797 images of 8 by 8 pixels, split once and for all into 60 % for training, 20 % for
validation, which is what a tuner sees, and 20 % for a last, unbiased look with `assess`.

    unitune run unitune_benchmarks.digits:objective --backend optuna --method tpe --seed 0
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple, Protocol

import numpy as np

from unitune import Bool, Categorical, Float, Int, Space
from unitune_benchmarks.network import ACTIVATIONS, Array, Labels, Network, cross_entropy
from unitune_benchmarks.rules import Adam, Momentum, RMSProp, Rule

# A power of three, so that Hyperband's rungs (1, 3, 9, 27) come out even.
EPOCHS = 27

# What a network that diverged scores: well above log(10) = 2.3, the loss of one that knows nothing,
# and near enough to it that a single bad config does not drown the others in a model of the loss.
WORST = 10.0

space = Space(
    {
        "lr": Float(1e-4, 1.0, scale="log"),
        "optimizer": Categorical(("sgd", "rmsprop", "adam")),
        # Both say how many past gradients are averaged: 1 / (1 - x) of them.
        "momentum": Float(0.5, 0.99, scale="reverse_log", when={"optimizer": ["sgd", "adam"]}),
        "decay": Float(0.9, 0.9999, scale="reverse_log", when={"optimizer": ["rmsprop", "adam"]}),
        "nesterov": Bool(when={"optimizer": "sgd"}),
        "weight_decay": Float(1e-6, 1e-1, scale="log"),
        "batch_size": Categorical((16, 32, 64, 128, 256), ordered=True),
        "layers": Int(1, 3),
        "units": Int(16, 128, scale="log"),
        "dropout": Float(0.0, 0.5, step=0.1),
        "activation": Categorical(ACTIVATIONS),
    }
)


class Seeded(Protocol):
    """What is needed of a trial: unitune's handle has more."""

    @property
    def seed(self) -> int:
        """Fixes the first weights, the order of the examples and the dropout."""


def objective(config: Mapping[str, Any], trial: Seeded) -> Iterator[float]:
    """Yield the validation loss (mean cross-entropy in nats) after each of `EPOCHS` epochs.

    The last one is the value of the trial. Losses are cut off at `WORST`; a network whose outputs
    are no longer finite scores `WORST` and is not trained any further.

    Args:
        config: a config of `space`.
        trial: gives the seed.
    """
    validation = load_splits().validation
    for network in train(config, trial.seed):
        loss = _loss(network, validation)
        yield loss if loss < WORST else WORST  # NaN is not below anything
        if not math.isfinite(loss):
            return


class Part(NamedTuple):
    """Some of the examples: pixels scaled to unit range and centred, one row each; classes."""

    x: Array
    labels: Labels


@dataclass(frozen=True, slots=True)
class Splits:
    """The three parts of the data."""

    training: Part
    validation: Part
    test: Part


class Score(NamedTuple):
    """How a network does on one part of the data."""

    loss: float
    error: float


@cache
def load_splits() -> Splits:
    """Return the data, always split in the same way."""
    from sklearn.datasets import load_digits

    pixels, labels = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(labels))
    first, second = len(order) * 60 // 100, len(order) * 80 // 100
    parts = order[:first], order[first:second], order[second:]
    x = pixels / 16.0
    x -= x[parts[0]].mean(axis=0)  # the mean of the training part: the others stay unseen
    return Splits(*(Part(x[rows], labels[rows]) for rows in parts))


def train(config: Mapping[str, Any], seed: int) -> Iterator[Network]:
    """Yield the network after each epoch; it is the same object each time.

    Args:
        config: a config of `space`.
        seed: fixes the first weights, the order of the examples and the dropout.
    """
    rng = np.random.default_rng(seed)
    training = load_splits().training
    sizes = [training.x.shape[1], *[config["units"]] * config["layers"], 10]
    network = Network(sizes, config["activation"], rng)
    rule = make_rule(config)
    for _ in range(EPOCHS):
        # Threads make products of such small matrices slower, several times so on a busy machine.
        with _one_thread():
            _epoch(network, rule, config, rng)
        yield network


def make_rule(config: Mapping[str, Any]) -> Rule:
    """Return the update rule that a config asks for."""
    if config["optimizer"] == "sgd":
        return Momentum(config["lr"], config["momentum"], nesterov=config["nesterov"])
    if config["optimizer"] == "rmsprop":
        return RMSProp(config["lr"], config["decay"])
    return Adam(config["lr"], config["momentum"], config["decay"])


def assess(config: Mapping[str, Any], seed: int) -> Score:
    """Train once more and return the loss and the share of errors on the test part.

    For the config that was chosen, once: a test part that is looked at often is no test.
    """
    *_, network = train(config, seed)
    return score(network, load_splits().test)


@cache
def _libraries() -> Any:
    # scikit-learn brings it along; it ships no types
    from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

    return ThreadpoolController()


def _one_thread() -> AbstractContextManager[Any]:
    limited: AbstractContextManager[Any] = _libraries().limit(limits=1)
    return limited


# A diverging network overflows on its way to a loss that is not finite. NumPy is told so in
# functions, not around a yield, where it would also hold for whoever consumes the generator.
@np.errstate(over="ignore", invalid="ignore")
def score(network: Network, part: Part) -> Score:
    """Return the loss and the share of wrongly read digits."""
    wrong = np.argmax(network.logits(part.x), axis=1) != part.labels
    return Score(_loss(network, part), float(np.mean(wrong)))


@np.errstate(over="ignore", invalid="ignore")
def _epoch(
    network: Network, rule: Rule, config: Mapping[str, Any], rng: np.random.Generator
) -> None:
    training = load_splits().training
    order = rng.permutation(len(training.labels))
    for start in range(0, len(order), config["batch_size"]):
        rows = order[start : start + config["batch_size"]]
        _, gradient = network.gradient(
            training.x[rows],
            training.labels[rows],
            weight_decay=config["weight_decay"],
            dropout=config["dropout"],
            rng=rng,
        )
        rule.step(network.theta, gradient)


@np.errstate(over="ignore", invalid="ignore")
def _loss(network: Network, part: Part) -> float:
    with _one_thread():
        return cross_entropy(network.logits(part.x), part.labels)
