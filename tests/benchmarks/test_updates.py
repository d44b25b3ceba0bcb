from __future__ import annotations

import numpy as np
import pytest

from unitune_benchmarks.rules import Adam, Momentum, RMSProp
from unitune_benchmarks.searches import ADAM, SGD, rule
from unitune_benchmarks.updates import BINARY, DROPS, OPERANDS, UNARY, SearchedRule, Sight


def walk(make, steps=12):
    """Follow a rule over the same gradients."""
    rng = np.random.default_rng(3)
    theta = rng.normal(size=6)
    moving = make()
    for _ in range(steps):
        moving.step(theta, rng.normal(size=6))
    return theta


def searched(parts, lr=0.05):
    return lambda: SearchedRule(lr, parts, np.random.default_rng(0))


def test_gradient_descent_is_in_the_space():
    assert rule.contains({"lr": 0.05, **SGD})
    assert np.allclose(walk(searched(SGD)), walk(lambda: Momentum(0.05)), atol=1e-14)


def test_adam_is_in_the_space_built_from_its_moments():
    assert rule.contains({"lr": 0.05, **ADAM})
    assert np.allclose(walk(searched(ADAM)), walk(lambda: Adam(0.05, 0.9, 0.999)), atol=1e-12)


def test_adam_is_an_operand_too():
    parts = {"operand1": "adam", "unary1": "x", "binary": "a"}
    assert np.allclose(walk(searched(parts)), walk(searched(ADAM)), atol=1e-14)


def test_the_operand_rmsprop_divides_by_the_unbiased_root():
    parts = {"operand1": "rmsprop", "unary1": "x", "binary": "a"}
    late = walk(searched(parts), steps=1)
    # After one step the unbiased mean of squares is g^2 itself: each weight moves by lr.
    start = np.random.default_rng(3).normal(size=6)
    assert np.allclose(np.abs(late - start), 0.05, atol=1e-8)
    assert not np.allclose(walk(searched(parts)), walk(lambda: RMSProp(0.05, 0.999)))


def test_both_operands_are_changed_before_they_are_joined():
    parts = {
        "operand1": "g",
        "unary1": "sign(x)",
        "binary": "a*b",
        "operand2": "2",
        "unary2": "-x",
    }
    start = np.random.default_rng(3).normal(size=6)
    assert np.allclose(np.abs(walk(searched(parts), steps=1) - start), 0.1)


@pytest.mark.parametrize("name", OPERANDS)
def test_every_operand_has_an_entry_for_each_weight(name):
    sight = Sight(np.random.default_rng(0))
    sight.take(np.arange(4.0), np.array([1.0, -2.0, 0.5, 0.0]))
    assert OPERANDS[name](sight).shape == (4,)
    assert np.isfinite(OPERANDS[name](sight)).all()


def test_the_means_are_freed_of_their_bias():
    sight = Sight(np.random.default_rng(0))
    for _ in range(3):
        sight.take(np.zeros(2), np.array([2.0, -1.0]))
    assert np.allclose(sight.m, [2.0, -1.0])
    assert np.allclose(sight.v, [4.0, 1.0])
    assert np.allclose(sight.c, [8.0, -1.0])


@pytest.mark.parametrize("name", DROPS)
def test_dropping_sets_about_its_share_to_zero(name):
    parts = {"operand1": "1", "unary1": name, "binary": "a"}
    theta = np.zeros(10_000)
    SearchedRule(1.0, parts, np.random.default_rng(0)).step(theta, np.ones_like(theta))
    assert float(np.mean(theta == 0.0)) == pytest.approx(DROPS[name], abs=0.03)


def test_every_part_does_something_of_its_own():
    x = np.linspace(0.2, 2.0, 7)
    changed = {name: tuple(np.round(unary(x), 9)) for name, unary in UNARY.items()}
    assert len(set(changed.values())) == len(changed)
    joined = {name: tuple(np.round(binary(x, x[::-1]), 9)) for name, binary in BINARY.items()}
    assert len(set(joined.values())) == len(joined)
