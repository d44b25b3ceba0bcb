"""Tasks shaped like hyperparameter tuning, in closed form: scales, kinds, conditions, idle ones.

Each has its best value, 0, at a config that is written down beside it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from unitune import Bool, Categorical, Float, Int, Space
from unitune.task import Task

OWN = "this project, by construction"

scales = Space(
    {
        "lr": Float(1e-6, 1.0, scale="log"),
        "beta": Float(0.5, 0.9999, scale="reverse_log"),
    }
)
BEST_SCALES = {"lr": 10**-3.8, "beta": 1 - 10**-2.3}


def scales_loss(config: Mapping[str, Any]) -> float:
    """Return a loss that is a bowl in log(effective step) and log(memory).

    The effective step of momentum is lr / (1 - beta), its memory 1 / (1 - beta) gradients.
    """
    step = math.log10(config["lr"] / (1 - config["beta"]))
    memory = -math.log10(1 - config["beta"])
    return (step + 1.5) ** 2 + 0.5 * (memory - 2.3) ** 2


mixed = Space(
    {
        "optimizer": Categorical(("sgd", "momentum", "adam")),
        "lr": Float(1e-5, 1.0, scale="log"),
        "momentum": Float(0.5, 0.999, scale="reverse_log", when={"optimizer": "momentum"}),
        "layers": Int(1, 6),
        "units": Int(8, 512, scale="log"),
        "dropout": Float(0.0, 0.6, step=0.1),
        "activation": Categorical(("relu", "tanh", "swish")),
        "weight_decay": Float(1e-8, 1e-1, scale="log"),
        "shuffle": Bool(),
    }
)
# The learning rates that suit each optimizer, as powers of ten, and how well it can do.
_SUITS = {"sgd": (-0.7, 0.3), "momentum": (-1.6, 0.0), "adam": (-2.8, 0.1)}
_ACTIVATION = {"relu": 0.1, "tanh": 0.25, "swish": 0.0}
BEST_MIXED = {
    "optimizer": "momentum",
    "lr": 10**-1.6,
    "momentum": 0.9,
    "layers": 4,
    "units": 90,
    "dropout": 0.2,
    "activation": "swish",
    "weight_decay": 1e-8,
    "shuffle": True,
}


def mixed_loss(config: Mapping[str, Any]) -> float:
    """Return a loss over all kinds of parameters at once.

    The learning rate depends on the optimizer, the units on the layers; weight decay hardly
    counts below 0.01, and shuffling not at all.
    """
    at, floor = _SUITS[config["optimizer"]]
    loss = floor + 0.4 * (math.log10(config["lr"]) - at) ** 2
    if config["optimizer"] == "momentum":
        loss += 0.3 * (math.log10(1 - config["momentum"]) + 1) ** 2
    wanted = math.log2(360 / config["layers"])
    loss += 0.1 * abs(math.log2(config["units"]) - wanted) + 0.05 * (config["layers"] - 4) ** 2
    loss += 2.0 * (config["dropout"] - 0.2) ** 2 + _ACTIVATION[config["activation"]]
    return float(loss + config["weight_decay"] - 1e-8)


conditional = Space(
    {
        "model": Categorical(("linear", "svm", "forest")),
        "alpha": Float(1e-6, 1e2, scale="log", when={"model": "linear"}),
        "C": Float(1e-3, 1e3, scale="log", when={"model": "svm"}),
        "kernel": Categorical(("rbf", "poly"), when={"model": "svm"}),
        "gamma": Float(1e-5, 1e1, scale="log", when={"kernel": "rbf"}),
        "degree": Int(2, 5, when={"kernel": "poly"}),
        "trees": Int(10, 500, scale="log", when={"model": "forest"}),
        "depth": Int(1, 20, when={"model": "forest"}),
    }
)
BEST_CONDITIONAL = {"model": "svm", "C": 10.0, "kernel": "rbf", "gamma": 10**-3.2}


def conditional_loss(config: Mapping[str, Any]) -> float:
    """Return a loss over three models, each with parameters of its own.

    The forest is easily good, the SVM with the right kernel can be better.
    """
    if config["model"] == "linear":
        return 0.5 + 0.05 * (math.log10(config["alpha"]) + 3) ** 2
    if config["model"] == "forest":
        shallow = 0.02 * max(0, 9 - config["depth"])
        return float(0.2 + shallow + 2.0 / config["trees"])
    if config["kernel"] == "poly":
        off = abs(config["degree"] - 3)
        return float(0.3 + 0.1 * off + 0.05 * (math.log10(config["C"]) - 1) ** 2)
    wide = math.log10(config["gamma"]) + 3.2
    return 0.1 * (math.log10(config["C"]) - 1) ** 2 + 0.3 * wide**2


whole = Space(
    {
        "x1": Int(-5, 5),
        "x2": Int(-5, 5),
        "x3": Categorical((-5, -3, -2, 0, 1, 4), ordered=True),
        "x4": Float(-5.0, 5.0, step=0.5),
        "x5": Float(-5.12, 5.12),
        "x6": Float(-5.12, 5.12),
    }
)
BEST_WHOLE = {"x1": 2, "x2": -3, "x3": 1, "x4": -1.5, "x5": 1.37, "x6": -2.21}


def whole_loss(config: Mapping[str, Any]) -> float:
    """Return Rastrigin's function of integers, ordered choices, steps and real numbers."""
    away: list[float] = [config[name] - best for name, best in BEST_WHOLE.items()]
    return sum(v * v + 10 * (1 - math.cos(2 * math.pi * v)) for v in away)


idle = Space({f"x{i}": Float(0.0, 1.0) for i in range(1, 4)})
BEST_IDLE = {"x1": 0.88, "x2": 0.31, "x3": 0.64}


def idle_loss(config: Mapping[str, Any]) -> float:
    """Return a loss that one of three parameters decides; the others hardly matter.

    A grid of n points tries only the cube root of n values of the one that matters; random
    search tries n of them (Bergstra and Bengio 2012, figure 1).
    """
    weights = {"x1": 1.0, "x2": 1e-4, "x3": 1e-4}
    return float(sum(w * (config[x] - BEST_IDLE[x]) ** 2 for x, w in weights.items()))


def tasks() -> list[Task]:
    """Return the tasks shaped like hyperparameter tuning."""
    usual = ("quick", "standard", "full")
    return [
        _task("scales", scales, scales_loss, ("log and reverse-log scales", "interaction"), usual),
        _task(
            "mixed",
            mixed,
            mixed_loss,
            ("all kinds of parameters", "conditions", "unimportant parameters"),
            ("smoke", *usual),
        ),
        _task(
            "conditional",
            conditional,
            conditional_loss,
            ("nested conditions", "a tempting branch"),
            ("standard", "full"),
            version=2,
        ),
        _task(
            "rastrigin-mixed",
            whole,
            whole_loss,
            ("integers", "ordered choices", "steps", "many local minima"),
            ("standard", "full"),
        ),
        _task(
            "unimportant",
            idle,
            idle_loss,
            ("one parameter decides", "grid against random"),
            usual,
            source="this project, after Bergstra & Bengio 2012, figure 1",
        ),
    ]


def _task(
    name: str,
    space: Space,
    loss: Callable[..., float],
    stresses: tuple[str, ...],
    suites: tuple[str, ...],
    *,
    source: str = OWN,
    version: int = 1,
) -> Task:
    return Task(
        name,
        space,
        objective=f"{loss.__module__}:{loss.__name__}",
        optimum=0.0,
        proven=True,
        source=source,
        cost=1e-5,
        stresses=stresses,
        suites=suites,
        version=version,
    )
