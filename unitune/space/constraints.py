"""Predicates that a config must satisfy, each with a name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from unitune.errors import SpaceError

Predicate = Callable[[Mapping[str, Any]], bool]


@dataclass(frozen=True, slots=True)
class Constraint:
    """A named predicate: true where a config is allowed."""

    name: str
    predicate: Predicate

    def allows(self, config: Mapping[str, Any]) -> bool:
        """Return the predicate's verdict; raises SpaceError if the predicate itself fails."""
        try:
            return bool(self.predicate(dict(config)))
        except Exception as error:
            raise SpaceError(
                f"Constraint {self.name!r} raised {type(error).__name__}: {error} for the config "
                f"{dict(config)!r}. It must return True or False for every config; parameters that "
                f"are not there are absent, so use config.get('name')."
            ) from error


def read_constraints(
    given: Mapping[str, Predicate] | Iterable[Predicate],
) -> tuple[Constraint, ...]:
    """Return named constraints from a dict, or from functions that bring their own names."""
    if isinstance(given, Mapping):
        named = list(given.items())
    elif isinstance(given, Iterable):
        named = [
            (getattr(predicate, "__name__", repr(predicate)), predicate) for predicate in given
        ]
    else:
        raise SpaceError(f"constraints={given!r}: give a dict of names and predicates.")
    names = [name for name, _ in named]
    for name, predicate in named:
        if not isinstance(name, str) or not name:
            raise SpaceError(
                f"Constraint names are non-empty strings, not {name!r}; name what it demands, as "
                f"in constraints={{'small enough': predicate}}."
            )
        if not callable(predicate):
            raise SpaceError(
                f"Constraint {name!r} is {predicate!r}; give a function of the config."
            )
        if names.count(name) > 1:
            raise SpaceError(
                f"Two constraints are called {name!r}; give them names with "
                f"constraints={{'name': predicate, …}}."
            )
    return tuple(Constraint(name, predicate) for name, predicate in named)
