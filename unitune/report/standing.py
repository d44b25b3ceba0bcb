"""The ranking, as rows of texts that the page and the Markdown lay out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from typing import Any

from unitune.report.findings import Findings, Part
from unitune.report.texts import missing, number, one_line, seconds


@dataclass(frozen=True, slots=True)
class Place:
    """One line of the ranking.

    Attributes:
        c: the contender's place.
        label: its name.
        marks: what is native and what composed.
        cells: text and sorting value of each column.
        interval: the score's interval, in words.
        span: where the score and the ends of its interval lie, on a drawing 130 wide.
        zero: where random search's score lies on it.
    """

    c: int
    label: str
    _: KW_ONLY
    marks: tuple[str, ...]
    cells: tuple[tuple[str, float | str], ...]
    interval: str = ""
    span: tuple[float, float, float] | None = None
    zero: float | None = None


DRAWN = 130.0
# Scores far below random search would squeeze all others into a corner.
LEAST = -1.0
COLUMNS = (
    "score",
    "mean rank",
    "log10 regret",
    "random trials",
    "wins / ties / losses",
    "time a proposal",
    "time a run",
    "failed trials",
)


def ranking(findings: Findings, part: Part) -> list[Place]:
    """Return the ranking, the best first."""
    ends = _ends(part)
    return [_place(findings, row, ends) for row in part.verdict.ranking.to_dict("records")]


def _place(findings: Findings, row: Mapping[Any, Any], ends: tuple[float, float]) -> Place:
    name = row["contender"]
    cells = (
        (_score(row), _key(row["score"])),
        (number(row["rank"], 3), _key(row["rank"])),
        (number(row["log_regret"], 3), _key(row["log_regret"])),
        (_worth(row), _key(row["equivalent"])),
        (_balance(row), _key(row["wins"])),
        (seconds(row["suggestion"]), _key(row["suggestion"])),
        (seconds(row["wall"]), _key(row["wall"])),
        (_failed(row), _key(row["failed"])),
    )
    return Place(
        findings.place(name),
        findings.label(name),
        marks=marks(findings, name),
        cells=cells,
        interval=_interval(row),
        span=_span(row, ends),
        zero=_along(0.0, ends) if ends[0] <= 0 <= ends[1] else None,
    )


def _score(row: Mapping[Any, Any]) -> str:
    return number(None) if missing(row["score"]) else f"{row['score']:.3f}"


def _interval(row: Mapping[Any, Any]) -> str:
    if missing(row["score"]) or missing(row["low"]):
        return ""
    return f"[{row['low']:.3f}, {row['high']:.3f}]"


def _ends(part: Part) -> tuple[float, float]:
    """Return the scores at the ends of the drawn intervals."""
    known = part.verdict.ranking[["score", "low", "high"]].astype(float)
    low, high = max(LEAST, float(known.min().min())), float(known.max().max())
    return (low, high) if high > low else (low - 1, low + 1)


def _span(row: Mapping[Any, Any], ends: tuple[float, float]) -> tuple[float, float, float] | None:
    if missing(row["score"]):
        return None
    low, high = (row["score"] if missing(row[end]) else row[end] for end in ("low", "high"))
    return _along(low, ends), _along(row["score"], ends), _along(high, ends)


def _along(value: float, ends: tuple[float, float]) -> float:
    value = max(value, ends[0])
    return round(6 + (value - ends[0]) / (ends[1] - ends[0]) * (DRAWN - 12), 1)


def _worth(row: Mapping[Any, Any]) -> str:
    if missing(row["equivalent"]):
        return number(None)
    return f"{'≥ ' if row['capped'] else ''}{number(row['equivalent'], 3)}"


def _balance(row: Mapping[Any, Any]) -> str:
    return " / ".join(number(row[name]) for name in ("wins", "ties", "losses"))


def _failed(row: Mapping[Any, Any]) -> str:
    runs = row["failed_runs"]
    more = f" (+ {number(runs)} runs)" if not missing(runs) and runs else ""
    return f"{number(row['failed'])}{more}"


def _key(value: Any) -> float | str:
    return "" if missing(value) else float(value)


def marks(findings: Findings, contender: str) -> tuple[str, ...]:
    """Return what is a contender's own and what unitune composed, in a few words."""
    own = findings.given.runs[findings.given.runs["contender"] == contender]
    told = [one_line(text) for text in dict.fromkeys(own["proposals"].dropna())]
    stops = [one_line(text) for text in dict.fromkeys(own["stops"].dropna()) if text]
    return (*told, *(f"{text} stops" for text in stops))
