"""The report's tables, as rows of texts that the page and the Markdown lay out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from typing import Any

from unitune.report.findings import Findings, Part
from unitune.report.texts import missing, number, one_line, pairs, read_json, seconds


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


@dataclass(frozen=True, slots=True)
class Setting:
    """What one contender ran with.

    Attributes:
        c: the contender's place.
        label: its name.
        library: its library and the version of it.
        proposals: whether they are native.
        scheduler: what stopped trials early, and whose it was.
        options: what was given.
        effective: what the library made of it, part by part; where tasks differ, in `varying`.
        lowered: the parameters that were rewritten, task by task.
    """

    c: int
    label: str
    _: KW_ONLY
    library: str
    proposals: str
    scheduler: str
    options: str
    effective: tuple[tuple[str, str], ...]
    varying: tuple[tuple[str, str], ...]
    lowered: tuple[tuple[str, str], ...]


def settings(findings: Findings) -> list[Setting]:
    """Return what every contender ran with."""
    groups = dict(iter(findings.given.runs.groupby("contender", sort=False)))
    return [_setting(findings, c, groups[name]) for c, name in enumerate(findings.contenders)]


def _setting(findings: Findings, c: int, runs: Any) -> Setting:
    common, varying = _effective(runs)
    return Setting(
        c,
        findings.labels[c],
        library=", ".join(
            dict.fromkeys(
                one_line(f"{row.library or ''} {'' if missing(v) else v}")
                for row in runs.itertuples()
                for v in [row.library_version]
            )
        ),
        proposals=_each(runs["proposals"]),
        scheduler=_each(
            f"{row.scheduler} ({row.stops})"
            for row in runs.itertuples()
            if not missing(row.scheduler) and row.scheduler
        ),
        options=_each(pairs(read_json(text)) for text in dict.fromkeys(runs["options"])),
        effective=common,
        varying=varying,
        lowered=_lowered(runs),
    )


def _each(texts: Any) -> str:
    return "; ".join(dict.fromkeys(one_line(t) for t in texts if not missing(t) and t))


def _effective(runs: Any) -> tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]:
    """Return the settings that all runs share, and the others task by task."""
    found = {
        row.task: read_json(row.effective)
        for row in runs.drop_duplicates("task").itertuples()
        if not missing(row.effective)
    }
    if not all(isinstance(value, Mapping) for value in found.values()):
        return (("", _each(pairs(value) for value in found.values())),), ()
    written = {task: {k: _stable(v) for k, v in own.items()} for task, own in found.items()}
    first: Mapping[str, str] = next(iter(written.values()), {})
    shared = {
        key for key, value in first.items() if all(o.get(key) == value for o in written.values())
    }
    common = {key: value for key, value in next(iter(found.values()), {}).items() if key in shared}
    rest = (
        (one_line(task), pairs({k: v for k, v in own.items() if k not in shared}))
        for task, own in found.items()
    )
    return _parts(common), tuple((task, text) for task, text in rest if text)


def _parts(settings: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Return settings one part a line: what is a mapping itself is a part of its own."""
    single = {key: value for key, value in settings.items() if not isinstance(value, Mapping)}
    parts = [
        (one_line(key).lstrip("_"), pairs(value))
        for key, value in settings.items()
        if isinstance(value, Mapping)
    ]
    return (("", pairs(single)), *parts) if single else tuple(parts)


def _stable(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)


def _lowered(runs: Any) -> tuple[tuple[str, str], ...]:
    found = []
    for row in runs.drop_duplicates("task").itertuples():
        verdicts = read_json(row.lowered)
        if not isinstance(verdicts, Mapping):
            continue
        names = [one_line(name) for name, verdict in verdicts.items() if verdict != "native"]
        if names:
            found.append((one_line(row.task), ", ".join(names)))
    return tuple(found)


def facts(data: Any) -> str:
    """Return a value of `results.about` in one line.

    Example:
        >>> facts({"cores": 2, "machine": "x86_64"}), facts([0, 1, 2, 3]), facts(True)
        ('cores: 2, machine: x86_64', '0–3', 'yes')
    """
    if isinstance(data, bool):
        return "yes" if data else "no"
    if isinstance(data, Mapping):
        return ", ".join(f"{one_line(k)}: {facts(v)}" for k, v in data.items() if not missing(v))
    if isinstance(data, list | tuple):
        return _sequence(list(data))
    return one_line(data) if not isinstance(data, float) else number(data)


def _sequence(values: list[Any]) -> str:
    whole = all(isinstance(v, int) and not isinstance(v, bool) for v in values)
    if whole and len(values) > 2 and values == list(range(values[0], values[-1] + 1)):
        return f"{values[0]}–{values[-1]}"
    return ", ".join(facts(value) for value in values)


def totals(findings: Findings) -> list[tuple[str, str]]:
    """Return the size of the benchmark in a few figures: value and what it counts."""
    runs = findings.given.runs
    wall = float(runs["wall"].fillna(0).sum())
    counted = [
        (f"{runs['contender'].nunique():,}", "contenders"),
        (f"{runs['task'].nunique():,}", "tasks"),
        (f"{runs['seed'].nunique():,}", "seeds"),
        (f"{len(runs):,}", "runs"),
        (f"{len(findings.given.trials):,}", "trials"),
    ]
    singular = [(n, word.removesuffix("s") if n == "1" else word) for n, word in counted]
    return [*singular, (seconds(wall), "of run time")]


def failures(findings: Findings) -> list[tuple[int, str, str, str, str]]:
    """Return the runs that ended with an error: place, label, task, seed, error."""
    runs = findings.given.runs
    bad = runs[runs["error"].notna() & (runs["error"].astype(str) != "")]
    return [
        (
            findings.place(row["contender"]),
            findings.label(row["contender"]),
            one_line(row["task"]),
            number(row["seed"]),
            one_line(row["error"])[:400],
        )
        for row in bad.to_dict("records")
    ]
