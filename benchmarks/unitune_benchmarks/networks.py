"""Tasks on small networks that learn to read digits: the hyperparameters of everyday training.

The data and their splits are those of `unitune_benchmarks.images`; what is tuned is the mean
cross-entropy on the validation part, reported after each epoch.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from unitune import Bool, Categorical, Float, Int, Space
from unitune.task import Task
from unitune_benchmarks.known import best_known
from unitune_benchmarks.seeding import Seeded

if TYPE_CHECKING:
    from unitune_benchmarks.rules import Rule
    from unitune_benchmarks.schedules import Schedule

# Powers of three, so that Hyperband's rungs (1, 3, 9, 27) come out even.
EPOCHS = 27
FEW_EPOCHS = 9

space = Space(
    {
        "lr": Float(1e-4, 1.0, scale="log"),
        "optimizer": Categorical(("sgd", "momentum", "nesterov", "rmsprop", "adam")),
        # Both say how many past gradients are averaged: 1 / (1 - x) of them.
        "momentum": Float(
            0.5,
            0.99,
            scale="reverse_log",
            when={"optimizer": ["momentum", "nesterov", "adam"]},
        ),
        "decay": Float(0.9, 0.9999, scale="reverse_log", when={"optimizer": ["rmsprop", "adam"]}),
        "schedule": Categorical(("constant", "exponential", "polynomial", "piecewise")),
        "end": Float(1e-3, 0.5, scale="log", when={"schedule": "exponential"}),
        "power": Float(0.5, 3.0, when={"schedule": "polynomial"}),
        "factor": Float(0.05, 0.8, scale="log", when={"schedule": "piecewise"}),
        "drops": Int(1, 3, when={"schedule": "piecewise"}),
        "batch_size": Categorical((16, 32, 64, 128, 256), ordered=True),
        "layers": Int(1, 3),
        "units1": Int(16, 128, scale="log"),
        "units2": Int(16, 128, scale="log", when={"layers": [2, 3]}),
        "units3": Int(16, 128, scale="log", when={"layers": 3}),
        "activation": Categorical(("relu", "tanh", "swish")),
        "batch_norm": Bool(),
        "dropout": Float(0.0, 0.5, step=0.1),
        "l1": Float(1e-7, 1e-2, scale="log"),
        "l2": Float(1e-7, 1e-1, scale="log"),
        "early_stopping": Bool(),
        "patience": Int(1, 5, when={"early_stopping": True}),
    }
)

few = Space(
    {
        "lr": Float(1e-4, 1.0, scale="log"),
        "momentum": Float(0.5, 0.99, scale="reverse_log"),
        "batch_size": Categorical((32, 64, 128, 256), ordered=True),
        "units": Int(8, 64, scale="log"),
        "activation": Categorical(("relu", "tanh", "swish")),
    }
)


def objective(config: Mapping[str, Any], trial: Seeded) -> Iterator[float]:
    """Yield the validation loss after each of `EPOCHS` epochs of a config of `space`.

    With early stopping the best loss stands from the stop on, and the epochs left cost nothing.
    """
    yield from losses(config, trial.seed, EPOCHS)


def few_objective(config: Mapping[str, Any], trial: Seeded) -> Iterator[float]:
    """Yield the validation loss after each of `FEW_EPOCHS` epochs of a config of `few`."""
    given = {name: value for name, value in config.items() if name != "units"}
    full = {**PLAIN, **given, "units1": config["units"]}
    yield from losses(full, trial.seed, FEW_EPOCHS)


# What `few` leaves out.
PLAIN = {
    "optimizer": "momentum",
    "schedule": "constant",
    "layers": 1,
    "batch_norm": False,
    "dropout": 0.0,
    "l1": 0.0,
    "l2": 0.0,
    "early_stopping": False,
}


def losses(config: Mapping[str, Any], seed: int, epochs: int) -> Iterator[float]:
    """Train a network and yield its validation loss after each epoch.

    Args:
        config: a config of `space`.
        seed: fixes the first weights, the order of the examples and the dropout.
        epochs: how often each example is seen.
    """
    import numpy as np

    from unitune_benchmarks.network import ACTIVATIONS, Network
    from unitune_benchmarks.training import Regime, fit, validation_losses

    rng = np.random.default_rng(seed)
    hidden = [config[f"units{layer}"] for layer in range(1, config["layers"] + 1)]
    activation = next(each for each in ACTIVATIONS if each.name == config["activation"])
    network = Network([64, *hidden, 10], activation, rng, batch_norm=config["batch_norm"])
    regime = Regime(
        config["batch_size"],
        dropout=config["dropout"],
        l1=config["l1"],
        l2=config["l2"],
        schedule=make_schedule(config),
    )
    networks = fit(network, make_rule(config), regime, epochs=epochs, rng=rng)
    return validation_losses(networks, epochs, patience=config.get("patience"))


def make_rule(config: Mapping[str, Any]) -> Rule:
    """Return the update rule that a config asks for."""
    from unitune_benchmarks.rules import Adam, Momentum, RMSProp

    lr, kind = config["lr"], config["optimizer"]
    if kind == "rmsprop":
        return RMSProp(lr, config["decay"])
    if kind == "adam":
        return Adam(lr, config["momentum"], config["decay"])
    return Momentum(lr, config.get("momentum", 0.0), nesterov=kind == "nesterov")


def make_schedule(config: Mapping[str, Any]) -> Schedule | None:
    """Return the learning-rate schedule that a config asks for, None for a constant rate."""
    from unitune_benchmarks.schedules import exponential, piecewise, polynomial

    if config["schedule"] == "exponential":
        return exponential(config["end"])
    if config["schedule"] == "polynomial":
        return polynomial(config["power"])
    if config["schedule"] == "piecewise":
        return piecewise(config["factor"], config["drops"])
    return None


def tasks() -> list[Task]:
    """Return the tasks on networks."""
    source = "scikit-learn's digits; the best loss found by this project"
    return [
        Task(
            "digits-network",
            space,
            objective="unitune_benchmarks.networks:objective",
            optimum=best_known("digits-network"),
            source=source,
            cost=0.25,
            resource=(1, EPOCHS),
            unit="epochs",
            noisy=True,
            stresses=("many parameters", "conditions", "configs that diverge"),
            suites=("quick", "standard", "full"),
            needs=("sklearn",),
            extra="benchmarks",
        ),
        Task(
            "digits-few",
            few,
            objective="unitune_benchmarks.networks:few_objective",
            optimum=best_known("digits-few"),
            source=source,
            cost=0.03,
            resource=(1, FEW_EPOCHS),
            unit="epochs",
            noisy=True,
            stresses=("log and reverse-log scales", "early values that agree"),
            suites=("quick", "standard", "full"),
            needs=("sklearn",),
            extra="benchmarks",
        ),
    ]
