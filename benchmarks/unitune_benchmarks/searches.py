"""Tasks on architectures: the search for an activation function, and for an update rule."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from unitune import Categorical, Float, Int, Space
from unitune.task import Task
from unitune_benchmarks.known import best_known
from unitune_benchmarks.seeding import Seeded

# A power of three, so that Hyperband's rungs (1, 3, 9) come out even.
EPOCHS = 9

# The names of the parts; what they do is in `activations` and `updates`, which need NumPy.
CURVES = (
    *("x", "-x", "abs(x)", "x^2", "x^3", "sqrt(abs(x))", "x+1", "log(abs(x))", "exp(x)"),
    *("sin(x)", "cos(x)", "sinh(x)", "cosh(x)", "tanh(x)", "asinh(x)", "atan(x)", "sinc(x)"),
    *("max(x,0)", "min(x,0)", "sigmoid(x)", "softplus(x)", "exp(-x^2)", "erf(x)", "1"),
)
JOINTS = (
    *("a+b", "a*b", "a-b", "a/b", "max(a,b)", "min(a,b)", "sigmoid(a)*b"),
    *("exp(-(a-b)^2)", "exp(-abs(a-b))", "(a+b)/2"),
)
activation = Space(
    {
        "units": Int(1, 2),
        "left": Categorical(CURVES),
        "right": Categorical(CURVES),
        "binary": Categorical(JOINTS),
        "outer": Categorical(JOINTS, when={"units": 2}),
        "outer_right": Categorical(CURVES, when={"units": 2}),
    }
)
SWISH = {"units": 1, "left": "x", "right": "sigmoid(x)", "binary": "a*b"}

OPERANDS = (
    *("g", "g^2", "g^3", "m", "v", "c", "sign(g)", "sign(m)", "1", "2", "noise"),
    *("1e-4*w", "1e-3*w", "1e-2*w", "1e-1*w", "adam", "rmsprop"),
)
CHANGES = (
    *("x", "-x", "exp(x)", "log(abs(x))", "sqrt(abs(x))", "clip(x,1e-5)", "clip(x,1e-4)"),
    *("clip(x,1e-3)", "drop(x,0.1)", "drop(x,0.3)", "drop(x,0.5)", "sign(x)"),
)
TWO_SIDED = ("a+b", "a-b", "a*b", "a/b", "abs(a)^b")
rule = Space(
    {
        "lr": Float(1e-5, 10.0, scale="log"),
        "operand1": Categorical(OPERANDS),
        "unary1": Categorical(CHANGES),
        "binary": Categorical((*TWO_SIDED, "a")),
        "operand2": Categorical(OPERANDS, when={"binary": TWO_SIDED}),
        "unary2": Categorical(CHANGES, when={"binary": TWO_SIDED}),
    }
)
SGD = {"operand1": "g", "unary1": "x", "binary": "a"}
ADAM = {
    "operand1": "m",
    "unary1": "x",
    "binary": "a/b",
    "operand2": "v",
    "unary2": "sqrt(abs(x))",
}


def activation_objective(config: Mapping[str, Any], trial: Seeded) -> Iterator[float]:
    """Yield the validation loss after each epoch of a network with the activation searched for.

    Two hidden layers of 32 units, trained by Adam with a step size of 0.01 on batches of 64.
    """
    import numpy as np

    from unitune_benchmarks.activations import make_activation
    from unitune_benchmarks.network import Network
    from unitune_benchmarks.rules import Adam
    from unitune_benchmarks.training import Regime, fit, validation_losses

    rng = np.random.default_rng(trial.seed)
    network = Network([64, 32, 32, 10], make_activation(config), rng)
    networks = fit(network, Adam(0.01), Regime(64), epochs=EPOCHS, rng=rng)
    yield from validation_losses(networks, EPOCHS)


def rule_objective(config: Mapping[str, Any], trial: Seeded) -> Iterator[float]:
    """Yield the validation loss after each epoch of a network trained by the rule searched for.

    Two hidden layers of 32 rectifiers, batches of 32.
    """
    import numpy as np

    from unitune_benchmarks.network import RELU, Network
    from unitune_benchmarks.training import Regime, fit, validation_losses
    from unitune_benchmarks.updates import SearchedRule

    rng = np.random.default_rng(trial.seed)
    network = Network([64, 32, 32, 10], RELU, rng)
    searched = SearchedRule(config["lr"], config, rng)
    networks = fit(network, searched, Regime(32), epochs=EPOCHS, rng=rng)
    yield from validation_losses(networks, EPOCHS)


def tasks() -> list[Task]:
    """Return the tasks on architectures."""
    return [
        Task(
            "activation-search",
            activation,
            objective="unitune_benchmarks.searches:activation_objective",
            optimum=best_known("activation-search"),
            source="after Ramachandran, Zoph & Le 2017; the best loss found by this project",
            cost=0.15,
            resource=(1, EPOCHS),
            unit="epochs",
            noisy=True,
            stresses=("large categoricals", "architecture", "configs that diverge"),
            suites=("standard", "full"),
            needs=("sklearn",),
            extra="benchmarks",
        ),
        Task(
            "optimizer-search",
            rule,
            objective="unitune_benchmarks.searches:rule_objective",
            optimum=best_known("optimizer-search"),
            source="after Bello et al. 2017; the best loss found by this project",
            cost=0.15,
            resource=(1, EPOCHS),
            unit="epochs",
            noisy=True,
            stresses=("large categoricals", "architecture", "most configs learn nothing"),
            suites=("standard", "full"),
            needs=("sklearn",),
            extra="benchmarks",
        ),
    ]
