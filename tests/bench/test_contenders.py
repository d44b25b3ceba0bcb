from __future__ import annotations

import pytest

from unitune.bench.contenders import BASELINE, Contender, as_contender, is_baseline, read_contenders
from unitune.errors import OptionError, UnknownNameError


def test_a_bare_backend_is_its_flagship():
    assert as_contender("builtin:grid").method == "grid"
    assert as_contender("optuna") == Contender("optuna", "optuna", method="bayesian")


def test_a_text_may_name_itself_and_have_options_and_a_scheduler_with_options():
    read = as_contender('mine=hyperopt:tpe(gamma=0.5, kind="a,b", word=EI)+unitune:asha(eta=4)')
    assert read == Contender(
        "mine",
        "hyperopt",
        method="tpe",
        options={"gamma": 0.5, "kind": "a,b", "word": "EI"},
        scheduler="unitune:asha",
        scheduler_options={"eta": 4},
    )


def test_the_whole_text_is_the_name_where_none_is_given():
    assert as_contender("builtin:random+median").name == "builtin:random+median"


@pytest.mark.parametrize("text", ["", "a b", "optuna:tpe(x", "optuna:tpe(x)", "=optuna", 3, None])
def test_what_has_another_form_is_refused(text):
    with pytest.raises(OptionError, match="not of the form"):
        as_contender(text)


def test_several_contenders_in_one_text_are_split_outside_parentheses():
    names = [c.name for c in read_contenders("builtin:random, optuna:tpe(a=1,b=2)")]
    assert names == ["builtin:random", "optuna:tpe(a=1,b=2)"]


def test_the_baseline_joins_under_its_own_name_unless_it_is_there():
    assert [c.name for c in read_contenders(["optuna:tpe"])] == ["optuna:tpe", BASELINE]
    assert [c.name for c in read_contenders([BASELINE, "optuna:tpe"])] == [BASELINE, "optuna:tpe"]
    named = read_contenders([as_contender("chance=builtin:random"), "optuna:tpe"])
    assert [c.name for c in named] == ["chance", "optuna:tpe", BASELINE]
    assert len(read_contenders("optuna:tpe", with_baseline=False)) == 1


def test_a_scheduled_random_search_is_no_baseline():
    assert not is_baseline(as_contender("builtin:random+median"))
    assert not is_baseline(as_contender("chance=builtin:random"))
    assert is_baseline(as_contender("builtin:random"))


@pytest.mark.parametrize("with_baseline", [True, False])
def test_no_other_contender_takes_the_name_of_the_baseline(with_baseline):
    for text in ("builtin:random=optuna:random", "builtin:random=builtin:random+median"):
        with pytest.raises(OptionError, match="is that of plain random search"):
            read_contenders([text, "optuna:tpe"], with_baseline=with_baseline)


@pytest.mark.parametrize("given", [3, [None]])
def test_what_names_no_contenders_is_refused(given):
    with pytest.raises(OptionError):
        read_contenders(given)


def test_two_contenders_of_one_name_are_refused_and_told_apart_by_names():
    with pytest.raises(OptionError, match="name them apart"):
        read_contenders(["optuna:tpe", "optuna:tpe"])
    assert len(read_contenders(["optuna:tpe", "other=optuna:tpe", "builtin:random"])) == 3


def test_no_contender_is_refused():
    with pytest.raises(OptionError, match="at least one contender"):
        read_contenders([])


def test_methods_that_bring_a_scheduler_along_are_scheduled():
    spec, method, scheduler = as_contender("builtin:hyperband").find()
    assert (spec.name, method.name, scheduler) == ("builtin", "random", "hyperband")
    assert as_contender("builtin:hyperband").scheduled
    assert not as_contender("builtin:random").scheduled


def test_methods_that_lay_out_their_trials_are_designed():
    assert as_contender("builtin:grid").designed
    assert as_contender("optuna:sobol").designed
    assert not as_contender("optuna:tpe").designed


def test_an_unknown_method_is_named():
    with pytest.raises(UnknownNameError, match="no method 'magic'"):
        as_contender("builtin:magic").find()
