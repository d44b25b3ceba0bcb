"""The report's tables, as rows of texts that the page and the Markdown lay out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from typing import Any

from unitune.analysis.caveats import counted, exhausted
from unitune.report.findings import Findings
from unitune.report.texts import missing, number, one_line, pairs, read_json, seconds


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
        lowered: tasks, and the parameters that were rewritten there.
        exhausted: on how many tasks it had nothing left to propose before the budget was used up.
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
    exhausted: str = ""


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
        exhausted=_exhausted(runs),
    )


def _exhausted(runs: Any) -> str:
    tasks = exhausted(runs)["task"].nunique()
    of = counted(runs["task"].nunique(), "tasks")
    return f"exhausted on {tasks} of {of}" if tasks else ""


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
    tasks: dict[str, list[str]] = {}
    for row in runs.drop_duplicates("task").itertuples():
        verdicts = read_json(row.lowered)
        if not isinstance(verdicts, Mapping):
            continue
        names = [one_line(name) for name, verdict in verdicts.items() if verdict != "native"]
        if names:
            tasks.setdefault(", ".join(names), []).append(one_line(row.task))
    return tuple((", ".join(found), names) for names, found in tasks.items())


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
    counts = [
        (f"{runs['contender'].nunique():,}", "contenders"),
        (f"{runs['task'].nunique():,}", "tasks"),
        (f"{runs['seed'].nunique():,}", "seeds"),
        (f"{len(runs):,}", "runs"),
        (f"{len(findings.given.trials):,}", "trials"),
    ]
    singular = [(n, word.removesuffix("s") if n == "1" else word) for n, word in counts]
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
