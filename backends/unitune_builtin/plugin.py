"""What the builtin backend says of itself."""

from __future__ import annotations

from typing import get_args

from unitune.capabilities import BackendSpec, Kind, Method
from unitune.hookspecs import hookimpl

# The core's own parameters are all it knows, so that it takes each of them as it is.
EVERYTHING: frozenset[Kind] = frozenset(get_args(Kind))


@hookimpl
def unitune_backends() -> list[BackendSpec]:
    """Yield the builtin backend."""
    return [
        BackendSpec(
            "builtin",
            "unitune_builtin.study:BuiltinStudy",
            about="grid and random search without any library",
            methods=(
                Method("random", EVERYTHING, about="independent draws", learns=False),
                Method("grid", EVERYTHING, about="every combination once", learns=False),
            ),
        )
    ]
