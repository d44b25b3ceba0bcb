from __future__ import annotations

from typing import get_args

import numpy as np
import pytest
from laws import p_value, raw_draws, shares, values
from spaces import EVERY_KIND

from unitune.capabilities import Kind
from unitune.space import Bool, Categorical, Float, Int, Space
from unitune.translation.lowering import kind_of, lowerings
from unitune.translation.steps import Quantile, Rounded

DRAWS = 4000
ODD = {
    "two": Int(1, 2, scale="log"),
    "coarse_log": Float(0.05, 1.0, scale="log", step=0.3),
    "coarse_reverse": Float(0.0, 0.99, scale="reverse_log", step=0.33),
    "negative": Float(-1.0, 1.0, step=0.3),
    "far": Int(2**50 - 3, 2**50),
    "far_float": Float(1e15, 1e15 + 4, step=1.0),
    "short_log": Int(10**6, 10**6 + 3, scale="log"),
    "clipped_log": Int(3, 12, scale="log", step=7),
    "pair_of_objects": Categorical([{"a": 1}, [1]], ordered=True),
}
PARAMETERS = {
    **{name: p for name, p in EVERY_KIND.items() if name not in ("fixed", "only")},
    **Space(ODD),
}
FLOATS = ["float/linear", "float/linear"]  # as wide as itself, and from 0 to 1
CASES = [
    pytest.param(parameter, step, id=f"{name}-{i}-{kind}")
    for name, parameter in PARAMETERS.items()
    for i, (kind, step) in enumerate(lowerings(parameter))
]


@pytest.mark.parametrize(("parameter", "step"), CASES)
def test_raw_values_drawn_by_the_targets_law_follow_the_users_law(parameter, step):
    rng = np.random.default_rng(20)
    draws = [step.lift(raw) for raw in raw_draws(step.target, rng, DRAWS)]
    assert p_value(parameter, draws) > 1e-4


def test_the_measure_tells_a_wrong_law_from_a_right_one():
    # rounding a continuous range that is not half a step wider: half the mass at both ends
    rng = np.random.default_rng(20)
    assert p_value(Int(1, 5), [round(x) for x in rng.uniform(1, 5, DRAWS)]) < 1e-12
    # a log mirrored inside its range, in place of log(1 - x)
    mirrored = 0.9 + 0.999 - np.exp(rng.uniform(np.log(0.9), np.log(0.999), DRAWS))
    assert p_value(EVERY_KIND["float_reverse"], mirrored) < 1e-12
    # log integers rounded from their own bounds: 1 has a third of its share
    rounded = np.round(np.exp(rng.uniform(0, np.log(64), DRAWS))).astype(int)
    assert p_value(EVERY_KIND["int_log"], rounded.tolist()) < 1e-12


@pytest.mark.parametrize(
    "name", ["int", "int_log", "int_step", "int_log_step", "float_step", "coarse_log", "far"]
)
def test_the_edges_of_continuous_targets_give_every_value_its_exact_share(name):
    parameter = PARAMETERS[name]
    own, masses = values(parameter), shares(parameter)
    for kind, step in lowerings(parameter):
        if not isinstance(step, Rounded | Quantile):
            continue
        place = np.log if kind == "float/log" else float
        low, high = place(step.target.low), place(step.target.high)
        total = 0.0
        for value, mass in zip(own, masses, strict=True):
            for share in (total + 1e-7, total + mass - 1e-7):
                x = low + share * (high - low)
                assert step.lift(float(np.exp(x)) if kind == "float/log" else x) == value
            total += mass


def test_rounding_far_from_zero_gives_way_to_the_inverse_distribution_function():
    # there the floats themselves are too coarse for half a step at either end
    def continuous(parameter):
        return [type(step) for kind, step in lowerings(parameter) if kind == "float/linear"]

    assert continuous(Int(1, 5)) == [Rounded, Quantile]
    assert continuous(Int(2**50 - 3, 2**50)) == [Quantile]


@pytest.mark.parametrize(
    ("parameter", "kinds"),
    [
        (Float(0.0, 1.0), FLOATS),
        (Float(0.1, 1.0, scale="log"), ["float/log", "float/linear"]),
        (
            Float(0.1, 0.9, scale="reverse_log"),
            ["float/reverse_log", "float/log", "float/linear"],
        ),
        (Float(0.0, 1.0, step=0.1), ["float/step", "int/linear", *FLOATS]),
        (Float(0.1, 1.0, scale="log", step=0.1), ["float/log", "float/linear"]),
        (Float(0.1, 0.9, scale="reverse_log", step=0.1), ["float/log", "float/linear"]),
        (Int(1, 5), ["int/linear", "int/linear", *FLOATS]),
        (Int(1, 5, step=1), ["int/linear", "int/linear", *FLOATS]),
        (Int(1, 5, step=2), ["int/step", "int/linear", *FLOATS]),
        (Int(1, 5, scale="log"), ["int/log", "float/log", "float/linear"]),
        (Int(1, 5, scale="log", step=2), ["float/log", "float/linear"]),
        (
            Categorical(("a", "b")),
            [
                "categorical/text",
                "categorical/plain",
                "categorical/any",
                "categorical/text",
                "categorical/plain",
                "int/linear",
                "float/linear",
            ],
        ),
        (
            Categorical((1, 2)),
            [
                "categorical/plain",
                "categorical/any",
                "categorical/text",
                "categorical/plain",
                "int/linear",
                "float/linear",
            ],
        ),
        (
            Categorical((1, True)),
            [
                "categorical/any",
                "categorical/text",
                "categorical/plain",
                "int/linear",
                "float/linear",
            ],
        ),
        (Categorical(("a", "b"), ordered=True), ["ordinal", "int/linear", "float/linear"]),
    ],
    ids=repr,
)
def test_rewritings_are_tried_from_the_most_native_on(parameter, kinds):
    parameter = Space({"x": parameter})["x"]
    assert [kind for kind, _ in lowerings(parameter)] == kinds
    assert kind_of(parameter) == kinds[0]
    assert set(kinds) <= set(get_args(Kind))


@pytest.mark.parametrize("parameter", PARAMETERS.values(), ids=PARAMETERS)
def test_every_parameter_can_be_had_from_a_continuous_range_alone(parameter):
    kind, step = list(lowerings(parameter))[-1]
    assert kind == "float/linear"
    assert isinstance(step.target, Float)
    assert step.target.scale == "linear"
    assert step.target.step is None
    assert step.target.low < step.target.high


@pytest.mark.parametrize("parameter", PARAMETERS.values(), ids=PARAMETERS)
def test_a_rewriting_says_what_it_does_and_the_most_native_one_says_nothing(parameter):
    steps = [step for _, step in lowerings(parameter)]
    assert steps[0].how == "" or parameter.step is not None
    kin = (Bool, Categorical) if isinstance(parameter, Bool) else type(parameter)
    assert all(step.how for step in steps if not isinstance(step.target, kin))


@pytest.mark.parametrize(
    "choices",
    [
        (1, 1.0),
        (1, True),
        (0, False, "x"),
        (float("nan"), 1),
        ((1, 2), 3),
        ([1], 3),
        (max, min),
        (b"a", "a"),
    ],
)
def test_choices_that_libraries_would_confuse_are_given_as_labels(choices):
    kinds = dict(lowerings(Categorical(choices)))
    step = kinds["categorical/plain"]
    assert step.how == "by label"
    assert all(type(label) is str for label in step.target.choices)
    assert len(set(step.target.choices)) == len(choices)
    assert [step.lift(i) for i in range(len(choices))] == list(choices) or choices[0] != choices[0]
    assert all(step.lift(i) is choice for i, choice in enumerate(choices))


def test_labels_of_long_and_like_objects_stay_short_and_apart():
    long = "z" * 1000
    labels = dict(lowerings(Categorical(((long, 1), (long, 2)))))["categorical/text"].target.choices
    assert labels[0] != labels[1]
    assert max(map(len, labels)) < 60


def test_a_bool_is_a_choice_like_any():
    kind, step = next(lowerings(Bool()))
    assert kind == "categorical/plain"
    assert step.target.choices == (False, True)
    assert step.how == ""
