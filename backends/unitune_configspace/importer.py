"""Reading a ConfigSpace: hyperparameters, conditions, forbidden clauses."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from unitune.errors import MissingLibraryError, SpaceError, UnituneWarning
from unitune.space import Categorical, Const, Float, Int, Parameter, Space
from unitune.space.sameness import same

try:
    import ConfigSpace as cs  # noqa: N813 - as its own documentation abbreviates it
    from ConfigSpace.forbidden import ForbiddenClause, ForbiddenConjunction
except ImportError as error:
    raise MissingLibraryError(
        "Space.from_configspace needs ConfigSpace, which is not installed; run "
        "pip install 'unitune[configspace]'."
    ) from error

# Conditions compare with every value of their parent, so that a parent has to have few.
MOST_VALUES = 10_000


def read_space(native: Any) -> Space:
    """Return the space that a `ConfigSpace.ConfigurationSpace` describes.

    Conditions become `when=`, an order or inequality being spelt out as the values that satisfy
    it; each forbidden clause becomes a constraint named by its text. Defaults are left behind:
    give the configs to begin with as `initial=` of a run.

    Args:
        native: the `ConfigurationSpace`.

    Raises:
        SpaceError: it holds something that unitune has no form for.

    Example:
        >>> from ConfigSpace import ConfigurationSpace
        >>> read_space(ConfigurationSpace({"x": (0.0, 1.0), "n": (1, 8)}))
        Space({
            'n': Int(1, 8),
            'x': Float(0.0, 1.0),
        })
    """
    if not isinstance(native, cs.ConfigurationSpace):
        raise SpaceError(
            f"Space.from_configspace takes a ConfigurationSpace, not {type(native).__name__}."
        )
    parameters = {name: _parameter(given) for name, given in native.items()}
    for name, when in _conditions(native.conditions).items():
        changed: Any = dataclasses.replace(parameters[name], when=when)  # type: ignore[type-var]
        parameters[name] = changed
    logs = [name for name, given in native.items() if _is_log_int(given)]
    if logs:
        warnings.warn(
            f"ConfigSpace draws integers on a log scale by a law of its own, with less weight on "
            f"the least values; unitune draws {', '.join(map(repr, logs))} by the exact one.",
            UnituneWarning,
            stacklevel=4,  # the caller of Space.from_configspace
        )
    return Space(
        parameters, {str(clause): _allowing(clause) for clause in native.forbidden_clauses}
    )


def _parameter(given: Any) -> Parameter:
    if isinstance(given, cs.UniformFloatHyperparameter):
        scale: Any = "log" if given.log else "linear"
        return Float(float(given.lower), float(given.upper), scale=scale)
    if isinstance(given, cs.UniformIntegerHyperparameter):
        return Int(int(given.lower), int(given.upper), scale="log" if given.log else "linear")
    if isinstance(given, cs.OrdinalHyperparameter):
        return Categorical(tuple(given.sequence), ordered=True)
    if isinstance(given, cs.Constant):
        return Const(given.value)
    if isinstance(given, cs.CategoricalHyperparameter):
        if given.weights is not None and len(set(given.weights)) > 1:
            raise SpaceError(
                f"Parameter {given.name!r} has the weights {given.weights}; unitune's choices are "
                f"equally likely. Leave the weights out."
            )
        return Categorical(tuple(given.choices))
    raise SpaceError(
        f"Parameter {given.name!r} is a {type(given).__name__}, and unitune has no parameter with "
        f"that law; use a uniform one."
    )


def _is_log_int(given: Any) -> bool:
    return isinstance(given, cs.UniformIntegerHyperparameter) and bool(given.log)


def _conditions(conditions: Iterable[Any]) -> dict[str, dict[str, list[Any]]]:
    """Return the `when` of each conditional parameter."""
    whens: dict[str, dict[str, list[Any]]] = {}
    for condition in conditions:
        for simple in _flat(condition):
            when = whens.setdefault(simple.child.name, {})
            parent, values = simple.parent.name, _satisfying(simple)
            known = when.get(parent, values)
            when[parent] = [v for v in known if any(same(v, other) for other in values)]
    return whens


def _flat(condition: Any) -> list[Any]:
    """Return the simple conditions that must all hold."""
    if isinstance(condition, cs.AndConjunction):
        return [simple for part in condition.components for simple in _flat(part)]
    if isinstance(condition, cs.OrConjunction):
        raise SpaceError(
            f"The condition {condition} joins with 'or'; in unitune all conditions of a parameter "
            f"must hold. Values of one parent can be joined in an InCondition."
        )
    return [condition]


def _satisfying(condition: Any) -> list[Any]:
    """Return the parent's values under which a simple condition holds."""
    parent = condition.parent
    if isinstance(parent, cs.UniformIntegerHyperparameter):
        if isinstance(condition, cs.EqualsCondition):
            return [int(condition.value)]
        if isinstance(condition, cs.InCondition):
            return [int(value) for value in condition.values]
    values = _values(parent)
    if values is None or len(values) > MOST_VALUES:
        many = "is continuous" if values is None else f"has {len(values)} values"
        raise SpaceError(
            f"Parameter {condition.child.name!r} is conditional on {parent.name!r}, which {many}; "
            f"unitune's conditions name the values. Use a parent with fewer of them."
        )
    return [value for value in values if condition.satisfied_by_value({parent.name: value})]


def _values(parent: Any) -> tuple[Any, ...] | range | None:
    if isinstance(parent, cs.UniformIntegerHyperparameter):
        return range(int(parent.lower), int(parent.upper) + 1)
    if isinstance(parent, cs.CategoricalHyperparameter):
        return tuple(parent.choices)
    if isinstance(parent, cs.OrdinalHyperparameter):
        return tuple(parent.sequence)
    return (parent.value,) if isinstance(parent, cs.Constant) else None


def _allowing(clause: Any) -> Callable[[Mapping[str, Any]], bool]:
    return lambda config: not _forbids(clause, config)


def _forbids(clause: Any, config: Mapping[str, Any]) -> bool:
    if isinstance(clause, ForbiddenConjunction):
        join = all if isinstance(clause, cs.ForbiddenAndConjunction) else any
        return join(_forbids(part, config) for part in clause.components)
    # ConfigSpace puts the clause's own value where the parameter is not there, and then finds
    # `>=` and `<=` fulfilled for an ordinal one.
    if isinstance(clause, ForbiddenClause) and clause.hyperparameter.name not in config:
        return False
    return bool(clause.is_forbidden_value(dict(config)))
