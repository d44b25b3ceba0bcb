"""The space: named parameters, their conditions and constraints."""

from __future__ import annotations

import importlib
import operator
import random
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol, runtime_checkable

from unitune.errors import SpaceError, nearest
from unitune.space.conditions import (
    Ancestry,
    Condition,
    read_ancestries,
    read_conditions,
    with_conditions,
)
from unitune.space.constraints import Constraint, Predicate, read_constraints
from unitune.space.counting import count_configs
from unitune.space.parameters import PARAMETERS, Parameter
from unitune.space.sameness import Places

Config = dict[str, Any]

# How many random configs may break the constraints before sampling gives up.
PATIENCE = 10_000


@runtime_checkable
class Uniform(Protocol):
    """A source of floats in [0, 1): `random.Random` and `numpy.random.Generator` both are."""

    def random(self) -> float:
        """Return the next one."""


class Space(Mapping[str, Parameter]):
    """A search space: one definition that means the same to every backend.

    Args:
        parameters: parameters by name. Parents of conditional parameters are moved ahead of
            their children; otherwise the order is kept, and configs have it too.
        constraints: predicates over the config, true where it is allowed: a dict of names and
            functions, or functions with names of their own.

    Raises:
        SpaceError: a definition is impossible; the message names the parameter and the mend.

    Example:
        >>> from unitune import Categorical, Bool, Float, Space
        >>> space = Space({
        ...     "lr": Float(1e-5, 1e-1, scale="log"),
        ...     "optimizer": Categorical(["sgd", "adam"]),
        ...     "nesterov": Bool(when={"optimizer": "sgd"}),
        ... })
        >>> space.contains({"lr": 0.01, "optimizer": "adam"})
        True
        >>> space.contains({"lr": 0.01, "optimizer": "adam", "nesterov": True})
        False
    """

    __slots__ = ("_parameters", "ancestries", "conditions", "constraints")

    def __init__(
        self,
        parameters: Mapping[str, Parameter],
        constraints: Mapping[str, Predicate] | Iterable[Predicate] = (),
    ) -> None:
        checked = _checked(parameters)
        self.conditions: dict[str, tuple[Condition, ...]] = read_conditions(checked)
        self.ancestries: dict[str, Ancestry] = read_ancestries(self.conditions)
        self.constraints: tuple[Constraint, ...] = read_constraints(constraints)
        for constraint in self.constraints:
            if constraint.name in checked:
                raise SpaceError(
                    f"The constraint {constraint.name!r} is called like a parameter; give it "
                    f"another name."
                )
        self._parameters = {
            name: with_conditions(checked[name], conditions)
            for name, conditions in self.conditions.items()
        }

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Space):
            return NotImplemented
        # The order counts: it is the order in which libraries draw.
        mine, theirs = list(self.items()), list(other.items())
        return mine == theirs and self.constraints == other.constraints

    __hash__ = None  # type: ignore[assignment]

    def __getitem__(self, name: str) -> Parameter:
        return self._parameters[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._parameters)

    def __len__(self) -> int:
        return len(self._parameters)

    def __repr__(self) -> str:
        lines = [f"    {name!r}: {parameter!r}," for name, parameter in self.items()]
        rules = [constraint.name for constraint in self.constraints]
        return "\n".join(["Space({", *lines, "}" + (f", constraints={rules!r})" if rules else ")")])

    def is_active(self, name: str, config: Mapping[str, Any]) -> bool:
        """Return whether a parameter is there, given the values of the parameters before it."""
        return all(condition.holds(config) for condition in self.conditions[name])

    def broken_constraint(self, config: Mapping[str, Any]) -> str | None:
        """Return the name of the first constraint that a config breaks, if any."""
        for constraint in self.constraints:
            if not constraint.allows(config):
                return constraint.name
        return None

    def sample(self, rng: Uniform | int | None = None) -> Config:
        """Draw one random config, each parameter by its own law.

        Args:
            rng: a `random.Random`, a `numpy.random.Generator`, a seed, or None for a fresh one.

        Raises:
            SpaceError: `rng` is none of these, or the constraints refused 10,000 draws in a row.

        Example:
            >>> from unitune import Int, Space
            >>> Space({"n": Int(1, 6)}).sample(0)
            {'n': 6}
        """
        source = rng if isinstance(rng, Uniform) else _generator(rng)
        for _ in range(PATIENCE):
            config: Config = {}
            for name, parameter in self._parameters.items():
                if self.is_active(name, config):
                    config[name] = parameter.quantile(source.random())
            broken = self.broken_constraint(config)
            if broken is None:
                return config
        raise SpaceError(
            f"{PATIENCE} random configs in a row broke the constraints (the last one broke "
            f"{broken!r}). Loosen the constraints, or write the space so that fewer configs "
            f"break them."
        )

    def contains(self, config: Mapping[str, Any]) -> bool:
        """Return whether a config lies in the space: names, values, conditions, constraints."""
        try:
            self.coerce(config)
        except SpaceError:
            return False
        return True

    def coerce(self, config: Mapping[str, Any]) -> Config:
        """Return a config in the space's own values and order.

        A value equal to a choice becomes that very choice, an int given for a Float a float.

        Raises:
            SpaceError: the config does not lie in the space; the message says why.
        """
        if not isinstance(config, Mapping):
            raise SpaceError(f"A config is a dict of values by name, not {config!r}.")
        own: Config = {}
        for name, parameter in self._parameters.items():
            if not self.is_active(name, own):
                if name in config:
                    needs = " and ".join(map(str, self.conditions[name]))
                    raise SpaceError(
                        f"Parameter {name!r} is there only when {needs}; leave it out."
                    )
                continue
            if name not in config:
                raise SpaceError(f"Parameter {name!r} has no value in the config; add one.")
            try:
                own[name] = parameter.coerce(config[name])
            except SpaceError as refusal:
                raise SpaceError(f"Parameter {name!r} {refusal}.") from None
        for name in config:
            if name not in self._parameters:
                raise SpaceError(f"There is no parameter {name!r} here. {nearest(name, self)}")
        broken = self.broken_constraint(own)
        if broken is not None:
            raise SpaceError(f"The config {own!r} breaks the constraint {broken!r}.")
        return own

    def grid(self, points: int | Mapping[str, int] | None = None) -> Iterator[Config]:
        """Yield every combination of values, the last parameter changing fastest.

        Args:
            points: how many values to take of a parameter that has more (evenly along its scale,
                both ends included), for all or by name; None takes all there are. Choices are
                always taken in full.

        Raises:
            SpaceError: a continuous parameter has no number of points.

        Example:
            >>> from unitune import Bool, Float, Space
            >>> list(Space({"x": Float(0, 1), "b": Bool()}).grid(2))[:3]
            [{'x': 0.0, 'b': False}, {'x': 0.0, 'b': True}, {'x': 1.0, 'b': False}]
        """
        return self._combinations(self.grid_values(points))

    def grid_values(self, points: int | Mapping[str, int] | None = None) -> dict[str, list[Any]]:
        """Return the values that a grid takes of each parameter; see `grid`."""
        for name in points if isinstance(points, Mapping) else ():
            if name not in self:
                raise SpaceError(f"There is no parameter {name!r} here. {nearest(name, self)}")
        values = {}
        for name, parameter in self.items():
            wanted = points.get(name) if isinstance(points, Mapping) else points
            try:
                values[name] = parameter.grid(wanted)
            except SpaceError as refusal:
                raise SpaceError(f"Parameter {name!r} {refusal}.") from None
        return values

    def grid_size(self, points: int | Mapping[str, int] | None = None) -> int:
        """Return how many configs a grid has before constraints; see `grid` and `size`."""
        values = self.grid_values(points)
        sizes = {name: len(taken) for name, taken in values.items()}
        parents = {c.parent for clauses in self.conditions.values() for c in clauses}
        taken = {name: Places(values[name]) for name in parents}

        def has(name: str, value: Any) -> bool:
            return taken[name].find(value) is not None

        return int(count_configs(self.conditions, sizes, has))

    @property
    def size(self) -> float:
        """How many configs there are before constraints: an int, or `math.inf`.

        Raises SpaceError where conditions join so many parameters that the count would not end.
        """
        sizes = {name: parameter.size for name, parameter in self.items()}
        return count_configs(self.conditions, sizes)

    def _combinations(self, values: Mapping[str, list[Any]]) -> Iterator[Config]:
        names = list(self)
        # For each parameter, the configs up to it that are still to be completed.
        stack: list[Iterator[Config]] = [iter([{}])]
        while stack:
            config = next(stack[-1], None)
            if config is None:
                stack.pop()
            elif len(stack) <= len(names):
                name = names[len(stack) - 1]
                stack.append(self._extended(config, name, values[name]))
            elif self.broken_constraint(config) is None:
                yield config

    def _extended(self, config: Config, name: str, values: Iterable[Any]) -> Iterator[Config]:
        if not self.is_active(name, config):
            return iter([config])
        return ({**config, name: value} for value in values)

    def to_dict(self) -> dict[str, Any]:
        """Return the definition as JSON values; see `from_dict` for what JSON cannot hold."""
        from unitune.space.serial import space_to_dict

        return space_to_dict(self)

    @classmethod
    def from_dict(
        cls,
        data: Mapping[str, Any],
        *,
        objects: Mapping[str, Iterable[Any]] | None = None,
        constraints: Mapping[str, Predicate] | None = None,
    ) -> Space:
        """Build a space from `to_dict`.

        No code is ever loaded from the data: choices that JSON cannot hold (callables, objects)
        and constraints are stored by name only and must be given again.

        Args:
            data: what `to_dict` returned.
            objects: for each parameter with such choices, all its choices in their order.
            constraints: the predicates by name.

        Raises:
            SpaceError: something is missing, or the data is no space.
        """
        from unitune.space.serial import space_from_dict

        return space_from_dict(data, objects or {}, constraints or {})

    @classmethod
    def from_optuna(cls, native: Any) -> Space:
        """Build a space from Optuna: a dict of distributions, a FrozenTrial, or a Study."""
        return _foreign("optuna", native)

    @classmethod
    def from_ray(cls, native: Any) -> Space:
        """Build a space from a Ray Tune `param_space`; nested names are joined by '/'."""
        return _foreign("ray", native)

    @classmethod
    def from_hyperopt(cls, native: Any) -> Space:
        """Build a space from a Hyperopt expression of `hp.*` nodes; labels become names."""
        return _foreign("hyperopt", native)

    @classmethod
    def from_skopt(cls, native: Any) -> Space:
        """Build a space from scikit-optimize: a list of dimensions, or a `skopt.Space`."""
        return _foreign("skopt", native)

    @classmethod
    def from_configspace(cls, native: Any) -> Space:
        """Build a space from a `ConfigSpace.ConfigurationSpace`, conditions included."""
        return _foreign("configspace", native)


def as_space(given: Space | Mapping[str, Parameter]) -> Space:
    """Return a space, made from a dict of parameters if need be."""
    if isinstance(given, Space):
        return given
    if isinstance(given, Mapping):
        return Space(given)
    raise SpaceError(
        f"A space is a Space or a dict of parameters, not {type(given).__name__}. Native spaces "
        f"come in through Space.from_optuna, from_ray, from_hyperopt, from_skopt, from_configspace."
    )


def _generator(seed: int | None) -> random.Random:
    if isinstance(seed, bool) or not (seed is None or hasattr(seed, "__index__")):
        raise SpaceError(
            f"Samples are drawn from {seed!r}, which is no source of random numbers; give a seed "
            f"(a whole number), a random.Random or a numpy.random.Generator."
        )
    # index() takes numpy's integers too; random.Random refuses them
    return random.Random(None if seed is None else operator.index(seed))


def _foreign(library: str, native: Any) -> Space:
    # Each backend reads its own library's definitions; the core knows none of them.
    space: Space = importlib.import_module(f"unitune_{library}.importer").read_space(native)
    return space


def _checked(parameters: Mapping[str, Parameter]) -> dict[str, Parameter]:
    if not isinstance(parameters, Mapping):
        raise SpaceError(f"A space is built from a dict of parameters, not {parameters!r}.")
    if not parameters:
        raise SpaceError("A space needs at least one parameter.")
    checked: dict[str, Parameter] = {}
    for name, parameter in parameters.items():
        if not isinstance(name, str) or not name:
            raise SpaceError(f"Parameter names are non-empty strings, not {name!r}.")
        if not isinstance(parameter, PARAMETERS):
            raise SpaceError(
                f"Parameter {name!r} is {parameter!r}; use Float, Int, Categorical or Bool, or "
                f"Const({parameter!r}) for a fixed value."
            )
        try:
            checked[name] = parameter.checked()
        except SpaceError as refusal:
            raise SpaceError(f"Parameter {name!r} {refusal}.") from None
    return checked
