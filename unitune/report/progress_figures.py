"""How the contenders come along: regret, rank and solved targets against what they spent."""

from __future__ import annotations

from typing import Any

import pandas as pd

from unitune import analysis
from unitune.report.figure import Control, Figure, axis, floor_of
from unitune.report.findings import Findings, Part, budgeted_in, over
from unitune.report.texts import rounded

SHARES = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
OPTIONS = {"trials": "Trials", "seconds": "Wall-clock", "resource": "Resource"}
SPENT = {
    "trials": "share of the trials",
    "seconds": "seconds since the run began",
    "resource": "share of the resource",
}
# More bands than this hide one another.
FEW = 6
POINTS = 4000
HOVER = "%{x:.4g} → %{y:.4g}"


def against(part: Part) -> Control:
    """Return the control that chooses what stands on the x axis; first what all have alike."""
    first = budgeted_in(part)
    # Those that stop trials early make more of them of the same resource.
    if first == "trials" and part.name and "resource" in part.by:
        first = "resource"
    order = sorted(part.by, key=lambda by: by != first)
    return Control("x", "Against", tuple((by, OPTIONS[by]) for by in order))


def bands(findings: Findings) -> dict[str, bool]:
    """Return that intervals can be left out; among many lines they are, at the start."""
    return {"band": len(findings.shown()) <= FEW}


def points(findings: Findings) -> int:
    """Return how many points a curve has: fewer where there are very many curves."""
    return max(20, min(100, POINTS // len(findings.contenders)))


def regret(findings: Findings, part: Part) -> Figure:
    """Return the aggregated anytime curves: mean normalised regret with its interval."""
    return Figure(
        f"regret{part.suffix}",
        f"Regret over {over(part)}",
        "Mean normalised regret over the tasks: 1 is random search's median trial, 0 the best "
        "value known. Lower is better; the bands are 95 % bootstrap intervals over tasks.",
        views={by: _regret(findings, part, by) for by, _ in against(part).options},
        controls=(against(part),),
        log={"x": False, "y": True},
        extras=bands(findings),
    )


def wall_clock(curves: Figure) -> Figure:
    """Return regret against wall-clock, where a library's own time counts, from `regret`."""
    return Figure(
        "wall_clock",
        "Regret against wall-clock",
        "The same regret against the seconds since each run began: evaluating, suggesting, "
        "start-up and all.",
        views={"": curves.views["seconds"]},
        log={"x": True, "y": True},
        extras=curves.extras,
    )


def _regret(findings: Findings, part: Part, by: str) -> dict[str, Any]:
    curves = analysis.aggregate_curves(part.results, by=by, points=points(findings))
    curves = curves[curves["normalised"].notna() & (curves["x"] > 0)]
    # Nobody has found anything at the beginning: that stretch is left out but for its end.
    found = curves[curves["normalised"] < 1]["x"].min()
    begun = curves[curves["x"] < found]["x"].max()
    curves = curves[~(curves["x"] < begun)]
    traces: list[dict[str, Any]] = []
    for c, own in _each(findings, curves):
        x = rounded(own["x"])
        band = {"low": rounded(own["low"]), "high": rounded(own["high"])}
        traces.append({"c": c, "role": "band", "x": x, **band})
        traces.append(_line(findings, c, x, rounded(own["normalised"])))
    traces.sort(key=lambda trace: str(trace["role"]))
    return {
        "traces": traces,
        "x": axis(_spent(part, by), **_percent(by)),
        "y": axis("mean normalised regret"),
        "floor": floor_of(list(curves["normalised"]), list(curves["x"])),
    }


def ranks(findings: Findings, part: Part) -> Figure:
    """Return the mean rank at growing shares of the budget."""
    frame = analysis.ranks(part.results, shares=SHARES)
    traces = []
    for c, own in _each(findings, frame):
        x = rounded(own["share"])
        band = {"low": rounded(own["low"]), "high": rounded(own["high"])}
        traces.append({"c": c, "role": "band", "x": x, **band})
        traces.append(_line(findings, c, x, rounded(own["rank"])))
    traces.sort(key=lambda trace: str(trace["role"]))
    return Figure(
        f"ranks{part.suffix}",
        "Mean rank against the share of the budget",
        "At each share of the budget the contenders are ranked on every task; 1 is best. The "
        "bands are 95 % bootstrap intervals over tasks.",
        views={
            "": {
                "traces": traces,
                "x": axis("share of the budget", tickformat=".0%"),
                "y": axis("mean rank", autorange="reversed"),
            }
        },
        log={"x": False},
        extras=bands(findings),
    )


def solved(findings: Findings, part: Part) -> Figure:
    """Return the share of (task, target) pairs that are reached, against what was spent."""
    views = {}
    for by, _ in against(part).options:
        frame = analysis.ecdf(part.results, by=by)
        frame = frame[frame["x"] > 0]
        traces = []
        for c, own in _each(findings, frame):
            kept = _steps(own, 2 * points(findings))
            line = _line(findings, c, rounded(kept["x"]), rounded(kept["solved"]))
            traces.append({**line, "shape": "hv"})
        views[by] = {
            "traces": traces,
            "x": axis(_spent_each(by)),
            "y": axis("share of targets reached", tickformat=".0%", rangemode="tozero"),
            "floor": floor_of(list(frame["x"])),
        }
    return Figure(
        f"solved{part.suffix}",
        "Targets reached",
        "Every task has targets from easy to hard, as in COCO. A line shows which share of all "
        "(task, target) pairs was reached by then; higher and further left is better.",
        views=views,
        controls=(against(part),),
        log={"x": True},
    )


def _steps(own: pd.DataFrame, most: int) -> pd.DataFrame:
    """Return where a stair rises, and its end; of too many steps some."""
    rises = own[own["solved"] != own["solved"].shift()]
    every = -(-len(rises) // most) if len(rises) else 1
    return pd.concat([rises.iloc[::every], own.iloc[-1:]]).drop_duplicates()


def _spent(part: Part, by: str) -> str:
    """Return the name of an axis; in another budget, no run has a number of trials to make."""
    if by != "seconds" and by != budgeted_in(part) and budgeted_in(part) != "trials":
        return f"share of the most {by} that a run used"
    return SPENT[by]


def _spent_each(by: str) -> str:
    return {
        "trials": "trials",
        "seconds": SPENT["seconds"],
        "resource": "whole evaluations' resource",
    }[by]


def _each(findings: Findings, frame: pd.DataFrame) -> list[tuple[int, pd.DataFrame]]:
    groups = dict(iter(frame.groupby("contender", sort=False)))
    return [(c, groups[name]) for c, name in enumerate(findings.contenders) if name in groups]


def _line(findings: Findings, c: int, x: list[Any], y: list[Any]) -> dict[str, Any]:
    return {"c": c, "role": "line", "name": findings.labels[c], "x": x, "y": y, "hover": HOVER}


def _percent(by: str) -> dict[str, str]:
    return {} if by == "seconds" else {"tickformat": "~%"}
