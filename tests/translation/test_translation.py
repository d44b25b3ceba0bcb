from __future__ import annotations

import copy
import dataclasses
import math
import pickle
from typing import get_args

import cloudpickle
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from laws import p_value, raw_draws
from spaces import CONDITIONAL, EVERY_KIND, MIXED
from strategies import spaces

from unitune.capabilities import Kind, Method
from unitune.errors import BackendError, TranslationError
from unitune.space import Bool, Categorical, Const, Float, Int, Space
from unitune.translation import Translation, Verdict, lower_space

FLOATS = frozenset({"float/linear"})
CHOICES = frozenset({"float/linear", "float/log", "categorical/any", "conditional/choice"})
CONDITIONS = frozenset({"float/linear", "float/log", "int/log", "categorical/text", "conditional"})
EVERYTHING = frozenset(get_args(Kind))
TAKES = {"floats": FLOATS, "choices": CHOICES, "conditions": CONDITIONS, "everything": EVERYTHING}

each_takes = pytest.mark.parametrize("takes", TAKES.values(), ids=TAKES)


def lowered(space, takes) -> Translation:
    return lower_space(space, "lib", Method("method", frozenset(takes)))


def random_raws(translation, seed=0):
    rng = np.random.default_rng(seed)
    return {name: raw_draws(target, rng, 1)[0] for name, target in translation.targets.items()}


def agree(one, other):
    if isinstance(one, float) and math.isfinite(one):
        return other == pytest.approx(one, rel=1e-12, abs=1e-15)
    return type(one) is type(other) and (one is other or one == other)


@each_takes
@given(space=spaces(), seed=st.integers(0, 2**32))
def test_lifting_undoes_lowering(takes, space, seed):
    config = space.sample(seed)
    translation = lowered(space, takes)
    again = translation.lift(translation.lower(config))
    assert list(again) == list(config)
    assert all(agree(config[name], again[name]) for name in config)
    assert space.contains(again)


@each_takes
@given(space=spaces(), seed=st.integers(0, 2**32))
def test_any_raw_draw_is_lifted_into_the_space(takes, space, seed):
    translation = lowered(space, takes)
    assert space.contains(translation.lift(random_raws(translation, seed)))


@each_takes
@given(space=spaces(), seed=st.integers(0, 2**32))
def test_drawing_one_by_one_gives_a_config_that_lowers_to_the_same_names(takes, space, seed):
    translation = lowered(space, takes)
    raws = random_raws(translation, seed)
    drawn = translation.draw(raws.__getitem__)
    config = translation.lift(drawn)
    assert space.contains(config)
    assert list(drawn) == list(translation.lower(config))


@pytest.mark.parametrize("send", [pickle, cloudpickle, copy], ids=lambda m: m.__name__)
@given(space=spaces(), seed=st.integers(0, 2**32))
def test_translations_survive_being_sent_and_copied(send, space, seed):
    translation = lowered(space, CHOICES)
    sent = copy.deepcopy(translation) if send is copy else pickle.loads(send.dumps(translation))
    raws = random_raws(translation, seed)
    assert repr(sent.lift(raws)) == repr(translation.lift(raws))
    assert sent.verdicts == translation.verdicts


@each_takes
@pytest.mark.parametrize("name", EVERY_KIND)
def test_every_kind_keeps_its_law_whatever_a_library_takes(takes, name):
    space = Space({name: EVERY_KIND[name]})
    translation = lowered(space, takes)
    rng = np.random.default_rng(11)
    columns = {n: raw_draws(target, rng, 4000) for n, target in translation.targets.items()}
    rows = [{n: column[i] for n, column in columns.items()} for i in range(4000)]
    draws = [translation.lift(row)[name] for row in rows]
    if name in ("fixed", "only"):
        assert all(draw is draws[0] for draw in draws)
    else:
        assert p_value(space[name], draws) > 1e-4


@each_takes
def test_a_conditional_space_keeps_its_law(takes):
    translation = lowered(CONDITIONAL, takes)
    rng = np.random.default_rng(5)
    draw = {name: iter(raw_draws(t, rng, 4000)) for name, t in translation.targets.items()}
    configs = [
        translation.lift(translation.draw(lambda name: next(draw[name]))) for _ in range(4000)
    ]
    for name in CONDITIONAL:
        column = [config[name] for config in configs if name in config]
        assert len(column) > 500
        assert p_value(CONDITIONAL[name], column) > 1e-4
    assert all(map(CONDITIONAL.contains, configs))


@pytest.mark.parametrize(
    ("raws", "words"),
    [
        ({}, "'x': left it out"),
        ({"x": float("nan"), "c": 0}, "'x': proposed nan"),
        ({"x": None, "c": 0}, "'x': proposed None (NoneType), where a number was due"),
        ({"x": "0.5", "c": 0}, "'x': proposed '0.5' (str)"),
        ({"x": 1.5, "c": 0}, "'x': proposed 1.5, outside 0.0 to 1.0"),
        ({"x": 0.5, "c": 3}, "'c': proposed 3, outside 0 to 2"),
        ({"x": 0.5, "c": -1}, "'c': proposed -1, outside 0 to 2"),
        ({"x": 0.5, "c": 0.5}, "'c': proposed 0.5, where an index was due"),
        ({"x": 0.5}, "'c': left it out"),
    ],
)
def test_a_broken_contract_names_the_backend_the_method_and_the_parameter(raws, words):
    translation = lowered(Space({"x": Float(0, 1), "c": Categorical([1, 2, 3])}), EVERYTHING)
    with pytest.raises(BackendError) as error:
        translation.lift(raws)
    assert "Backend 'lib' (method) broke its contract for parameter" in str(error.value)
    assert words in str(error.value)


def test_raw_values_of_inactive_parameters_are_not_looked_at():
    translation = lowered(CONDITIONAL, FLOATS)
    raws = {**random_raws(translation), "optimizer": 2.0, "momentum": float("nan")}
    assert "momentum" not in translation.lift(raws)


def test_inactive_parameters_that_are_drawn_all_the_same_get_their_median():
    config = {"lr": 0.01, "optimizer": "adam", "layers": 1}
    raws = lowered(CONDITIONAL, FLOATS).lower(config)
    assert set(raws) == set(CONDITIONAL)
    assert raws["momentum"] == pytest.approx(0.745)
    assert set(lowered(CONDITIONAL, EVERYTHING).lower(config)) == set(config)


def test_what_the_library_leaves_out_itself_depends_on_what_it_takes():
    everything = {"momentum", "nesterov", "damping", "units_3"}
    assert lowered(CONDITIONAL, FLOATS).gated == frozenset()
    assert lowered(CONDITIONAL, CHOICES).gated == everything - {"units_3"}
    assert lowered(CONDITIONAL, CONDITIONS).gated == everything


def test_gates_name_the_choices_that_let_a_parameter_in():
    translation = lowered(CONDITIONAL, CHOICES)
    assert translation.gates("lr") == {}
    assert translation.gates("momentum") == {"optimizer": {0, 1}}
    assert translation.gates("nesterov") == {"optimizer": {0}}
    assert translation.gates("damping") == {"optimizer": {0}, "nesterov": {0}}
    assert list(translation.gates("damping")) == ["optimizer", "nesterov"]
    assert translation.gates("units_3") == {}


def test_constant_parents_gate_nothing():
    space = Space({"p": Const(1), "q": Categorical(["a"]), "x": Bool(when={"p": 1, "q": "a"})})
    translation = lowered(space, CHOICES)
    assert translation.gates("x") == {}
    assert list(translation.targets) == ["x"]
    assert translation.lift({"x": 1}) == {"p": 1, "q": "a", "x": True}


def test_a_constant_under_a_condition_is_there_with_it_only():
    space = Space({"p": Bool(), "k": Const("on", when={"p": True})})
    translation = lowered(space, FLOATS)
    assert translation.lift({"p": 1.0}) == {"p": True, "k": "on"}
    assert translation.lift({"p": 0.0}) == {"p": False}
    assert translation.lower({"p": True, "k": "on"}) == {"p": 1.0}


def test_verdicts_say_what_became_of_each_parameter():
    verdicts = {v.name: v for v in lowered(EVERY_KIND, CHOICES).verdicts}
    assert verdicts["float"] == Verdict("float", "native")
    assert verdicts["float_log"].status == "native"
    assert verdicts["float_reverse"] == Verdict("float_reverse", "lowered", "1 - x on a log scale")
    assert verdicts["objects"].status == "native"
    assert verdicts["fixed"] == Verdict("fixed", "lowered", "constant, added by unitune")
    assert verdicts["only"].how == "constant, added by unitune"
    assert verdicts["int"].how == "rounded from a continuous range half a step wider"
    assert [v.name for v in lowered(EVERY_KIND, CHOICES).verdicts] == list(EVERY_KIND)


def test_the_library_without_gaps_has_everything_native_but_constants():
    lowered_names = [
        v.name for v in lowered(EVERY_KIND, EVERYTHING).verdicts if v.status != "native"
    ]
    # a step on a log scale, and constants, no library has
    assert lowered_names == [
        "float_log_step",
        "float_reverse_step",
        "int_log_step",
        "fixed",
        "only",
    ]


def test_flattened_conditions_are_said_so():
    verdicts = {v.name: v for v in lowered(CONDITIONAL, CHOICES).verdicts}
    assert verdicts["momentum"].status == "native"
    assert verdicts["units_3"].status == "lowered"
    assert verdicts["units_3"].how.endswith("always drawn, left out unless layers=3")


def test_constraints_have_a_verdict_too():
    space = Space({"x": Float(0, 1)}, {"small": lambda c: c["x"] < 0.5})
    assert lowered(space, {*FLOATS, "constraint"}).verdicts[-1] == Verdict("small", "native")
    told = lowered(space, FLOATS).verdicts[-1]
    assert (told.name, told.status) == ("small", "lowered")
    assert "infeasible" in told.how


def test_raw_configs_are_checked_against_the_constraints():
    space = Space({"x": Float(0, 1), "n": Int(1, 2)}, {"small": lambda c: c["x"] < 0.5})
    translation = lowered(space, FLOATS)
    assert translation.allows({"x": 0.1, "n": 1.0})
    assert not translation.allows({"x": 0.9, "n": 1.0})


def test_what_no_exact_form_of_is_taken_is_refused_and_require_says_so():
    translation = lowered(EVERY_KIND, {"categorical/any"})
    refused = {verdict.name for verdict in translation.refused}
    assert {"float", "int", "ordered"} <= refused
    assert refused.isdisjoint({"text", "numbers", "objects", "flag", "fixed", "only"})
    with pytest.raises(TranslationError) as error:
        translation.require()
    for word in ("'lib'", "'method'", "'float' needs one of float/linear", "Use another method"):
        assert word in str(error.value)


LIMITED = Method("m", frozenset({"float/linear", "int/linear"}), largest=1e6, most_values=1000)


@pytest.mark.parametrize(
    ("parameter", "target"),
    [
        (Float(0.0, 1e6), Float(0.0, 1e6)),
        (Float(-2e6, 0.0), Float(0.0, 1.0)),
        (Int(1, 1000), Int(1, 1000)),
        (Int(0, 1000), Float(-0.5, 1000.5)),
        (Int(0, 10**7), Float(0.0, 1.0)),
        (Int(10**7, 10**7 + 9), Int(0, 9)),
        (Float(0.0, 1e7, step=1e6), Int(0, 10)),
        (Float(1.0, 1e9, scale="log"), Float(0.0, 1.0)),
    ],
    ids=repr,
)
def test_what_is_beyond_a_methods_limits_is_rewritten_into_what_is_not(parameter, target):
    assert lower_space(Space({"p": parameter}), "lib", LIMITED).targets == {"p": target}


def test_a_range_that_no_rewriting_makes_small_enough_is_refused():
    method = Method("m", frozenset({"int/linear"}), most_values=1000)
    verdicts = lower_space(Space({"p": Int(0, 1000)}), "lib", method).verdicts
    assert verdicts == (Verdict("p", "refused", "has too large a range for it"),)


def test_a_translation_without_refusals_requires_nothing():
    translation = lowered(EVERY_KIND, FLOATS)
    assert translation.refused == ()
    translation.require()


def test_a_method_that_takes_nothing_refuses_every_parameter_but_constants():
    translation = lowered(EVERY_KIND, ())
    assert len(translation.refused) == len(EVERY_KIND) - 2


def test_the_table_shows_every_parameter_with_its_definition_and_verdict():
    lines = str(lowered(MIXED, CHOICES)).splitlines()
    assert lines[0] == "lib:method"
    for name, parameter in MIXED.items():
        (line,) = [line for line in lines if line.startswith(f"{name} ")]
        assert repr(parameter) in line
        assert "native" in line or "lowered" in line
    assert all(line == line.rstrip() for line in lines)


def test_rows_hold_the_librarys_own_objects():
    translation = dataclasses.replace(lowered(MIXED, FLOATS), natives={"x": "Uniform(-5, 5)"})
    assert translation.rows()[0] == ("x", "Float(-5.0, 5.0)", "native", "", "Uniform(-5, 5)")


def test_square_brackets_in_choices_reach_the_table_as_they_are():
    space = Space({"c": Categorical([[1, 2], "[bold]x[/bold]"])})
    assert "[bold]x[/bold]" in str(lowered(space, CHOICES))
