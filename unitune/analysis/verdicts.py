"""The verdict of a benchmark: who ranks where, who is separated from whom, what is not known."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, replace

import numpy as np
import pandas as pd

from unitune.analysis.baseline import references
from unitune.analysis.caveats import caveats
from unitune.analysis.coverage import comparable, on_their_tasks
from unitune.analysis.history import budget_axis, histories
from unitune.analysis.ranking import average_ranks
from unitune.analysis.scoring import over_tasks, score_table, scores, task_scores
from unitune.analysis.significance import Separation, separated_leaders, separation
from unitune.analysis.spending import costs
from unitune.bench.results import Results

COSTS = ["suggestion", "loop", "failed", "failed_runs", "runs", "trials", "wall", "resource"]
RANKING = [
    *("contender", "score", "low", "high", "rank", "log_regret", "equivalent", "capped"),
    *("wins", "ties", "losses", "suggestion", "loop", "failed", "failed_runs", "bayesmark", "auc"),
    *("runs", "trials", "wall", "resource"),
]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a benchmark comes to.

    Attributes:
        ranking: one row a contender, the highest score first: `contender`, `score` [`low`,
            `high`], average `rank` with the whole budget, `log_regret`, `equivalent` (random
            trials; at least that where `capped`), `wins`, `ties` and `losses` (tasks),
            `suggestion` (seconds a backend takes for a trial) or `loop` (see `costs`), `failed`
            (trials), `failed_runs`, `bayesmark`, `auc`, `runs`, `trials` (of all runs), `wall`
            (mean seconds a run), `resource`.
        separation: the tests; None with one contender, or no task that has scores.
        leaders: one row a task that has scores: `task`, `leader` (the highest mean score), `tied`
            (a tuple of the others that have the same), `score`, `runner_up`, `margin`, and
            `separated` (from the runner-up, over the seeds of that task).
        tasks: one row a task and contender, see `task_scores`.
        references: what each task is measured against, see `references`.
        omissions: what was left out, see `comparable`.
        caveats: what cannot be said, in sentences.
        seeds: the fewest and the most seeds on a task.
        trials: the fewest and the most trials that random search made in one run.
        budget: what each run may spend, in words; '' where that is not known.
        also: the verdict on the tasks of those contenders that had to be left out as a whole.
    """

    ranking: pd.DataFrame
    separation: Separation | None
    _: KW_ONLY
    leaders: pd.DataFrame
    tasks: pd.DataFrame
    references: pd.DataFrame
    omissions: pd.DataFrame
    caveats: tuple[str, ...]
    seeds: tuple[int, int]
    trials: tuple[int, int]
    budget: str = ""
    also: Verdict | None = None

    @property
    def groups(self) -> tuple[tuple[str, ...], ...]:
        """The largest groups of contenders within which no two are separated."""
        return self.separation.groups if self.separation else ()


def verdict(results: Results) -> Verdict:
    """Return the verdict of a benchmark.

    Raises:
        AnalysisError: there is no run.
        BaselineError: no run is one of 'builtin:random'.
        MissingLibraryError: scipy or scikit-posthocs is not installed.
    """
    equal = comparable(results)
    found = _verdict(equal.results, equal.omissions)
    if not equal.aside:
        return found
    # Not once more for those that even there would be left out: they stand among the omissions.
    others = comparable(on_their_tasks(results, equal.aside))
    if not set(others.results.runs["contender"]) - set(equal.results.runs["contender"]):
        return found
    return replace(found, also=_verdict(others.results, others.omissions))


def _verdict(results: Results, omissions: pd.DataFrame) -> Verdict:
    known = references(results)
    scored = known[known["reason"] == ""]
    seeds = results.runs.groupby("task")["seed"].nunique()
    history = histories(results)
    runs = scores(results, history)
    tasks, table = task_scores(results, runs), score_table(runs)
    tested = None
    if table.shape[1] > 1:
        tested = separation(table, "tasks" if len(scored) > 1 else "seeds")
    return Verdict(
        _ranking(results, over_tasks(tasks, table), history),
        tested,
        leaders=_leaders(tasks.dropna(subset="score"), runs),
        tasks=tasks,
        references=known,
        omissions=omissions,
        caveats=caveats(results, known, tested),
        seeds=(int(seeds.min()), int(seeds.max())),
        trials=(int(known["evaluations"].min()), int(known["evaluations"].max())),
        budget=str(results.about.get("budget", "")),
    )


def _ranking(results: Results, scored: pd.DataFrame, history: pd.DataFrame) -> pd.DataFrame:
    last = average_ranks(results, budget_axis(results), [1.0], history)[["contender", "rank"]]
    spent = costs(results)[["contender", *COSTS]]
    frame = spent.merge(scored, on="contender", how="left").merge(last, on="contender", how="left")
    frame = frame.sort_values("score", ascending=False, kind="stable", ignore_index=True)
    return frame[RANKING]


def _leaders(tasks: pd.DataFrame, runs: pd.DataFrame) -> pd.DataFrame:
    rows = []
    pairs = {}
    for task, own in tasks.groupby("task", sort=False):
        ordered = own.sort_values("score", ascending=False, kind="stable")
        names, values = list(ordered["contender"]), list(ordered["score"])
        level = np.isclose(values, values[0], rtol=1e-9, atol=1e-12)
        tied = tuple(name for name, same in zip(names[1:], level[1:], strict=True) if same)
        row = {"task": task, "leader": names[0], "tied": tied, "score": values[0]}
        if len(names) > 1:
            pairs[str(task)] = (names[0], names[1])
            row |= {"runner_up": names[1], "margin": values[0] - values[1]}
        rows.append({"runner_up": "", "margin": 0.0} | row)
    columns = ["task", "leader", "tied", "score", "runner_up", "margin"]
    frame = pd.DataFrame(rows, columns=columns)
    apart = separated_leaders(runs, pairs)
    return frame.assign(separated=[apart.get(task, False) for task in frame["task"]])
