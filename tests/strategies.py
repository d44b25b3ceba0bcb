"""Hypothesis strategies for parameters and spaces of every kind."""

from __future__ import annotations

import dataclasses

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from unitune.errors import SpaceError
from unitune.space import Bool, Categorical, Const, Float, Int, Space
from unitune.space.sameness import same

# The same examples every time, on slow machines too; nothing is kept in the current directory.
settings.register_profile(
    "unitune", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("unitune")

NAMES = tuple("abcdefg")
PLAIN = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 5),
    st.floats(allow_nan=False, allow_infinity=False, width=32),
    st.text(max_size=3),
)
CHOICE = st.one_of(
    PLAIN,
    st.just(float("nan")),
    st.tuples(PLAIN, PLAIN),
    st.lists(PLAIN, max_size=2),
    st.dictionaries(st.text(max_size=2), PLAIN, max_size=2),
)


@st.composite
def continuous(draw):
    """A Float without steps, on any scale."""
    scale = draw(st.sampled_from(["linear", "log", "reverse_log"]))
    if scale == "linear":
        low = draw(st.floats(-1e6, 1e6))
        return Float(low, low + draw(st.floats(1e-6, 1e6)))
    if scale == "log":
        low = draw(st.floats(1e-12, 1e6))
        return Float(low, low * draw(st.floats(1.001, 1e9)), scale="log")
    high = draw(st.floats(0.001, 0.999999))
    return Float(high * draw(st.floats(0.0, 0.99)), high, scale="reverse_log")


@st.composite
def stepped(draw):
    """A Float in decimal steps, on any scale."""
    scale = draw(st.sampled_from(["linear", "log", "reverse_log"]))
    if scale == "reverse_log":
        low, high = sorted(draw(st.tuples(st.integers(0, 40), st.integers(41, 99))))
        return Float(
            low / 100, high / 100, scale=scale, step=draw(st.integers(1, high - low)) / 100
        )
    digits = 10 ** draw(st.integers(0, 6))
    low = draw(st.integers(1 if scale == "log" else -500, 500))
    step = draw(st.integers(1, 30))
    high = low + step * draw(st.integers(1, 40)) + draw(st.integers(0, step - 1))
    return Float(low / digits, high / digits, scale=scale, step=step / digits)


@st.composite
def integers(draw):
    """An Int, with or without steps, linear or log."""
    scale = draw(st.sampled_from(["linear", "log"]))
    low = draw(st.integers(1 if scale == "log" else -(10**6), 10**6))
    high = low + draw(st.integers(1, 10**5))
    step = draw(st.none() | st.integers(1, high - low))
    return Int(low, high, scale=scale, step=step)


@st.composite
def categoricals(draw, choice=CHOICE):
    """A Categorical of one to five choices that are not the same."""
    choices = []
    for candidate in draw(st.lists(choice, min_size=1, max_size=5)):
        if not any(same(candidate, earlier) for earlier in choices):
            choices.append(candidate)
    return Categorical(tuple(choices), ordered=draw(st.booleans()))


def countable():
    """A parameter that has finitely many values."""
    return stepped() | integers() | categoricals() | st.just(Bool())


def parameters():
    """A parameter of any kind."""
    return continuous() | countable() | st.builds(Const, CHOICE)


@st.composite
def conditional(draw, parameter, earlier):
    """The parameter, there under conditions on up to two of the earlier ones."""
    parents = [name for name, p in earlier.items() if not isinstance(p, Float) or p.step]
    chosen = draw(st.lists(st.sampled_from(parents), unique=True, max_size=2)) if parents else []
    when = {}
    for name in chosen:
        parent = Space({name: dataclasses.replace(earlier[name], when=None)})[name]
        spread = [
            parent.quantile(u) for u in draw(st.lists(st.floats(0, 1), min_size=1, max_size=3))
        ]
        when[name] = spread
    return dataclasses.replace(parameter, when=when or None)


@st.composite
def spaces(draw, of=None):
    """A space of one to six parameters, some of them conditional."""
    given = {}
    for name in NAMES[: draw(st.integers(1, 6))]:
        parameter = draw(of if of is not None else parameters())
        candidate = draw(conditional(parameter, given))
        try:
            Space({**given, name: candidate})
        except SpaceError as refusal:
            # Two conditions that exclude each other: that is a test of its own.
            if "can never be there" not in str(refusal):
                raise
            candidate = parameter
        given[name] = candidate
    return Space(given)


def fractions():
    """A probability, ends included."""
    return st.floats(0, 1)
