"""Measures and statistics of a benchmark: pure functions of `unitune.bench.results.Results`.

Give them what `comparable(results).results` holds, the cells (task and seed) that all contenders
have, so that all figures are of the same runs. `verdict` and the measures over all tasks do so by
themselves. Frames are tidy, and a run is named by `task`, `contender` and `seed`. Losses, regrets
and ranks are better the smaller they are, scores the greater. `by` is 'trials', 'seconds' or
'resource'. What each measure means, and when not to trust it, is in docs/measures.md.
"""

from __future__ import annotations

from unitune.analysis.anytime import aggregate_curves, curves, task_curves
from unitune.analysis.baseline import BASELINE, expected_best, random_trials, references
from unitune.analysis.bootstrap import intervals
from unitune.analysis.coverage import Comparable, comparable, on_their_tasks
from unitune.analysis.errors import AnalysisError, BaselineError
from unitune.analysis.history import budget_axis, budget_unit, budgets, histories
from unitune.analysis.ranking import ranks
from unitune.analysis.scoring import (
    contender_scores,
    equivalents,
    score_table,
    scores,
    task_scores,
)
from unitune.analysis.significance import (
    Separation,
    critical_difference,
    least_rows,
    separation,
)
from unitune.analysis.spending import costs
from unitune.analysis.standings import standings
from unitune.analysis.summary import sentences
from unitune.analysis.targets import TARGETS, ecdf, expected_times, hits
from unitune.analysis.verdicts import Verdict, verdict

__all__ = [
    "BASELINE",
    "TARGETS",
    "AnalysisError",
    "BaselineError",
    "Comparable",
    "Separation",
    "Verdict",
    "aggregate_curves",
    "budget_axis",
    "budget_unit",
    "budgets",
    "comparable",
    "contender_scores",
    "costs",
    "critical_difference",
    "curves",
    "ecdf",
    "equivalents",
    "expected_best",
    "expected_times",
    "histories",
    "hits",
    "intervals",
    "least_rows",
    "on_their_tasks",
    "random_trials",
    "ranks",
    "references",
    "score_table",
    "scores",
    "sentences",
    "separation",
    "standings",
    "task_curves",
    "task_scores",
    "verdict",
]
