"""Where the time went, and what it bought."""

from __future__ import annotations

from typing import Any

from unitune.report.figure import Control, Figure, axis, floor_of
from unitune.report.findings import Findings
from unitune.report.texts import missing, rounded

TIMED = ("suggest", "observe")
PARTS = ("start_up", "suggest", "observe", "evaluate", "idle")
NAMES = {
    "start_up": "start-up",
    "suggest": "suggest",
    "observe": "observe",
    "evaluate": "evaluate",
    "idle": "idle",
}
LOOPS = " What a backend takes that runs its own loop is not timed apart: it is idle here."
UNITS = (("seconds", "Seconds"), ("own", "Without evaluating"), ("share", "Shares"))


def overhead(findings: Findings) -> Figure:
    """Return a run's seconds by where they went, as bars."""
    loops = bool(findings.costs["loop"].notna().any())
    return Figure(
        "overhead",
        "Where a run's time goes",
        "The mean run of each contender: starting the library, asking it for proposals, telling "
        f"it results, evaluating the objective, and idle while none of this went on."
        f"{LOOPS if loops else ''}",
        views={
            "seconds": _bars(findings, PARTS),
            "own": _bars(findings, tuple(part for part in PARTS if part != "evaluate")),
            "share": _bars(findings, PARTS, share=True),
        },
        controls=(Control("unit", "As", UNITS),),
    )


def _bars(findings: Findings, parts: tuple[str, ...], *, share: bool = False) -> dict[str, Any]:
    costs = findings.costs.set_index("contender")
    known = [(c, name) for c, name in enumerate(findings.contenders) if name in costs.index]
    totals = costs[list(PARTS)].fillna(0).sum(axis=1).to_dict()
    traces = []
    for part in parts:
        own = costs[part].fillna(0).astype(float)
        if part in TIMED:  # never timed is not the same as no time
            own = own.where(costs["suggestion"].notna())
        taken = [float(own[name]) for _, name in known]
        shares = [t / (totals[name] or 1) for t, (_, name) in zip(taken, known, strict=True)]
        traces.append(
            {
                "role": "bar",
                "part": part,
                "name": NAMES[part],
                "by": [c for c, _ in known],
                "y": [findings.labels[c] for c, _ in known],
                "x": rounded(shares if share else taken, 5),
                "hover": "%{x:.1%}" if share else "%{x:.4g} s",
            }
        )
    return {
        "traces": traces,
        "x": axis("share of the run", tickformat=".0%") if share else axis("seconds a run"),
        "y": axis("", kind="category", autorange="reversed"),
        "row": 34,
        "layout": {"barmode": "stack", "bargap": 0.35},
    }


def suggestion(findings: Findings) -> Figure:
    """Return what a backend takes for one trial."""
    costs = findings.costs.set_index("contender")["suggestion"]
    known = [
        (c, float(costs[name]))
        for c, name in enumerate(findings.contenders)
        if name in costs.index and not missing(float(costs[name]))
    ]
    trace = {
        "role": "spots",
        "by": [c for c, _ in known],
        "x": rounded([1000 * cost for _, cost in known]),
        "y": [findings.labels[c] for c, _ in known],
        "hover": "<b>%{y}</b><br>%{x:.4g} ms of the backend for a trial",
    }
    view = {
        "traces": [trace] if known else [],
        "x": axis("milliseconds of the backend for a trial"),
        "y": axis("", kind="category", autorange="reversed"),
        "floor": floor_of([1000 * cost for _, cost in known]),
        "row": 34,
    }
    return Figure(
        "suggestion",
        "What a backend takes for one trial",
        "The backend's time to propose a trial and to learn its outcome, on average over all "
        "runs; the trial's evaluation is no part of it.",
        views={"": view},
        log={"x": True},
    )


def price(findings: Findings) -> Figure:
    """Return score against the seconds of a run: what the time buys."""
    ranking = findings.main.verdict.ranking.set_index("contender")[["score", "wall"]].dropna()
    known = [(c, name) for c, name in enumerate(findings.contenders) if name in ranking.index]
    wall = [float(ranking["wall"][name]) for _, name in known]
    trace = {
        "role": "spots",
        "by": [c for c, _ in known],
        "x": rounded(wall),
        "y": rounded([ranking["score"][name] for _, name in known]),
        "text": [findings.labels[c] for c, _ in known],
        "hover": "<b>%{hovertext}</b><br>score %{y:.3g} in %{x:.4g} s a run",
    }
    view = {
        "traces": [trace] if known else [],
        "x": axis("seconds a run, mean"),
        "y": axis("score"),
        "floor": floor_of(wall),
    }
    return Figure(
        "price",
        "Score against the time of a run",
        "Higher and further left is better. The time is that of whole runs, their evaluations "
        "among it, and not the backend's alone.",
        views={"": view},
        log={"x": True},
    )
