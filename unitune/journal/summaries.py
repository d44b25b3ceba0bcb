"""The studies of a journal at a glance, counted by the database."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import distinct, func, select
from sqlalchemy.engine import Connection

from unitune.journal.encoding import decode
from unitune.journal.events import StudySummary
from unitune.journal.schema import events, studies


def summarize(connection: Connection) -> list[StudySummary]:
    """Return a summary of every study, the eldest first."""
    counts, best = _finished(connection)
    asked, last = _asked(connection)
    turns = _turns(connection)
    summaries = []
    for row in connection.execute(select(studies).order_by(studies.c.id)):
        header = decode(row.header)
        kind, data, latest = turns.get(row.id, ("", {}, {}))
        states = dict(counts[row.id])
        summaries.append(
            StudySummary(
                row.name,
                _moment(row.created),
                _moment(max(row.created, last.get(row.id, row.created))),
                backend=latest.get("backend") or header["backend"],
                method=latest.get("method") or header["method"],
                mode=header["mode"],
                n_trials=latest.get("n_trials") or header["n_trials"],
                states=states,
                running=max(0, asked.get(row.id, 0) - sum(states.values())),
                best=best.get(row.id, {}).get(header["mode"]),
                reason=data.get("reason") if kind == "ended" else None,
            )
        )
    return summaries


def _finished(connection: Connection) -> tuple[Any, dict[int, dict[str, float]]]:
    e = events.c
    grouped = (
        select(e.study, e.state, func.count(), func.min(e.value), func.max(e.value))
        .where(e.kind == "finished")
        .group_by(e.study, e.state)
        .order_by(e.study, e.state)
    )
    counts: dict[int, dict[str, int]] = defaultdict(dict)
    best: dict[int, dict[str, float]] = {}
    for study, state, count, least, greatest in connection.execute(grouped):
        counts[study][state] = count
        if state == "complete":
            best[study] = {"min": least, "max": greatest}
    return counts, best


def _asked(connection: Connection) -> tuple[dict[int, int], dict[int, float]]:
    e = events.c
    numbers = (
        select(e.study, func.count(distinct(e.number))).where(e.kind == "asked").group_by(e.study)
    )
    latest = select(e.study, func.max(e.seq).label("seq")).group_by(e.study).subquery()
    times = select(e.study, e.time).join(
        latest, (e.study == latest.c.study) & (e.seq == latest.c.seq)
    )
    asked = {row[0]: row[1] for row in connection.execute(numbers)}
    return asked, {row[0]: row[1] for row in connection.execute(times)}


def _turns(connection: Connection) -> dict[int, tuple[str, dict[str, Any], dict[str, Any]]]:
    """Return, by study, its last beginning or end: kind and data; and what resumptions changed.

    A study may be resumed on another backend, which is then the one to show.
    """
    e = events.c
    rows = connection.execute(
        select(e.study, e.kind, e.data)
        .where(e.kind.in_(["resumed", "ended"]))
        .order_by(e.study, e.seq)
    )
    turns: dict[int, tuple[str, dict[str, Any], dict[str, Any]]] = {}
    for study, kind, text in rows:
        data = decode(text)
        changed = turns.get(study, ("", {}, {}))[2]
        turns[study] = (kind, data, {**changed, **data} if kind == "resumed" else changed)
    return turns


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
