"""Configs as JSON values and back to the very objects of a space."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from unitune.journal.errors import JournalError
from unitune.space import Bool, Categorical, Config, Const, Space

Packed = dict[str, Any]


def pack_config(space: Space, config: Mapping[str, Any]) -> Packed:
    """Return a config of a space as numbers: choices by index, constants left out.

    Example:
        >>> space = Space({"kind": Categorical(["a", max]), "fixed": Const("value")})
        >>> packed = pack_config(space, {"kind": max, "fixed": "value"})
        >>> packed, unpack_config(space, packed)["kind"] is max
        ({'kind': 1}, True)
    """
    packed: Packed = {}
    for name, value in config.items():
        parameter = space[name]
        if isinstance(parameter, Categorical | Bool):
            packed[name] = parameter.index(value)
        elif not isinstance(parameter, Const):
            packed[name] = value
    return packed


def unpack_config(space: Space, packed: Mapping[str, Any]) -> Config:
    """Return the config that `pack_config` packed: the space's own objects, in its order.

    Raises:
        JournalError: the values are not of this space.
    """
    config: Config = {}
    for name, parameter in space.items():
        if isinstance(parameter, Const):
            if space.is_active(name, config):
                config[name] = parameter.value
        elif name in packed:
            value = packed[name]
            if isinstance(parameter, Categorical | Bool):
                value = chosen(name, parameter.choices, value)
            config[name] = value
    if not packed.keys() <= config.keys():
        strange = next(iter(packed.keys() - config.keys()))
        raise JournalError(f"A stored config has {strange!r}, which the space has not; {_MEND}")
    return config


def chosen(name: str, choices: Sequence[Any], index: Any) -> Any:
    """Return a choice by its stored index.

    Raises:
        JournalError: there is no such choice.
    """
    if type(index) is not int or not 0 <= index < len(choices):
        raise JournalError(
            f"A stored config has choice {index!r} of {name!r}, which has {len(choices)}; {_MEND}"
        )
    return choices[index]


_MEND = "give the space that the study was begun with, or bring back a copy of the journal."
