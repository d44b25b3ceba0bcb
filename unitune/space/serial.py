"""Spaces as JSON values and back, without ever loading code from the data."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

from unitune.errors import SpaceError, nearest
from unitune.space.constraints import Predicate
from unitune.space.parameters import PARAMETERS, Bool, Categorical, Const, Parameter
from unitune.space.search_space import Space

VERSION = 1
_CLASSES = {cls.__name__: cls for cls in PARAMETERS}
_CONTAINERS: dict[str, type] = {"tuple": tuple, "list": list}


class _NotJsonError(ValueError):
    """An object that JSON cannot hold."""


def space_to_dict(space: Space) -> dict[str, Any]:
    """Return the space as JSON values."""
    return {
        "unitune_space": VERSION,
        "parameters": {name: _parameter_to_dict(name, space) for name in space},
        "constraints": [constraint.name for constraint in space.constraints],
    }


def space_from_dict(
    data: Mapping[str, Any],
    objects: Mapping[str, Iterable[Any]],
    constraints: Mapping[str, Predicate],
) -> Space:
    """Return the space that `space_to_dict` described."""
    version = data.get("unitune_space") if isinstance(data, Mapping) else None
    if version != VERSION:
        raise SpaceError(
            f"This is no space written by Space.to_dict of version {VERSION} (found {version!r})."
        )
    try:
        return _read(data, objects, constraints)
    except SpaceError:
        raise
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise SpaceError(
            f"The stored space is damaged ({type(error).__name__}: {error}); write it again with "
            f"Space.to_dict."
        ) from error


def _read(
    data: Mapping[str, Any],
    objects: Mapping[str, Iterable[Any]],
    constraints: Mapping[str, Predicate],
) -> Space:
    missing = [name for name in data["constraints"] if name not in constraints]
    if missing:
        raise SpaceError(
            f"The constraint {missing[0]!r} is stored by name only; give its predicate with "
            f"constraints={{{missing[0]!r}: …}}."
        )
    _refuse_unknown("constraints", constraints, data["constraints"])
    _refuse_unknown("objects", objects, data["parameters"])
    unpacked = {
        name: _parameter_from_dict(name, fields, objects)
        for name, fields in data["parameters"].items()
    }
    for name, fields in data["parameters"].items():
        if "when" in fields:
            when = {p: _allowed(unpacked[p], stored) for p, stored in fields["when"].items()}
            unpacked[name] = dataclasses.replace(unpacked[name], when=when)  # type: ignore[type-var]
    return Space(unpacked, {name: constraints[name] for name in data["constraints"]})


def _refuse_unknown(argument: str, given: Iterable[str], stored: Iterable[str]) -> None:
    known = list(stored)
    for name in given:
        if name not in known:
            raise SpaceError(
                f"{argument}= names {name!r}, and the stored space has none of that name; leave it "
                f"out. {nearest(name, known)}"
            )


def _parameter_to_dict(name: str, space: Space) -> dict[str, Any]:
    parameter = space[name]
    out: dict[str, Any] = {"type": type(parameter).__name__}
    for field in dataclasses.fields(parameter):  # type: ignore[arg-type]
        value = getattr(parameter, field.name)
        if field.name == "when":
            continue
        if field.name == "choices":
            out["choices"] = [_pack(choice) for choice in value]
        elif field.name == "value":
            out["value"] = _pack(value)
        elif value != field.default:
            out[field.name] = value
    conditions = space.conditions[name]
    if conditions:
        out["when"] = {
            c.parent: [_packed_value(space[c.parent], v) for v in c.values] for c in conditions
        }
    return out


def _packed_value(parent: Parameter, value: Any) -> Any:
    # Choices by index, so that a condition on an object needs no second way of writing it.
    return parent.index(value) if isinstance(parent, Categorical | Bool) else _pack(value)


def _allowed(parent: Parameter, stored: list[Any]) -> list[Any]:
    if isinstance(parent, Categorical | Bool):
        return [dict(enumerate(parent.choices))[index] for index in stored]
    return [parent.value] if isinstance(parent, Const) else [_unpack(value) for value in stored]


def _parameter_from_dict(
    name: str, fields: Mapping[str, Any], objects: Mapping[str, Iterable[Any]]
) -> Parameter:
    cls = _CLASSES.get(str(fields.get("type")))
    if cls is None:
        raise SpaceError(
            f"Parameter {name!r} is stored with the unknown type {fields.get('type')!r}."
        )
    values = {key: value for key, value in fields.items() if key not in ("type", "when")}
    key = "choices" if cls is Categorical else "value" if cls is Const else None
    if key is None and name in objects:
        raise SpaceError(
            f"objects= gives choices for {name!r}, a {cls.__name__}, which has none; leave it out."
        )
    if key is not None and name in objects:
        values[key] = _given_again(name, list(objects[name]), values[key], cls)
    elif key is not None:
        try:
            stored = values[key]
            values[key] = [_unpack(v) for v in stored] if cls is Categorical else _unpack(stored)
        except _NotJsonError as error:
            raise SpaceError(
                f"Parameter {name!r} was stored with {error}, which JSON cannot hold; give its "
                f"choices again with objects={{{name!r}: [...]}}."
            ) from None
    parameter: Parameter = cls(**values)
    return parameter


def _given_again(name: str, given: list[Any], stored: Any, cls: type) -> Any:
    wanted = len(stored) if cls is Categorical else 1
    if len(given) != wanted:
        raise SpaceError(
            f"Parameter {name!r} was stored with {wanted} choices and objects= gives {len(given)}; "
            f"give all of them in their order."
        )
    return given if cls is Categorical else given[0]


def _pack(value: Any) -> Any:
    if value is None or type(value) in (bool, int, str):
        return value
    if type(value) is float:
        return value if value - value == 0 else {"$float": repr(value)}
    if type(value) in (tuple, list):
        return {f"${type(value).__name__}": [_pack(item) for item in value]}
    if type(value) is dict and all(type(key) is str for key in value):
        return {"$dict": {key: _pack(item) for key, item in value.items()}}
    return {"$object": repr(value)}


def _unpack(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    ((kind, content),) = value.items()
    if kind == "$float":
        return float(content)
    if kind == "$dict":
        return {key: _unpack(item) for key, item in content.items()}
    if kind[1:] in _CONTAINERS:
        return _CONTAINERS[kind[1:]](_unpack(item) for item in content)
    raise _NotJsonError(content)
