"""The spaces and objectives that checks are run on."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from unitune.space import Bool, Categorical, Const, Float, Int, Space


def activation(x: float) -> float:
    """A callable choice."""
    return max(x, 0.0)


# Six parameters of the common kinds: what parity and overhead are measured on.
MIXED = Space(
    {
        "x": Float(-5.0, 5.0),
        "lr": Float(1e-5, 1e-1, scale="log"),
        "momentum": Float(0.9, 0.999, scale="reverse_log"),
        "n": Int(1, 64),
        "units": Int(1, 64, scale="log"),
        "kind": Categorical(["a", "b", "c"]),
    }
)

# Every kind of parameter and scale there is.
EVERY_KIND = Space(
    {
        "float": Float(-2.0, 3.0),
        "float_log": Float(1e-5, 1e-1, scale="log"),
        "float_reverse": Float(0.9, 0.999, scale="reverse_log"),
        "float_step": Float(0.1, 0.7, step=0.2),
        "float_log_step": Float(0.1, 1.0, scale="log", step=0.1),
        "float_reverse_step": Float(0.0, 0.9, scale="reverse_log", step=0.1),
        "int": Int(1, 5),
        "int_log": Int(1, 64, scale="log"),
        "int_step": Int(1, 10, step=3),
        "int_log_step": Int(2, 16, scale="log", step=2),
        "text": Categorical(["a", "b", "c"]),
        "numbers": Categorical([1, 2.5, 10]),
        "objects": Categorical([None, True, 1, 1.0, (1, 2), {"a": 1}, activation, "1"]),
        "ordered": Categorical(["small", "medium", "large"], ordered=True),
        "flag": Bool(),
        "fixed": Const("value"),
        "only": Categorical([(7,)]),
    }
)

# Conditions one below the other, on a choice with several values, and on an integer.
CONDITIONAL = Space(
    {
        "lr": Float(1e-4, 1e-1, scale="log"),
        "optimizer": Categorical(["sgd", "rmsprop", "adam"]),
        "momentum": Float(0.5, 0.99, when={"optimizer": ["sgd", "rmsprop"]}),
        "nesterov": Bool(when={"optimizer": "sgd"}),
        "damping": Float(0.0, 0.5, when={"nesterov": False}),
        "layers": Int(1, 3),
        "units_3": Int(8, 64, scale="log", when={"layers": 3}),
    }
)


# The least there can be of everything else: what a library that takes floats takes as it is.
PLANE = Space({"x": Float(-1.0, 1.0), "y": Float(-1.0, 1.0)})

# So few configs that a grid has tried them all after six.
TINY = Space({"size": Categorical(["s", "m", "l"]), "flag": Bool()})

# A constraint that two configs in five break.
REFUSING = Space(dict(PLANE), constraints={"below": lambda config: config["x"] + config["y"] < 0.2})


def plane_loss(config: Mapping[str, Any]) -> float:
    """A smooth loss on PLANE with its least value 0 off the middle."""
    return float((config["x"] - 0.3) ** 2 + (config["y"] + 0.2) ** 2)


def negative_loss(config: Mapping[str, Any]) -> float:
    """The negative of `plane_loss`: least in a corner."""
    return -plane_loss(config)


def nearness_loss(config: Mapping[str, Any], place: Mapping[str, float]) -> float:
    """A smooth loss on PLANE with its least value 0 at a place."""
    return float(sum((config[name] - place[name]) ** 2 for name in place))


def mixed_loss(config: Mapping[str, Any]) -> float:
    """A smooth loss on MIXED with its least value 0 near the middle."""
    return float(
        (config["x"] - 1) ** 2
        + abs(math.log10(config["lr"]) + 3)
        + abs(math.log10(1 - config["momentum"]) + 2)
        + config["n"] / 64
        + config["units"] / 64
        + (config["kind"] == "a")
    )


def any_loss(config: Mapping[str, Any]) -> float:
    """A loss on any space that numbers make and other values do not."""
    return float(sum(v for v in config.values() if isinstance(v, int | float)))
