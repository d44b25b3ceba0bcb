"""Which plugins are installed, and which of them may be looked into; none of their code is run."""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from dataclasses import KW_ONLY, dataclass
from importlib import metadata
from typing import Any

from packaging.utils import canonicalize_name

from unitune.errors import OptionError, PluginError, UnknownNameError, nearest
from unitune.hookspecs import GROUP

VARIABLE = "UNITUNE_DISABLE_PLUGINS"
OWN = "unitune"  # the distribution whose plugins are unitune's own

_ALLOWED: ContextVar[frozenset[str] | None] = ContextVar("allowed plugins", default=None)


@dataclass(frozen=True, slots=True)
class Plugin:
    """An installed plugin, as the metadata of its distribution has it.

    Attributes:
        name: the name of its entry point.
        module: the module that the entry point names.
        distribution: the distribution that brings it.
        version: the version of that distribution.
    """

    name: str
    module: str
    _: KW_ONLY
    distribution: str
    version: str

    @property
    def origin(self) -> str:
        """The distribution and its version."""
        return f"{self.distribution} {self.version}"

    @property
    def title(self) -> str:
        """Its name, and who brings it."""
        return f"{self.name!r} (from {self.origin})"

    def called(self, names: frozenset[str]) -> bool:
        """Return whether it or its distribution is among names in their canonical form."""
        return bool(names & {_canonical(self.name), _canonical(self.distribution)})


@functools.cache
def installed() -> tuple[Plugin, ...]:
    """Return every installed plugin, by name, without loading any."""
    plugins = [_plugin(entry) for entry in metadata.entry_points(group=GROUP)]
    return tuple(sorted(plugins, key=lambda p: (p.distribution != OWN, p.name, p.distribution)))


def left_out(plugin: Plugin) -> str | None:
    """Return why a plugin is not to be looked into, or None."""
    names = named_in_variable()
    third = plugin.distribution != OWN
    if plugin.called(names) or (third and names & {"1", "all", "true"}):
        return f"disabled by {VARIABLE}"
    allowed = _ALLOWED.get()
    if third and allowed is not None and _canonical(plugin.distribution) not in allowed:
        return "left out of this run by plugins="
    return None


def named_in_variable() -> frozenset[str]:
    """Return the names in UNITUNE_DISABLE_PLUGINS, in their canonical form."""
    given = os.environ.get(VARIABLE, "").split(",")
    return frozenset(_canonical(name) for name in given if name.strip())


@contextlib.contextmanager
def restrict(plugins: Iterable[str] | None) -> Iterator[None]:
    """Look into no plugins of others but the named ones, within a block.

    Args:
        plugins: names of distributions; None for all that are not disabled.

    Raises:
        UnknownNameError: one is not installed.
        PluginError: one is disabled.
    """
    if plugins is None:
        yield
        return
    if not isinstance(plugins, Iterable):
        raise OptionError(f"plugins={plugins!r}: give a list of names of distributions.")
    given = [plugins] if isinstance(plugins, str) else list(plugins)
    for name in given:
        if not isinstance(name, str):
            raise OptionError(f"plugins= names distributions by strings, not {name!r}.")
        _require(name)
    names, outer = frozenset(map(_canonical, given)), _ALLOWED.get()
    token = _ALLOWED.set(names if outer is None else names & outer)
    try:
        yield
    finally:
        _ALLOWED.reset(token)


def allowed() -> frozenset[str] | None:
    """Return the distributions that `restrict` leaves in here; None where there is no limit.

    Another process, or another thread, does not have the limit by itself: hand it this.

    Example:
        >>> with restrict([]):
        ...     allowed()
        frozenset()
    """
    return _ALLOWED.get()


def _plugin(entry: metadata.EntryPoint) -> Plugin:
    try:
        known: Any = {} if entry.dist is None else entry.dist.metadata
        name, version = known.get("Name"), known.get("Version")
    except Exception:  # noqa: BLE001 - damaged metadata raise what they like
        name = version = None
    distribution = name or "an unnamed package"
    return Plugin(entry.name, entry.value, distribution=distribution, version=version or "0")


def _canonical(name: str) -> str:
    return canonicalize_name(name.strip())


def _require(name: str) -> None:
    # The names of plugins are not looked at here: anyone may call a plugin as a trusted one.
    brings = [p for p in installed() if _canonical(p.distribution) == _canonical(name)]
    if not brings:
        known = {plugin.distribution for plugin in installed()} - {OWN}
        raise UnknownNameError(
            f"plugins= names {name!r}, and no installed distribution with plugins has that name. "
            f"{nearest(name, known)}"
        )
    reasons = [left_out(plugin) for plugin in brings]
    if all(reasons):
        raise PluginError(f"plugins= names {name!r}, which is {reasons[0]}.")
