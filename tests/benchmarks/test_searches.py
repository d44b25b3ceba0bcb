from __future__ import annotations

import random
from types import SimpleNamespace

import pytest

from unitune_benchmarks import activations, updates
from unitune_benchmarks.searches import (
    ADAM,
    EPOCHS,
    SGD,
    SWISH,
    activation,
    activation_objective,
    rule,
    rule_objective,
)
from unitune_benchmarks.training import WORST


def test_the_space_names_every_part_there_is():
    assert set(activation["left"].choices) == set(activations.UNARY)
    assert set(activation["right"].choices) == set(activations.UNARY)
    assert set(activation["outer_right"].choices) == set(activations.UNARY)
    assert set(activation["binary"].choices) == set(activations.BINARY)
    assert set(activation["outer"].choices) == set(activations.BINARY)
    assert set(rule["operand1"].choices) == set(updates.OPERANDS)
    assert set(rule["operand2"].choices) == set(updates.OPERANDS)
    assert set(rule["unary1"].choices) == {*updates.UNARY, *updates.DROPS}
    assert set(rule["unary2"].choices) == {*updates.UNARY, *updates.DROPS}
    assert set(rule["binary"].choices) == {*updates.BINARY, updates.LEFT}


def test_a_network_with_swish_learns():
    assert activation.contains(SWISH)
    curve = list(activation_objective(SWISH, SimpleNamespace(seed=0)))
    assert len(curve) == EPOCHS
    assert curve[-1] < 0.2


@pytest.mark.parametrize("config", [{**SGD, "lr": 0.3}, {**ADAM, "lr": 0.01}], ids=["sgd", "adam"])
def test_the_rules_of_textbooks_learn(config):
    curve = list(rule_objective(config, SimpleNamespace(seed=0)))
    assert len(curve) == EPOCHS
    assert curve[-1] < 0.25


@pytest.mark.parametrize("seed", range(10))
def test_whatever_is_built_has_a_whole_curve_of_finite_losses(seed):
    for space, objective in ((activation, activation_objective), (rule, rule_objective)):
        config = space.sample(random.Random(seed))
        curve = list(objective(config, SimpleNamespace(seed=seed)))
        assert len(curve) == EPOCHS
        assert all(type(loss) is float and 0.0 < loss <= WORST for loss in curve)
        assert curve == list(objective(config, SimpleNamespace(seed=seed)))
