"""The pieces that the page and the Markdown have in common."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from unitune.report import heat, listing, rungs, standing
from unitune.report.critical import unseparated
from unitune.report.findings import Findings, Part, over
from unitune.report.texts import number, one_line

if TYPE_CHECKING:
    import pandas as pd

MOST_OMISSIONS = 40
ABOUT = ("suite", "date", "budget", "paired", "timing", "seeds", "hardware", "versions")
ELSEWHERE = ("command", "commands", "skipped", "set_aside")
NAMES = {
    "paired": "paired designs and seeds",
    "timing": "timing",
    "budget": "budget of a run",
    "initial": "initial design",
}


def texts_and_rows(findings: Findings, ledger: pd.DataFrame) -> dict[str, Any]:
    """Return what every form of the report says, by the names that the templates use.

    Args:
        findings: the findings.
        ledger: planned and spent resource, see `rungs.ledger`.
    """
    return {
        "findings": findings,
        "title": title(findings),
        "lede": lede(findings),
        "totals": listing.totals(findings),
        "main": comparison(findings, findings.main),
        "also": comparison(findings, findings.also) if findings.also else None,
        "columns": standing.COLUMNS,
        "heat": heat.rows(findings),
        "means": heat.means(findings),
        "ledger": _ledger(findings, ledger),
        "settings": listing.settings(findings),
        "failures": listing.failures(findings),
        "skipped": _skipped(findings),
        "set_aside": _set_aside(findings),
        "omissions": _omissions(findings),
        "commands": _commands(findings),
        "about": _about(findings),
    }


def comparison(findings: Findings, part: Part) -> dict[str, Any]:
    """Return what is said of one comparison."""
    return {
        "ranking": standing.ranking(findings, part),
        "tested": how_tested(part),
        "unseparated": unseparated(findings, part),
        "over": over(part),
        "alone": [
            findings.label(name)
            for name in part.verdict.ranking["contender"]
            if name not in set(findings.main.verdict.ranking["contender"])
        ],
        "said": part.said,
        "caveats": part.caveats,
        "separation": part.verdict.separation,
    }


def title(findings: Findings) -> str:
    """Return the report's title."""
    suite = one_line(findings.about.get("suite") or "")
    count = len(findings.contenders)
    contenders = f"{count} contender{'s' * (count != 1)}"
    tasks = len(set(findings.given.runs["task"]))
    return f"{contenders} on {tasks} task{'s' * (tasks != 1)}" + (f": {suite}" if suite else "")


def lede(findings: Findings) -> str:
    """Return the line under the title: budget, seeds, date."""
    about = findings.about
    told = [
        text.partition("T")[0] if key == "date" else f"{NAMES.get(key, key)}: {text}"
        for key in ("date", "budget", "seeds")
        if (text := listing.facts(about.get(key, "")))
    ]
    return " · ".join(told)


def how_tested(part: Part) -> str:
    """Return how the differences were tested, and what came of it."""
    s = part.verdict.separation
    if s is None:
        return "There are too few contenders or tasks for a test of their differences."
    level = f"{100 * s.alpha:.3g} %"
    told = [f"{s.k} contenders on {s.n} {s.unit}."]
    if math.isfinite(s.friedman_p):
        told.append(
            f"Friedman's test: χ² = {number(s.friedman, 3)}, p = {number(s.friedman_p, 2)}."
        )
    told.append(f"Pairs: Wilcoxon's signed-rank test with Holm's correction, at {level}.")
    if math.isfinite(s.critical_difference):
        told.append(f"Nemenyi's critical difference (CD) is {s.critical_difference:.2f} ranks.")
    return " ".join(told)


def _ledger(findings: Findings, table: pd.DataFrame) -> list[list[str]]:
    if table.empty:
        return []
    summed = rungs.totals(table)
    rows = []
    for name in findings.contenders:
        for row in summed[summed["contender"] == name].to_dict("records"):
            level = number(row["least"])
            if row["most"] != row["least"]:
                level = f"{level}–{number(row['most'])}"
            rows.append(
                [
                    *(findings.label(name), number(row["bracket"]), number(row["rung"]), level),
                    *(number(row[c]) for c in ("planned_trials", "trials", "planned", "consumed")),
                ]
            )
    return rows


def _omissions(findings: Findings) -> list[str]:
    told = []
    frame = findings.main.verdict.omissions
    for row in frame.itertuples():
        where = " · ".join(
            one_line(text)
            for text in (
                row.task,
                row.contender,
                row.seed if row.seed == "" else f"seed {row.seed}",
            )
            if str(text)
        )
        told.append(f"{where}: {one_line(row.reason)}")
    if len(told) > MOST_OMISSIONS:
        more = len(told) - MOST_OMISSIONS
        return [*told[:MOST_OMISSIONS], f"… and {more} more; the tables hold all."]
    return told


def _skipped(findings: Findings) -> list[str]:
    """Return which runs were not made, and why; one line for all that lack the same ones."""
    lacking: dict[str, list[tuple[str, str]]] = {}
    for entry in findings.about.get("skipped", ()):
        told = one_line(entry["task"]), one_line(entry["why"])
        lacking.setdefault(one_line(entry["contender"]), []).append(told)
    grouped: dict[tuple[tuple[str, str], ...], list[str]] = {}
    for name, runs in lacking.items():
        grouped.setdefault(tuple(runs), []).append(name)
    return [
        f"{', '.join(names)}: not on {', '.join(task for task, _ in runs)} ({_why(runs)})"
        for runs, names in grouped.items()
    ]


def _why(runs: Sequence[tuple[str, str]]) -> str:
    reasons = list(dict.fromkeys(why for _, why in runs))
    return reasons[0] if len(reasons) == 1 else f"such as: {reasons[0]}"


def _set_aside(findings: Findings) -> list[str]:
    """Return how many runs of each contender were made in other setups than the last."""
    left = findings.about.get("set_aside") or {}
    return [f"{one_line(name)}: {runs} run{'s' * (runs != 1)}" for name, runs in left.items()]


def _commands(findings: Findings) -> list[str]:
    """Return the commands that filled the directory, in the order in which they were given."""
    about = findings.about
    every = [one_line(text or "") for text in (*about.get("commands", ()), about.get("command"))]
    return list(dict.fromkeys(text for text in every if text))


def _about(findings: Findings) -> list[tuple[str, str]]:
    about = findings.about
    keys = [*ABOUT, *(key for key in about if key not in (*ABOUT, *ELSEWHERE))]
    given = {k: _designs(about[k]) if k == "initial" else about[k] for k in keys if k in about}
    rows = [(one_line(NAMES.get(k, k)), listing.facts(value)) for k, value in given.items()]
    return [(label, text) for label, text in rows if text]


def _designs(initial: Any) -> Any:
    """Return how many trials the paired designs have, those of many tasks put together."""
    if not isinstance(initial, Mapping):
        return initial
    tasks: dict[str, list[str]] = {}
    for task, count in initial.items():
        tasks.setdefault(number(count), []).append(one_line(task))
    if len(tasks) == 1:
        return f"{next(iter(tasks))} trials on each task"
    return "; ".join(f"{count} trials on {', '.join(names)}" for count, names in tasks.items())
