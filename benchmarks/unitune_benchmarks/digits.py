"""A task on real data: a small network learns to read scikit-learn's handwritten digits.

The data are 1797 images of 8 by 8 pixels, split once and for all into 60 % for training, 20 % for
validation, which is what a tuner sees, and 20 % for a last, unbiased look with `assess`.

    unitune run unitune_benchmarks.digits:objective --backend optuna --method tpe --seed 0
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from unitune import Bool, Categorical, Float, Int, Space
from unitune_benchmarks.images import Part, load_splits
from unitune_benchmarks.network import ACTIVATIONS, Network
from unitune_benchmarks.rules import Adam, Momentum, RMSProp, Rule
from unitune_benchmarks.seeding import Seeded
from unitune_benchmarks.training import WORST, Regime, fit, loss_on

# A power of three, so that Hyperband's rungs (1, 3, 9, 27) come out even.
EPOCHS = 27

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
        loss = loss_on(network, validation)
        yield loss if loss < WORST else WORST  # NaN is not below anything
        if not math.isfinite(loss):
            return


class Score(NamedTuple):
    """How a network does on one part of the data."""

    loss: float
    error: float


def train(config: Mapping[str, Any], seed: int) -> Iterator[Network]:
    """Yield the network after each epoch; it is the same object each time.

    Args:
        config: a config of `space`.
        seed: fixes the first weights, the order of the examples and the dropout.
    """
    rng = np.random.default_rng(seed)
    sizes = [64, *[config["units"]] * config["layers"], 10]
    network = Network(sizes, config["activation"], rng)
    regime = Regime(config["batch_size"], dropout=config["dropout"], l2=config["weight_decay"])
    return fit(network, make_rule(config), regime, epochs=EPOCHS, rng=rng)


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


@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def score(network: Network, part: Part) -> Score:
    """Return the loss and the share of wrongly read digits."""
    wrong = np.argmax(network.logits(part.x), axis=1) != part.labels
    return Score(loss_on(network, part), float(np.mean(wrong)))
