"""The trials of a study, read from its events."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from unitune.journal.changes import space_changes
from unitune.journal.errors import JournalError
from unitune.journal.packing import chosen
from unitune.past import Past
from unitune.space import Bool, Config, Space
from unitune.trial import Trial

if TYPE_CHECKING:
    from unitune.journal.study_log import StudyLog

Unpack = Callable[[Mapping[str, Any]], Config]


def trials(log: StudyLog, space: Space) -> list[Trial]:
    """Return the finished trials of a study, each once, in the order in which they finished.

    Args:
        log: the study's log.
        space: as it is now; what was begun with fewer choices or narrower bounds is read too.

    Raises:
        JournalError: the study is damaged, or is one on another space.
    """
    return past(log, lambda stored: space_changes(stored, space).config).trials


def past(log: StudyLog, reader: Callable[[Mapping[str, Any]], Unpack]) -> Past:
    """Return what the events of a study come to.

    Args:
        log: the study's log.
        reader: for a stored space, what makes configs of those that were packed in it: `as_stored`
            does without the objects of the space.

    Raises:
        JournalError: the events contradict each other.
    """
    folded = Past(reader(log.header.space))
    for event in log.events():
        try:
            folded.add(event)
            if event.kind == "resumed" and "space" in event.data:
                folded.unpack = reader(event.data["space"])
        except (KeyError, TypeError, ValueError) as error:
            raise JournalError(
                f"Study {log.name!r} is damaged: event {event.seq}, {event.kind!r} of trial "
                f"{event.number}, does not follow from those before it ({type(error).__name__}: "
                f"{error}). Bring back a copy of the journal, or begin another study."
            ) from error
    return folded


def as_stored(space: Mapping[str, Any]) -> Unpack:
    """Return what makes configs of packed ones without the objects of the space.

    Choices that JSON cannot hold come out as their repr.

    Args:
        space: what `Space.to_dict` returned.

    Raises:
        JournalError: it is damaged.

    Example:
        >>> from unitune import Categorical
        >>> as_stored(Space({"kind": Categorical([None, ("a", 1)])}).to_dict())({"kind": 1})
        {'kind': ('a', 1)}
    """
    try:
        parameters: Mapping[str, Mapping[str, Any]] = space["parameters"]
        choices = {name: list(_choices(fields)) for name, fields in parameters.items()}
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise JournalError(
            f"The space of the study is damaged ({type(error).__name__}: {error}). Bring back a "
            f"copy of the journal, or begin another study."
        ) from error

    def unpack(packed: Mapping[str, Any]) -> Config:
        config: Config = {}
        for name, fields in parameters.items():
            if fields["type"] == "Const":
                if _there(fields, packed, config):
                    config[name] = _shown(fields["value"])
            elif name in packed:
                value = packed[name]
                config[name] = chosen(name, choices[name], value) if choices[name] else value
        return config

    return unpack


def _choices(fields: Mapping[str, Any]) -> Sequence[Any]:
    """Return the choices of a stored parameter; none where it has no such thing."""
    if fields["type"] == "Categorical":
        return [_shown(choice) for choice in fields["choices"]]
    return Bool.choices if fields["type"] == "Bool" else ()


def _there(fields: Mapping[str, Any], packed: Mapping[str, Any], config: Config) -> bool:
    """Return whether a constant is there; a parent that is one too has its only value."""
    return all(
        packed[parent] in values if parent in packed else parent in config
        for parent, values in fields.get("when", {}).items()
    )


def _shown(stored: Any) -> Any:
    if not isinstance(stored, Mapping):
        return stored
    ((kind, content),) = stored.items()
    if kind == "$float":
        return float(content)
    if kind == "$object":
        return content
    if kind == "$dict":
        return {key: _shown(item) for key, item in content.items()}
    items = [_shown(item) for item in content]
    return tuple(items) if kind == "$tuple" else items
