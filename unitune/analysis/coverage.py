"""Which runs can be compared with each other, and what is left out so that they can."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from unitune.analysis.baseline import BASELINE, references
from unitune.analysis.errors import AnalysisError
from unitune.analysis.history import RUN, histories
from unitune.bench.results import Results

COLUMNS = [*RUN, "reason"]


@dataclass(frozen=True, slots=True)
class Comparable:
    """Results on equal terms.

    Attributes:
        results: the cells (task and seed) in which every one of its contenders has a run.
        omissions: what is left out: `task`, `contender`, `seed` ('' for all) and `reason`.
        aside: the contenders that are left out as a whole.
    """

    results: Results
    omissions: pd.DataFrame
    aside: tuple[str, ...] = ()


def comparable(results: Results) -> Comparable:
    """Return the part of the results in which all contenders stand on equal terms.

    A run that failed stays in, with what it had found: failing is a result. Left out, and listed,
    are contenders that were not run on so many cells that the rest is a larger table without them
    (such as those that stop trials early, where few tasks can); cells in which one of the others
    has no run; trials beyond the least number given on a task. Tasks on which nothing can be
    scored stay in, and are listed too.

    Raises:
        AnalysisError: there is no run.
    """
    if results.runs.empty:
        raise AnalysisError("There is no run in these results; run the benchmark first.")
    aside = _aside(results)
    notes = [_note(_why(results, name), contender=name) for name in aside]
    runs, holes = _shared(results.runs[~results.runs["contender"].isin(aside)])
    equal, beyond = _at_one_budget(_taking(results, runs))
    notes += [*holes, *beyond, *_unscored(equal)]
    return Comparable(equal, pd.DataFrame(notes, columns=COLUMNS), aside)


def on_their_tasks(results: Results, contenders: Iterable[str]) -> Results:
    """Return the results on those tasks on which any of some contenders has a run."""
    own = results.runs[results.runs["contender"].isin(list(contenders))]
    return _taking(results, results.runs[results.runs["task"].isin(own["task"])])


def _taking(results: Results, runs: pd.DataFrame) -> Results:
    keys = runs[RUN]
    return replace(
        results,
        runs=runs.reset_index(drop=True),
        trials=results.trials.merge(keys, on=RUN),
        rungs=results.rungs.merge(keys, on=RUN) if len(results.rungs) else results.rungs,
        tasks=results.tasks[results.tasks["task"].isin(runs["task"])].reset_index(drop=True),
    )


def _note(reason: str, task: Any = "", contender: Any = "", seed: Any = "") -> dict[str, Any]:
    return {"task": task, "contender": contender, "seed": seed, "reason": reason}


def _aside(results: Results) -> tuple[str, ...]:
    """Return the contenders without which the table of contenders times cells is the largest."""
    cells: dict[str, set[Any]] = {name: set() for name in results.runs["contender"].unique()}
    for name, task, seed in results.runs[["contender", "task", "seed"]].itertuples(index=False):
        cells[name].add((task, seed))
    # The most complete ones first; nothing can be scored without the baseline.
    order = sorted(cells, key=lambda name: (name != BASELINE, -len(cells[name])))
    each = (cells[name] for name in order)
    shared: Iterable[set[Any]] = itertools.accumulate(each, set.intersection)
    kept = max((kept * len(own), kept) for kept, own in enumerate(shared, 1))[1]
    return tuple(name for name in cells if name in order[kept:])


def _why(results: Results, contender: str) -> str:
    own = results.runs[results.runs["contender"] == contender]
    cells = len(results.runs[["task", "seed"]].drop_duplicates())
    told = [
        str(skipped.get("why", ""))
        for skipped in results.about.get("skipped", ())
        if skipped.get("contender") == contender
    ]
    first = f", such as: {told[0]}" if told else ""
    return f"it has runs in {len(own)} of {cells} cells only{first}"


def _shared(runs: pd.DataFrame) -> tuple[pd.DataFrame, list[dict[str, Any]]]:
    """Return the runs of the cells that all have, and what is missing in the others."""
    contenders = list(runs["contender"].unique())
    cells = runs.groupby(["task", "seed"], sort=False)["contender"]
    whole = cells.transform("nunique") == len(contenders)
    notes = []
    for (task, seed), own in runs[~whole].groupby(["task", "seed"], sort=False)["contender"]:
        missing = [name for name in contenders if name not in set(own)]
        notes.append(_note(f"no run there of {', '.join(missing)}", task, "", seed))
    return runs[whole], notes


def _at_one_budget(results: Results) -> tuple[Results, list[dict[str, Any]]]:
    """Cut runs whose trials are all whole ones to the least number of trials given on a task.

    Where trials are stopped early, the budget is the resource, and more of them are begun.
    """
    runs = results.runs
    whole = runs["stops"].fillna("") == ""
    least = runs["n_trials"].where(whole).groupby(runs["task"]).transform("min").where(whole)
    longer = runs[runs["n_trials"] > least]
    if longer.empty:
        return results, []
    notes = [
        _note(f"trials beyond {int(least[own.index[0]])}, the least given on the task", *names)
        for names, own in longer.groupby(["task", "contender"], sort=False)
    ]
    order = histories(results).merge(runs[RUN].assign(least=least), on=RUN)
    within = order[~(order["trials"] > order["least"])]
    trials = results.trials.merge(within[[*RUN, "number"]], on=[*RUN, "number"])
    # Random search's number of trials is what scores are relative to.
    made = np.fmin(runs["trials"], least.fillna(np.inf)).astype(int)
    cut = runs.assign(n_trials=least.fillna(runs["n_trials"]), trials=made)
    return replace(results, runs=cut, trials=trials), notes


def _unscored(results: Results) -> list[dict[str, Any]]:
    if BASELINE not in set(results.runs["contender"]):
        return []
    found = references(results)
    return [
        _note(f"no scores: {row.reason}", task=row.task)
        for row in found[found["reason"] != ""].itertuples()
    ]
