from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from laws import raw_draws
from spaces import EVERY_KIND
from strategies import parameters

from unitune.errors import BackendError
from unitune.space import Bool, Categorical, Const, Float, Int, Space
from unitune.translation.lowering import lowerings
from unitune.translation.steps import Step

EDGES = [
    Float(1e-5, 1e-1, scale="log"),
    Float(5e-324, 1e300, scale="log"),
    Float(1e-300, 1e-290, scale="log"),
    Float(1e9, 1e9 + 2, scale="log"),
    Float(0.9, 0.999, scale="reverse_log"),
    Float(0.0, 1 - 2**-53, scale="reverse_log"),
    Float(0.3, 0.3 + 1e-8, scale="reverse_log"),
    Float(-1e300, 1e300),
    Float(0.0, 1e-300),
    Float(1e15, 1e15 + 1),
    Float(0.1, 0.7, step=0.2),
    Float(-1.0, 1.0, step=0.3),
    Float(0.0, 1.0, step=1e-9),
    Float(1e15, 1e15 + 10, step=1.0),
    Float(0.1, 1.0, scale="log", step=0.1),
    Float(0.05, 1.0, scale="log", step=0.3),
    Float(0.0, 0.9, scale="reverse_log", step=0.1),
    Float(0.0, 0.99, scale="reverse_log", step=0.33),
    Int(-(2**49), 2**49),
    Int(2**50 - 10, 2**50),
    Int(1, 10**12, scale="log"),
    Int(1, 10, scale="log", step=3),
    Int(1, 2),
    Bool(),
    Categorical(["a", (1, 2), None]),
    Categorical([3, 1, 2], ordered=True),
]


def checked(parameter):
    return Space({"x": parameter})["x"]


def steps(parameter) -> list[tuple[str, Step]]:
    return list(lowerings(checked(parameter)))


CASES = [
    pytest.param(parameter, kind, step, id=f"{parameter!r}-{i}-{kind}")
    for parameter in EDGES
    for i, (kind, step) in enumerate(steps(parameter))
]


def ends(target):
    """Return the raw values at both ends of a target, and the floats just outside."""
    if isinstance(target, Categorical):
        return [0, len(target.choices) - 1]
    low, high = target.low, target.high
    if isinstance(target, Int):
        return [low, high, float(low), float(high), np.int64(low), np.int64(high)]
    return [
        low,
        high,
        math.nextafter(low, -math.inf),
        math.nextafter(high, math.inf),
        math.exp(math.log(low)) if low > 0 else low,
        math.exp(math.log(high)) if high > 0 else high,
        np.float64(low),
        np.array(high),
    ]


@pytest.mark.parametrize(("parameter", "kind", "step"), CASES)
def test_no_raw_value_at_or_by_the_bounds_leaves_the_range_by_an_ulp(parameter, kind, step):
    space = Space({"x": parameter})
    for raw in ends(step.target):
        value = step.lift(raw)
        assert space.contains({"x": value})
        if isinstance(parameter, Float | Int):
            assert type(value) is (int if isinstance(parameter, Int) else float)
            assert parameter.low <= value <= parameter.high


@pytest.mark.parametrize(("parameter", "kind", "step"), CASES)
def test_the_ends_are_reached_from_the_ends(parameter, kind, step):
    if isinstance(parameter, Float | Int):
        lifted = {step.lift(raw) for raw in ends(step.target)}
        tiny = 1e-9 * (parameter.high - parameter.low) + 1e-15 * min(parameter.high, 1)
        assert min(lifted) <= parameter.low + tiny
        assert max(lifted) >= checked(parameter).quantile(1.0) - tiny


@pytest.mark.parametrize(("parameter", "kind", "step"), CASES)
@given(u=st.floats(0, 1))
def test_a_value_comes_back_from_its_raw_value(parameter, kind, step, u):
    parameter = checked(parameter)
    value = parameter.quantile(u)
    again = step.lift(step.lower(value))
    if isinstance(parameter, Float) and parameter.step is None:
        # 1 - x, and the unit interval, hold no more digits than these
        assert again == pytest.approx(value, rel=1e-12, abs=1e-15 * min(parameter.high, 1))
    else:
        assert again is value or (again == value and type(again) is type(value))


@pytest.mark.parametrize(("parameter", "kind", "step"), CASES)
@given(u=st.floats(0, 1))
def test_a_raw_value_lies_in_the_target_and_is_plain(parameter, kind, step, u):
    raw = step.lower(checked(parameter).quantile(u))
    target = step.target
    if isinstance(target, Categorical):
        assert type(raw) is int
        assert 0 <= raw < len(target.choices)
    else:
        assert type(raw) is (int if isinstance(target, Int) else float)
        assert target.low <= raw <= target.high


@given(parameters(), st.integers(0, 2**32))
def test_any_raw_draw_is_lifted_into_the_space(parameter, seed):
    rng = np.random.default_rng(seed)
    space = Space({"x": parameter})
    for _, step in [] if isinstance(parameter, Const) else steps(parameter):
        raws = raw_draws(step.target, rng, 5)
        assert all(space.contains({"x": step.lift(raw)}) for raw in raws)


SENSELESS = [math.nan, math.inf, -math.inf, None, "1", b"1", [1], (1,), {}, 1j, object()]


@pytest.mark.parametrize("raw", SENSELESS, ids=lambda raw: repr(raw).partition(" at ")[0])
@pytest.mark.parametrize("name", [n for n in EVERY_KIND if n not in ("fixed", "only")])
def test_a_raw_value_that_is_no_number_is_a_broken_contract(name, raw):
    for _, step in lowerings(EVERY_KIND[name]):
        with pytest.raises(BackendError, match="proposed"):
            step.lift(raw)


@pytest.mark.parametrize("name", [n for n in EVERY_KIND if n not in ("fixed", "only")])
def test_a_raw_value_out_of_bounds_is_a_broken_contract(name):
    for _, step in lowerings(EVERY_KIND[name]):
        target = step.target
        if isinstance(target, Categorical):
            outside = [-1, len(target.choices)]
        else:
            width = target.high - target.low
            outside = [target.low - 1e-3 * width, target.high + 1e-3 * width]
        for raw in outside:
            with pytest.raises(BackendError, match="outside"):
                step.lift(raw)


@pytest.mark.parametrize(
    ("parameter", "raw"),
    [
        (Int(1, 5), 2.5),
        (Int(1, 10, step=3), 5),
        (Float(0, 1, step=0.1), 0.25),
        (Bool(), 0.5),
        (Categorical(["a", "b", "c"]), 1.7),
        (Categorical([(1,), (2,), (3,)]), np.float64(1.5)),
    ],
)
def test_a_raw_value_between_two_values_is_a_broken_contract(parameter, raw):
    _, native = steps(parameter)[0]
    with pytest.raises(BackendError, match=r"between two steps|an index was due"):
        native.lift(raw)


@pytest.mark.parametrize(
    ("parameter", "raw", "value"),
    [
        (Float(0, 1, step=0.1), 0.30000000000000004, 0.3),
        (Float(0.1, 0.7, step=0.2), 0.7000000000000001, 0.7),
        (Int(1, 5), 3.0, 3),
        (Int(1, 5), np.int64(3), 3),
        (Int(0, 5), True, 1),
        (Float(0, 1), np.float32(0.5), 0.5),
        (Float(0, 1), 1, 1.0),
        (Bool(), np.int64(1), True),
        (Categorical(["a", "b"]), 1.0, "b"),
        (Float(1e-5, 1e-1, scale="log"), 9.999999999999997e-06, 1e-5),
        (Float(1e-5, 1e-1, scale="log"), 0.10000000000000002, 0.1),
    ],
)
def test_the_rounding_of_libraries_is_forgiven_and_taken_away(parameter, raw, value):
    _, native = steps(parameter)[0]
    lifted = native.lift(raw)
    assert (lifted, type(lifted)) == (value, type(value))
