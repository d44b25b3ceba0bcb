from __future__ import annotations

import random
from types import SimpleNamespace

import pytest

from unitune_benchmarks.network import ACTIVATIONS
from unitune_benchmarks.networks import (
    EPOCHS,
    FEW_EPOCHS,
    few,
    few_objective,
    losses,
    make_rule,
    make_schedule,
    objective,
    space,
)
from unitune_benchmarks.rules import Adam, Momentum, RMSProp
from unitune_benchmarks.training import WORST

GOOD = {
    "lr": 0.05,
    "optimizer": "nesterov",
    "momentum": 0.9,
    "schedule": "polynomial",
    "power": 1.0,
    "batch_size": 32,
    "layers": 2,
    "units1": 48,
    "units2": 32,
    "activation": "swish",
    "batch_norm": True,
    "dropout": 0.0,
    "l1": 1e-7,
    "l2": 1e-4,
    "early_stopping": False,
}


def test_a_good_config_learns_to_read():
    assert space.contains(GOOD)
    curve = list(objective(GOOD, SimpleNamespace(seed=0)))
    assert len(curve) == EPOCHS
    assert curve[-1] < 0.15
    assert curve == list(objective(GOOD, SimpleNamespace(seed=0)))


@pytest.mark.parametrize("seed", range(12))
def test_every_config_has_a_whole_curve_of_finite_losses(seed):
    config = space.sample(random.Random(seed))
    curve = list(losses(config, seed, 2))
    assert len(curve) == 2
    assert all(type(loss) is float and 0.0 < loss <= WORST for loss in curve)


def test_a_config_of_the_few_learns_too():
    config = {"lr": 0.1, "momentum": 0.9, "batch_size": 32, "units": 48, "activation": "tanh"}
    assert few.contains(config)
    curve = list(few_objective(config, SimpleNamespace(seed=0)))
    assert len(curve) == FEW_EPOCHS
    assert curve[-1] < 0.2


@pytest.mark.parametrize(
    ("config", "kind", "settings"),
    [
        ({"optimizer": "sgd"}, Momentum, {"momentum": 0.0, "nesterov": False}),
        (
            {"optimizer": "momentum", "momentum": 0.8},
            Momentum,
            {"momentum": 0.8, "nesterov": False},
        ),
        (
            {"optimizer": "nesterov", "momentum": 0.8},
            Momentum,
            {"momentum": 0.8, "nesterov": True},
        ),
        ({"optimizer": "rmsprop", "decay": 0.95}, RMSProp, {"decay": 0.95}),
        (
            {"optimizer": "adam", "momentum": 0.8, "decay": 0.95},
            Adam,
            {"momentum": 0.8, "decay": 0.95},
        ),
    ],
    ids=lambda value: value.get("optimizer") if isinstance(value, dict) else "",
)
def test_every_optimizer_has_its_own_hyperparameters(config, kind, settings):
    rule = make_rule({"lr": 0.3, **config})
    assert type(rule) is kind
    assert rule.lr == 0.3
    assert {name: getattr(rule, name) for name in settings} == settings


@pytest.mark.parametrize(
    ("config", "halfway"),
    [
        ({"schedule": "exponential", "end": 0.01}, 0.1),
        ({"schedule": "polynomial", "power": 2.0}, 0.25),
        ({"schedule": "piecewise", "factor": 0.3, "drops": 1}, 0.3),
    ],
)
def test_every_schedule_has_its_own_hyperparameters(config, halfway):
    assert make_schedule(config)(0.5) == pytest.approx(halfway)


def test_a_constant_rate_needs_no_schedule():
    assert make_schedule({"schedule": "constant"}) is None


def test_hidden_layers_have_sizes_of_their_own_while_they_are_there():
    for seed in range(30):
        config = space.sample(seed)
        assert [f"units{n}" in config for n in (1, 2, 3)] == [
            config["layers"] >= n for n in (1, 2, 3)
        ]


def test_the_activations_are_those_of_the_network():
    names = tuple(activation.name for activation in ACTIVATIONS)
    assert space["activation"].choices == few["activation"].choices == names


@pytest.mark.parametrize(
    "change",
    [
        {"batch_norm": False},
        {"dropout": 0.3},
        {"l1": 1e-2},
        {"l2": 1e-1},
        {"early_stopping": True, "patience": 1},
        {"activation": "relu"},
        {"batch_size": 64},
        {"units2": 16},
        {"momentum": 0.5},
        {"power": 3.0},
    ],
    ids=lambda change: next(iter(change)),
)
def test_every_hyperparameter_changes_the_curve(change):
    epochs = 9
    assert list(losses({**GOOD, **change}, 0, epochs)) != list(losses(GOOD, 0, epochs))
