"""The hooks a plugin may implement; each yields records that are listed without loading more."""

from __future__ import annotations

from collections.abc import Iterable

import pluggy

from unitune.capabilities import BackendSpec

GROUP = "unitune.backends"

hookspec = pluggy.HookspecMarker("unitune")
hookimpl = pluggy.HookimplMarker("unitune")


@hookspec
def unitune_backends() -> Iterable[BackendSpec]:  # type: ignore[empty-body]
    """Yield the backends that a plugin brings.

    Example:
        A module named in the entry-point group ``unitune.backends`` holds::

            from unitune.capabilities import BackendSpec, Method
            from unitune.hookspecs import hookimpl

            @hookimpl
            def unitune_backends():
                takes = frozenset({"float/linear"})
                return [BackendSpec("mine", "mine.study:Mine", methods=(Method("random", takes),))]
    """
