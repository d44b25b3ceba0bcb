"""Grid and random search on the two parameters of a task that matter most.

Bergstra and Bengio, "Random search for hyper-parameter optimization", JMLR 13, 2012, figure 1: a
grid tries few values of the parameter that matters, random search a new one with each trial.
"""

from __future__ import annotations

from numbers import Real
from typing import TYPE_CHECKING, Any

from unitune.report.drilldown import reference_of
from unitune.report.figure import Figure, axis
from unitune.report.findings import Findings
from unitune.report.texts import number, one_line, read_json, rounded

if TYPE_CHECKING:
    import pandas as pd

# What a task that is made for this comparison says of itself.
STRESSED = "grid against random"
PARTS = 6
STEP = 0.06


def figure(findings: Findings) -> Figure | None:
    """Return one run of either on the task that is made for it; None where one of them lacks."""
    for task in findings.tasks:
        names = [_first(findings, task, method) for method in ("grid", "random")]
        if STRESSED in str(findings.task(task).get("stresses", "")) and all(names):
            trials = _trials(findings, task)
            shares = importance(trials[trials["method"] == "random"])
            if len(shares) > 1:  # as many as have a number in every trial
                return _figure(findings, task, trials[trials["contender"].isin(names)], shares)
    return None


def _first(findings: Findings, task: str, method: str) -> str | None:
    """Return the best contender of a method with runs on a task, those that are shown first."""
    runs = findings.given.runs
    wanted = (runs["task"] == task) & (runs["method"].map(_kind) == method)
    own = set(runs["contender"][wanted & (runs["stops"].fillna("") == "")])
    order = (*findings.shown(), *findings.contenders)
    return next((name for name in order if name in own), None)


def _kind(method: str) -> str:
    return method.rpartition(":")[2]


def _trials(findings: Findings, task: str) -> pd.DataFrame:
    """Return the complete trials of a task with their methods and, as columns, their numbers."""
    import pandas as pd

    given = findings.given
    trials = given.trials[(given.trials["task"] == task) & (given.trials["state"] == "complete")]
    methods = given.runs.drop_duplicates("contender").set_index("contender")["method"]
    configs = pd.DataFrame(map(_numbers, trials["config"]), index=trials.index)
    columns = trials[["contender", "seed", "loss"]].assign(
        method=trials["contender"].map(methods).map(_kind)
    )
    return columns.join(configs.dropna(axis="columns").add_prefix("config."))


def _numbers(config: Any) -> dict[str, float]:
    read = read_json(config)
    return {
        one_line(name): float(value)
        for name, value in (read.items() if isinstance(read, dict) else ())
        if isinstance(value, Real) and not isinstance(value, bool)
    }


def importance(trials: pd.DataFrame) -> dict[str, float]:
    """Return how much of the losses each parameter explains by itself, the most important first.

    It is the share of the variance of the losses' ranks that lies between sixths of the
    parameter's values (the correlation ratio η²); 0 to 1.
    """
    import pandas as pd

    ranks = trials["loss"].rank()
    spread = ((ranks - ranks.mean()) ** 2).sum()
    shares: dict[str, float] = {}
    for column in trials.columns[trials.columns.str.startswith("config.")]:
        parts = pd.qcut(trials[column].rank(method="first"), min(PARTS, len(trials)), labels=False)
        means = ranks.groupby(parts).transform("mean")
        share = ((means - ranks.mean()) ** 2).sum() / spread if spread else 0.0
        shares[str(column).removeprefix("config.")] = float(share)
    return dict(sorted(shares.items(), key=lambda item: -item[1]))


def _figure(
    findings: Findings, task: str, trials: pd.DataFrame, shares: dict[str, float]
) -> Figure:
    first, second, *_ = shares
    trials = trials[trials["seed"] == trials["seed"].min()]
    frame = trials[["contender", f"config.{first}", f"config.{second}"]].set_axis(
        ["contender", "x", "y"], axis="columns"
    )
    frame["regret"] = trials["loss"] - reference_of(findings, task)
    groups = dict(iter(frame.groupby("contender", sort=False)))
    runs = [(c, groups[name]) for c, name in enumerate(findings.contenders) if name in groups]
    low, span = float(frame["y"].min()), float(frame["y"].max() - frame["y"].min())
    levels = [low - STEP * (i + 1) * (span or 1) for i in range(len(runs))]
    points = [_points(findings, c, run) for c, run in runs]
    strokes = [_strokes(findings, *run, level) for run, level in zip(runs, levels, strict=True)]
    most, next_most = (f"{100 * shares[name]:.0f} %" for name in (first, second))
    return Figure(
        "projection",
        f"Grid against random search on {one_line(task)}",
        f"One run of each, on the two parameters that matter most: {first} explains {most} of the "
        f"variation of random trials' ranks, {second} {next_most}. The strokes below are the "
        f"values of {first} that were tried.",
        views={
            "": {
                "traces": [*points, *strokes],
                "x": axis(first),
                "y": axis(second),
                "note": " ".join(_told(findings, c, run, first) for c, run in runs),
            }
        },
    )


def _points(findings: Findings, c: int, run: pd.DataFrame) -> dict[str, Any]:
    return {
        "c": c,
        "role": "points",
        "name": findings.labels[c],
        "size": 8,
        "x": rounded(run["x"]),
        "y": rounded(run["y"]),
        "customdata": rounded(run["regret"]),
        "hover": "%{x:.4g}, %{y:.4g}: regret %{customdata:.4g}",
    }


def _strokes(findings: Findings, c: int, run: pd.DataFrame, level: float) -> dict[str, Any]:
    values = rounded(run["x"].drop_duplicates())
    line = {"c": c, "role": "rug", "name": findings.labels[c], "hover": "%{x:.4g}"}
    return {**line, "x": values, "y": rounded([level] * len(values))}


def _told(findings: Findings, c: int, run: pd.DataFrame, first: str) -> str:
    return (
        f"{findings.labels[c]} tried {run['x'].nunique()} values of {first} in {len(run)} trials: "
        f"regret {number(float(run['regret'].min()), 3)}."
    )
