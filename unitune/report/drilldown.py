"""One task at a time: every seed, every trial, the last values and the best configs."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Any

from unitune import analysis
from unitune.report.figure import Control, Figure, axis, floor_of
from unitune.report.findings import Findings, budgeted_in, measured_by
from unitune.report.palette import BASELINES
from unitune.report.texts import labels, number, pairs, read_json, rounded

if TYPE_CHECKING:
    import pandas as pd

# The page holds at most so many points of each kind; what is left out is said under the figure.
MOST_TRIALS = 60_000
MOST_POINTS = 160_000
MOST_CONTENDERS = 24
SPENT = {"trials": "trials", "seconds": "seconds since the run began"}
VALUES = Control("y", "Show", (("regret", "Regret"), ("value", "Value")))


@dataclass(frozen=True, slots=True)
class Budget:
    """How much of the results the page's drill-down holds.

    Attributes:
        contenders: those that are drawn.
        points: points of one median curve.
        seeds: seeds drawn as thin lines, for each contender.
        every: each so-manieth trial is drawn.
    """

    contenders: tuple[str, ...]
    _: KW_ONLY
    points: int
    seeds: int
    every: int

    def of_curves(self, findings: Findings) -> str:
        """Return what the anytime curves leave out, in words."""
        seeds = findings.given.runs["seed"].nunique()
        fewer = f"Thin lines are drawn for {self.seeds} of {seeds} seeds; the medians are of all."
        return self._said(findings, fewer if self.seeds < seeds else "")

    def of_trials(self, findings: Findings) -> str:
        """Return what the single trials leave out, in words."""
        some = f"One of {self.every} trials is drawn." if self.every > 1 else ""
        return self._said(findings, some)

    def of_finals(self, findings: Findings) -> str:
        """Return what the last values leave out, in words."""
        return self._said(findings, "")

    def _said(self, findings: Findings, own: str) -> str:
        best = f"Drawn are the best {len(self.contenders)} contenders."
        fewer = len(self.contenders) < len(findings.contenders)
        told = [text for text in (best if fewer else "", own) if text]
        return " ".join([*told, "The raw results hold all."]) if told else ""


def budget(findings: Findings) -> Budget:
    """Return what the drill-down can hold without making the page heavy."""
    runs = findings.given.runs
    names = findings.contenders
    if len(names) * len(findings.tasks) > 300 and len(names) > MOST_CONTENDERS:
        best = names[:MOST_CONTENDERS]
        names = (*best, *(c for c in names[MOST_CONTENDERS:] if c in BASELINES))
    cells = len(names) * len(findings.tasks) * len(measured_by(findings.given))
    given = findings.given.trials
    trials = (given["contender"].isin(names) & (given["state"] == "complete")).sum()
    seeds = int(runs["seed"].nunique())
    return Budget(
        names,
        points=max(12, min(60, MOST_POINTS // (5 * cells))),
        seeds=max(1, min(seeds, MOST_POINTS // (20 * cells))),
        every=max(1, -(-int(trials) // MOST_TRIALS)),
    )


def curves(findings: Findings, limit: Budget) -> Figure:
    """Return the anytime curves of each task: seeds as thin lines, the median bold."""
    options = tuple(zip(findings.tasks, labels(findings.tasks), strict=True))
    drawn = [(c, n) for c, n in enumerate(findings.contenders) if n in limit.contenders]
    axes = {"trials": "Trials", "seconds": "Wall-clock", "resource": "Resource"}
    first = budgeted_in(findings.main)
    order = sorted(measured_by(findings.given), key=lambda by: by != first)
    views = {}
    for by in order:
        medians = _grouped(analysis.task_curves(findings.given, by=by, points=limit.points))
        seeds = _grouped(_kept(findings, analysis.curves(findings.given, by=by), limit))
        for task in findings.tasks:
            bold = {c: medians.get((task, name)) for c, name in drawn}
            thin = {c: seeds.get((task, name)) for c, name in drawn}
            view = _view(findings, task, bold, thin)
            unit = findings.task(task)["unit"]
            spent = axis(SPENT.get(by, f"resource spent ({unit})"))
            views[f"{task}|{by}"] = {**view, "x": spent, "note": limit.of_curves(findings)}
    return Figure(
        "task_curves",
        "Best value so far",
        "Bold: the median over seeds; the band reaches from the first to the third quartile. "
        "Thin: the single seeds. Regret is the distance to the reference value.",
        views=views,
        controls=(
            Control("task", "Task", options, kind="page"),
            Control("x", "Against", tuple((by, axes[by]) for by in order)),
            VALUES,
        ),
        log={"x": False, "y": True},
        extras={"thin": True, "band": False},
    )


def _kept(findings: Findings, frame: pd.DataFrame, limit: Budget) -> pd.DataFrame:
    """Return the points where a seed's curve changes, for the seeds that are drawn."""
    seeds = sorted(findings.given.runs["seed"].unique())[: limit.seeds]
    frame = frame[frame["contender"].isin(limit.contenders) & frame["seed"].isin(seeds)]
    runs = frame.groupby(["task", "contender", "seed"], sort=False)["loss"]
    last = frame.groupby(["task", "contender", "seed"], sort=False).cumcount(ascending=False) == 0
    return frame[(frame["loss"] != runs.shift()) | last]


def _view(
    findings: Findings,
    task: str,
    medians: dict[int, pd.DataFrame | None],
    seeds: dict[int, pd.DataFrame | None],
) -> dict[str, Any]:
    reference = reference_of(findings, task)
    bands: list[dict[str, Any]] = []
    thin: list[dict[str, Any]] = []
    bold: list[dict[str, Any]] = []
    for c, own in medians.items():
        if own is not None:
            found = own[own["loss"].abs() < float("inf")]
            base = {"c": c, "x": rounded(found["x"]), "shape": "hv"}
            low, high = (rounded(found[f"loss_{end}"] - reference) for end in ("low", "high"))
            bands.append({**base, "role": "band", "low": low, "high": high})
            line = {"role": "line", "name": findings.labels[c], "hover": "%{x:.4g} → %{y:.5g}"}
            bold.append({**base, **line, "y": rounded(found["loss"] - reference)})
        single = seeds[c]
        if single is not None and single["seed"].min() < single["seed"].max():
            x, y = _joined(single, reference)
            thin.append({"c": c, "role": "thin", "shape": "hv", "x": x, "y": y})
    return {
        "traces": [*bands, *thin, *bold],
        "y": axis("regret"),
        "value": _value_axis(findings, task, reference),
        "floor": floor_of(*([v for v in t["y"] if v is not None] for t in [*thin, *bold])),
    }


def _value_axis(findings: Findings, task: str, reference: float) -> dict[str, Any]:
    """Return how the page makes values of regrets."""
    sign = -1 if findings.task(task)["mode"] == "max" else 1
    better = "greater is better" if sign < 0 else "smaller is better"
    return {"sign": sign, "reference": reference, "title": f"value ({better})"}


def _joined(frame: pd.DataFrame, reference: float) -> tuple[list[Any], list[Any]]:
    """Return all seeds as one line with gaps."""
    x: list[Any] = []
    y: list[Any] = []
    for _, own in frame.groupby("seed", sort=False):
        x += [*rounded(own["x"]), None]
        y += [*rounded(own["loss"] - reference), None]
    return x, y


def reference_of(findings: Findings, task: str) -> float:
    """Return the loss that regrets on a task are counted from; 0 where none is known."""
    known = findings.references
    found = known[known["task"] == task]["reference"].dropna()
    return float(found.iloc[0]) if len(found) else 0.0


def _grouped(frame: pd.DataFrame) -> dict[Any, pd.DataFrame]:
    return dict(iter(frame.groupby(["task", "contender"], sort=False)))


def trials(findings: Findings, limit: Budget) -> Figure:
    """Return every trial's value, in the order of the run."""
    history = analysis.histories(findings.given)
    history = history[history["contender"].isin(limit.contenders) & history["loss"].notna()]
    grouped = _grouped(history)
    options = tuple(zip(findings.tasks, labels(findings.tasks), strict=True))
    views = {}
    for task in findings.tasks:
        reference = reference_of(findings, task)
        traces: list[dict[str, Any]] = []
        for c, name in enumerate(findings.contenders):
            own = grouped.get((task, name))
            if own is None:
                continue
            own = own.iloc[:: limit.every]
            traces.append(
                {
                    "c": c,
                    "role": "points",
                    "name": findings.labels[c],
                    "x": rounded(own["trials"]),
                    "y": rounded(own["loss"] - reference),
                    "customdata": [int(seed) for seed in own["seed"]],
                    "hover": "trial %{x}, seed %{customdata}: %{y:.5g}",
                }
            )
        views[task] = {
            "traces": traces,
            "x": axis("trial"),
            "y": axis("regret of the trial"),
            "value": _value_axis(findings, task, reference),
            "floor": floor_of(*(t["y"] for t in traces)),
            "note": limit.of_trials(findings),
        }
    return Figure(
        "task_trials",
        "Every trial",
        "Each mark is one complete trial. Marks that would lie on one another are drawn once.",
        views=views,
        controls=(Control("task", "Task", options, kind="page"), VALUES),
        log={"x": False, "y": True},
    )


def finals(findings: Findings, limit: Budget) -> Figure:
    """Return the last values of all seeds as boxes."""
    scores = analysis.scores(findings.given)
    grouped = _grouped(scores[scores["best"].notna()])
    options = tuple(zip(findings.tasks, labels(findings.tasks), strict=True))
    views = {}
    for task in findings.tasks:
        traces = []
        for c, name in enumerate(findings.contenders):
            own = grouped.get((task, name))
            if own is None or name not in limit.contenders:
                continue
            label = findings.labels[c]
            values = rounded(own["best"])
            each = {"x": values, "y": [label] * len(values)}
            traces.append({"c": c, "role": "box", "name": label, **each})
        better = "greater" if findings.task(task)["mode"] == "max" else "smaller"
        views[task] = {
            "traces": traces,
            "x": axis(f"best value ({better} is better)"),
            "y": axis("", kind="category", autorange="reversed"),
            "row": 38,
            "note": limit.of_finals(findings),
        }
    return Figure(
        "task_finals",
        "Best values of the runs",
        "One mark a seed; the box spans the middle half, its line is the median.",
        views=views,
        controls=(Control("task", "Task", options, kind="page"),),
    )


def best_configs(findings: Findings, task: str, limit: Budget) -> list[dict[str, Any]]:
    """Return the best trial of each contender on a task, the best first."""
    runs = findings.given.trials
    own = runs[(runs["task"] == task) & (runs["state"] == "complete") & runs["loss"].notna()]
    if own.empty:
        return []
    best = own.loc[own.groupby("contender", sort=False)["loss"].idxmin()].sort_values("loss")
    return [
        {
            "c": findings.place(row["contender"]),
            "label": findings.label(row["contender"]),
            "value": number(row["value"], 6),
            "seed": number(row["seed"]),
            "trial": number(row["number"]),
            "config": pairs(read_json(row["config"])),
        }
        for _, row in best.iterrows()
        if row["contender"] in limit.contenders
    ]
