from __future__ import annotations

import sys

import ConfigSpace as cs
import pytest

import unitune
from unitune import Categorical, Const, Float, Int, Space
from unitune.errors import MissingLibraryError, SpaceError, UnituneWarning


def space_of(*parts):
    native = cs.ConfigurationSpace()
    native.add(*parts)
    return Space.from_configspace(native)


MODEL = cs.CategoricalHyperparameter("model", ["svm", "net", "forest"])
SIZE = cs.OrdinalHyperparameter("size", ["small", "medium", "large"], default_value="medium")
# ConfigSpace refuses clauses that forbid the defaults.
LAYERS = cs.UniformIntegerHyperparameter("layers", 1, 5, default_value=1)
RATE = cs.UniformFloatHyperparameter("rate", 0.0, 1.0)
CHILD = cs.UniformFloatHyperparameter("child", -1.0, 1.0)
PARENTS = (MODEL, SIZE, LAYERS, RATE)


def test_hyperparameters_become_parameters():
    space = space_of(
        cs.UniformFloatHyperparameter("float", -1, 2),
        cs.UniformFloatHyperparameter("lr", 1e-5, 1e-1, log=True),
        cs.UniformIntegerHyperparameter("int", 1, 9),
        cs.CategoricalHyperparameter("any", ["a", None, True, 2.5]),
        cs.CategoricalHyperparameter("even", ["a", "b"], weights=[2, 2]),
        cs.OrdinalHyperparameter("size", ["small", "medium", "large"]),
        cs.Constant("fixed", "value"),
    )
    assert dict(space) == {
        "float": Float(-1.0, 2.0),
        "lr": Float(1e-5, 1e-1, scale="log"),
        "int": Int(1, 9),
        "any": Categorical(("a", None, True, 2.5)),
        "even": Categorical(("a", "b")),
        "size": Categorical(("small", "medium", "large"), ordered=True),
        "fixed": Const("value"),
    }


def test_a_log_integer_is_read_with_a_warning_since_its_law_differs():
    with pytest.warns(UnituneWarning, match="law of its own.*'n'") as caught:
        space = space_of(cs.UniformIntegerHyperparameter("n", 1, 64, log=True), RATE)
    assert space["n"] == Int(1, 64, scale="log")
    assert [warning.filename for warning in caught] == [__file__]


@pytest.mark.parametrize(
    ("condition", "when"),
    [
        (cs.EqualsCondition(CHILD, MODEL, "svm"), {"model": "svm"}),
        (cs.NotEqualsCondition(CHILD, MODEL, "svm"), {"model": ["net", "forest"]}),
        (cs.InCondition(CHILD, MODEL, ["forest", "svm"]), {"model": ["svm", "forest"]}),
        (cs.EqualsCondition(CHILD, LAYERS, 3), {"layers": 3}),
        (cs.InCondition(CHILD, LAYERS, [2, 4]), {"layers": [2, 4]}),
        (cs.GreaterThanCondition(CHILD, LAYERS, 3), {"layers": [4, 5]}),
        (cs.LessThanCondition(CHILD, LAYERS, 2), {"layers": 1}),
        (cs.NotEqualsCondition(CHILD, LAYERS, 2), {"layers": [1, 3, 4, 5]}),
        (cs.GreaterThanCondition(CHILD, SIZE, "small"), {"size": ["medium", "large"]}),
        (
            cs.AndConjunction(
                cs.EqualsCondition(CHILD, MODEL, "net"),
                cs.AndConjunction(
                    cs.GreaterThanCondition(CHILD, LAYERS, 1),
                    cs.LessThanCondition(CHILD, LAYERS, 4),
                ),
            ),
            {"model": "net", "layers": [2, 3]},
        ),
    ],
)
def test_conditions_become_the_values_that_satisfy_them(condition, when):
    assert space_of(*PARENTS, CHILD, condition)["child"].when == when


def test_conditions_may_stand_one_below_the_other():
    grandchild = cs.UniformFloatHyperparameter("a grandchild", 0.0, 1.0)
    below = cs.CategoricalHyperparameter("kernel", ["rbf", "linear"])
    space = space_of(
        MODEL,
        below,
        grandchild,
        cs.EqualsCondition(below, MODEL, "svm"),
        cs.EqualsCondition(grandchild, below, "rbf"),
    )
    assert list(space) == ["model", "kernel", "a grandchild"]
    assert space.contains({"model": "svm", "kernel": "rbf", "a grandchild": 0.5})
    assert not space.contains({"model": "net", "a grandchild": 0.5})


def config(**values):
    return {"model": "svm", "size": "small", "layers": 1, "rate": 0.5, **values}


@pytest.mark.parametrize(
    ("clause", "allowed", "forbidden"),
    [
        (cs.ForbiddenEqualsClause(MODEL, "net"), {"model": "svm"}, {"model": "net"}),
        (cs.ForbiddenInClause(LAYERS, [2, 3]), {"layers": 4}, {"layers": 3}),
        (cs.ForbiddenGreaterThanClause(LAYERS, 3), {"layers": 3}, {"layers": 4}),
        (cs.ForbiddenLessThanEqualsClause(RATE, 0.25), {"rate": 0.3}, {"rate": 0.25}),
        (cs.ForbiddenGreaterThanEqualsClause(SIZE, "large"), {"size": "medium"}, {"size": "large"}),
        (
            cs.ForbiddenAndConjunction(
                cs.ForbiddenEqualsClause(MODEL, "net"), cs.ForbiddenEqualsClause(LAYERS, 5)
            ),
            {"model": "net", "layers": 4},
            {"model": "net", "layers": 5},
        ),
        (
            cs.ForbiddenOrConjunction(
                cs.ForbiddenEqualsClause(MODEL, "net"), cs.ForbiddenEqualsClause(LAYERS, 5)
            ),
            {"model": "svm", "layers": 4},
            {"model": "svm", "layers": 5},
        ),
        (cs.ForbiddenLessThanRelation(LAYERS, RATE), {"rate": 1.0}, None),
    ],
)
def test_forbidden_clauses_become_constraints_named_by_their_text(clause, allowed, forbidden):
    space = space_of(*PARENTS, clause)
    assert [constraint.name for constraint in space.constraints] == [str(clause)]
    assert space.contains(config(**allowed))
    if forbidden is not None:
        assert space.broken_constraint(config(**forbidden)) == str(clause)


@pytest.mark.parametrize(
    "clause",
    [
        cs.ForbiddenGreaterThanEqualsClause(SIZE, "large"),
        cs.ForbiddenLessThanEqualsClause(SIZE, "small"),
        cs.ForbiddenLessThanClause(SIZE, "medium"),
        cs.ForbiddenEqualsClause(SIZE, "large"),
        cs.ForbiddenAndConjunction(
            cs.ForbiddenEqualsClause(MODEL, "net"), cs.ForbiddenInClause(SIZE, ["small", "large"])
        ),
    ],
)
def test_a_clause_on_a_parameter_that_is_not_there_forbids_nothing(clause):
    space = space_of(MODEL, SIZE, cs.EqualsCondition(SIZE, MODEL, "svm"), clause)
    assert space.contains({"model": "net"})


def test_a_read_space_runs():
    space = space_of(
        *PARENTS,
        CHILD,
        cs.EqualsCondition(CHILD, MODEL, "net"),
        cs.ForbiddenAndConjunction(
            cs.ForbiddenEqualsClause(MODEL, "svm"), cs.ForbiddenGreaterThanClause(LAYERS, 2)
        ),
    )
    result = unitune.run(
        space, lambda c: c["rate"], backend="builtin", method="random", n_trials=60, seed=0
    )
    assert {trial.config["model"] for trial in result.trials} == {"svm", "net", "forest"}
    for trial in result.trials:
        assert ("child" in trial.config) == (trial.config["model"] == "net")
        assert trial.config["model"] != "svm" or trial.config["layers"] <= 2


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        (
            [cs.NormalFloatHyperparameter("x", 0, 1, lower=-1, upper=1)],
            "'x' is a NormalFloatHyperparameter",
        ),
        (
            [cs.BetaIntegerHyperparameter("x", 3, 2, lower=1, upper=9)],
            "'x' is a BetaIntegerHyperparameter",
        ),
        (
            [cs.CategoricalHyperparameter("x", ["a", "b"], weights=[1, 2])],
            r"'x' has the weights \(1, 2\)",
        ),
        (
            [
                *PARENTS,
                CHILD,
                cs.OrConjunction(
                    cs.EqualsCondition(CHILD, MODEL, "net"), cs.EqualsCondition(CHILD, LAYERS, 1)
                ),
            ],
            "joins with 'or'",
        ),
        (
            [RATE, CHILD, cs.GreaterThanCondition(CHILD, RATE, 0.5)],
            "'child' is conditional on 'rate', which is continuous",
        ),
    ],
)
def test_what_unitune_has_no_form_for_is_refused_by_name(parts, said):
    with pytest.raises(SpaceError, match=said):
        space_of(*parts)


def test_a_parent_of_very_many_values_is_refused_for_inequalities_and_taken_for_values():
    many = cs.UniformIntegerHyperparameter("many", 1, 10**6)
    with pytest.raises(SpaceError, match="'child' is conditional on 'many', which has 1000000"):
        space_of(many, CHILD, cs.GreaterThanCondition(CHILD, many, 5))
    space = space_of(many, CHILD, cs.InCondition(CHILD, many, [7, 9]))
    assert space["child"].when == {"many": [7, 9]}


def test_anything_else_is_refused():
    with pytest.raises(SpaceError, match="takes a ConfigurationSpace, not dict"):
        Space.from_configspace({"x": (0, 1)})


def test_a_missing_library_gives_the_install_command(monkeypatch):
    monkeypatch.setitem(sys.modules, "ConfigSpace", None)
    monkeypatch.delitem(sys.modules, "unitune_configspace.importer", raising=False)
    with pytest.raises(MissingLibraryError, match=r"pip install 'unitune\[configspace\]'"):
        Space.from_configspace(None)
