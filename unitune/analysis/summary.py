"""A verdict in plain sentences."""

from __future__ import annotations

import itertools
from typing import Any

import pandas as pd

from unitune.analysis.baseline import BASELINE
from unitune.analysis.caveats import counted, listed
from unitune.analysis.history import budget_unit
from unitune.analysis.significance import Separation, least_rows
from unitune.analysis.verdicts import Verdict

# A backend that takes so many times as long for a suggestion as another is worth a sentence.
DEARER = 3.0
# Of more times than this, the least and the greatest few are named.
MOST_TIMES, FEW = 8, 3


def sentences(verdict: Verdict) -> list[str]:
    """Return the executive summary: who wins where, by how much, at what cost, and what is open.

    Every sentence is derived from the verdict. Names of contenders and tasks stand in them as they
    are, so escape the sentences where markup has a meaning.
    """
    said = [_scope(verdict), *_outcome(verdict), *_worth(verdict), *_where(verdict)]
    said += [*_overhead(verdict), *_failures(verdict), *verdict.caveats, *_omitted(verdict)]
    return said if verdict.also is None else [*said, *_elsewhere(verdict, verdict.also)]


def _scope(verdict: Verdict) -> str:
    tasks = counted(len(verdict.references), "tasks")
    contenders = counted(len(verdict.ranking), "contenders")
    seeds = _span(verdict.seeds, "seeds")
    trials = _span(verdict.trials, "trials")
    budget = f"the budget of {trials} of random search"
    if not _in_trials(verdict):
        budget = f"a budget of {verdict.budget}, in which random search makes {trials}"
    return f"{contenders} on {tasks}, with {seeds} each; every run has {budget}."


def _in_trials(verdict: Verdict) -> bool:
    return budget_unit(verdict.budget) == "trials"


def _outcome(verdict: Verdict) -> list[str]:
    ranking, tested = verdict.ranking, verdict.separation
    if ranking["score"].isna().all():
        return ["No task has scores, so that nothing can be said about who is better."]
    best = ranking.iloc[0]
    first = (
        f"{best.contender} has the highest mean score, {_interval(best)}, where 0 is what random "
        f"search is expected to find with the same budget and 1 is the best value"
    )
    if tested is None:
        return [f"{first}."]
    if tested.n < 2:
        return [f"{first}.", f"Nothing can be tested with {counted(tested.n, tested.unit)}."]
    first = f"{first}{_level(list(ranking['contender']), tested)}."
    return [first, *_overall(tested), *_leader(best.contender, tested), *_against_random(tested)]


def _level(names: list[str], tested: Separation) -> str:
    """Say which of those right behind the first are not separated from it."""
    apart = {pair["other"] for pair in _seen_from(names[0], tested.pairs) if pair["separated"]}
    level = list(itertools.takewhile(lambda name: name not in apart, names[1:]))
    if not level:
        return ""
    if len(level) == len(names) - 1:
        return "; it is separated from no other contender"
    last = len(level) + 1
    ranks = {2: "rank 2", 3: "ranks 2 and 3"}.get(last, f"ranks 2 to {last}")
    return f"; it is not separated from {listed(level)} ({ranks})"


def _overall(tested: Separation) -> list[str]:
    n, k = counted(tested.n, tested.unit), tested.k
    over = (
        f"The {k} contenders differ by more than chance (Friedman test over {n}: "
        f"{_p(tested.friedman_p)})"
    )
    differ = k > 2 and tested.friedman_p <= tested.alpha
    if tested.pairs["separated"].any():
        return [f"{over}."] if differ else []
    if differ:
        return [
            f"{over}, but no two of them can be told apart ({_tests(tested)}).",
            *_apart(tested),
        ]
    friedman = f"; Friedman test: {_p(tested.friedman_p)}" if k > 2 else ""
    said = (
        f"There is no significant difference between any two of the {k} contenders "
        f"({_tests(tested)}{friedman})."
    )
    if (tested.pairs["p"] <= tested.alpha).any():
        said += " A pair counts only where the Friedman test and the bootstrap interval agree."
    return [said]


def _tests(tested: Separation) -> str:
    n = counted(tested.n, tested.unit)
    return f"Wilcoxon signed-rank tests over {n}, Holm-corrected, level {tested.alpha:g}"


def _apart(tested: Separation) -> list[str]:
    """Name what Nemenyi's test separates, which can where there are few rows."""
    found = [
        f"{first} from {second}"
        for first, second in zip(tested.pairs["first"], tested.pairs["second"], strict=True)
        if tested.nemenyi[first][second] <= tested.alpha
    ]
    if not found:
        return []
    said = f"Nemenyi's test of average ranks, which can with fewer {tested.unit}, separates "
    return [f"{said}{listed(found)}."]


def _leader(name: str, tested: Separation) -> list[str]:
    """Say from whom the leader is separated, and from whom it is not."""
    own = _seen_from(name, tested.pairs)
    ahead = [pair for pair in own if pair["separated"]]
    level = [pair for pair in own if not pair["separated"]]
    said = []
    if ahead:
        said.append(f"{name} is better than {_gaps(ahead)}; {_tests(tested)}.")
    if level:
        said.append(f"No significant difference between {name} and {_gaps(level)}.")
    return said


def _against_random(tested: Separation) -> list[str]:
    own = _seen_from(BASELINE, tested.pairs)
    better = [pair["other"] for pair in own if pair["separated"] and pair["difference"] < 0]
    worse = [pair["other"] for pair in own if pair["separated"] and pair["difference"] > 0]
    level = [pair["other"] for pair in own if not pair["separated"]]
    if own and not better and not worse:
        other = (tested.nemenyi[BASELINE].drop(BASELINE) <= tested.alpha).any()
        by = "By the Wilcoxon tests no" if other else "No"
        return [f"{by} contender is separated from random search."]
    said = [f"Better than random search: {listed(better)}."] if better else []
    said += [f"Not separated from random search: {listed(level)}."] if level else []
    return said + ([f"Worse than random search: {listed(worse)}."] if worse else [])


def _worth(verdict: Verdict) -> list[str]:
    ranking = verdict.ranking.dropna(subset="equivalent")
    ranking = ranking[ranking["contender"] != BASELINE]
    if ranking.empty:
        return []
    parts = [
        f"{row.contender} {'at least ' if row.capped else ''}{row.equivalent:.0f}"
        for row in ranking.head(6).itertuples()
    ]
    budget = _span(verdict.trials, "trials") if _in_trials(verdict) else verdict.budget
    verb = "is" if budget in ("1 trial", "1 second", "1 unit of resource") else "are"
    return [f"In random trials (median over tasks), {budget} {verb} worth: {', '.join(parts)}."]


def _where(verdict: Verdict) -> list[str]:
    leaders = verdict.leaders
    if len(leaders) < 2 or len(verdict.ranking) < 2:
        return []
    first: dict[tuple[str, ...], list[str]] = {}
    places = {name: place for place, name in enumerate(verdict.ranking["contender"])}
    for task, leader, tied in leaders[["task", "leader", "tied"]].itertuples(index=False):
        names = sorted((leader, *tied), key=places.__getitem__)
        first.setdefault(tuple(names), []).append(task)
    # Those who lead alone, the most often first, and then ties.
    order = sorted(first, key=lambda names: (len(names) > 1, -len(first[names])))
    parts = [
        f"{listed(names)} {'tie ' * (len(names) > 1)}on {listed(first[names])}" for names in order
    ]
    return [f"Highest mean score by task: {'; '.join(parts)}. {_clear(verdict)}"]


def _clear(verdict: Verdict) -> str:
    """Say on how many tasks the leader is separated, where that can be tested at all."""
    k, (_, most) = len(verdict.ranking), verdict.seeds
    least = least_rows(k)
    if most < least:
        return (
            f"Whether a leader is separated from the runner-up on its task cannot be tested with "
            f"{counted(most, 'seeds')}: for {k} contenders that takes {least}."
        )
    return (
        f"On {verdict.leaders['separated'].sum()} of {len(verdict.leaders)} the leader is "
        f"separated from the runner-up over the seeds of that task."
    )


def _overhead(verdict: Verdict) -> list[str]:
    spent = verdict.ranking.set_index("contender")["suggestion"].dropna().sort_values()
    untimed = _untimed(verdict)
    if len(spent) < 2:
        return untimed
    times = _times([f"{name} {_seconds(seconds)}" for name, seconds in spent.items()])
    said = [f"Time that backends take for one trial: {times}.", *untimed]
    best = verdict.ranking["contender"].iloc[0]
    scored = bool(verdict.ranking["score"].notna().iloc[0])
    if scored and spent.get(best, 0.0) > DEARER * spent.iloc[0]:
        longest = ", longer than any other" if best == spent.index[-1] else ""
        said.append(
            f"The highest score is not free: for one trial, its evaluation apart, the backend of "
            f"{best} takes {spent[best] / spent.iloc[0]:,.0f} times as long as that of "
            f"{spent.index[0]}{longest}."
        )
    return said


def _untimed(verdict: Verdict) -> list[str]:
    """Say how long backends take that run their own loop, as far as it is known."""
    rows = verdict.ranking.dropna(subset="loop").sort_values("loop", kind="stable")
    columns = ["contender", "loop", "runs", "trials"]
    told = [
        (name, f"{_seconds(loop)} of a run, {_seconds(loop * runs / trials)} a trial")
        for name, loop, runs, trials in rows[columns].to_numpy().tolist()
    ]
    if not told:
        return []
    if len(told) == 1:
        name, times = told[0]
        said = f"{name} runs its own loop, which is not timed apart: {times}, are"
    else:
        times = _times([f"{name} {own}" for name, own in told], "; ")
        said = f"These run their own loops, which are not timed apart: {times}. That is"
    return [f"{said} neither start-up nor evaluation."]


def _times(parts: list[str], between: str = ", ") -> str:
    """Return times in ascending order as a text; of many, the least and the greatest."""
    if len(parts) > MOST_TIMES:
        parts = [*parts[:FEW], f"{len(parts) - 2 * FEW} others in between", *parts[-FEW:]]
    return between.join(parts)


def _failures(verdict: Verdict) -> list[str]:
    columns = ["contender", "failed_runs", "failed", "trials"]
    rows = verdict.ranking[columns].to_numpy().tolist()
    lost = [f"{name} {runs:.0f}" for name, runs, _, _ in rows if runs]
    without = [f"{name} {failed:.0f} of {trials:.0f}" for name, _, failed, trials in rows if failed]
    said = []
    if lost:
        said.append(
            f"Runs that an error ended, which count with what they had found: {', '.join(lost)}."
        )
    if without:
        said.append(f"Failed trials, which count as budget: {', '.join(without)}.")
    return said


def _omitted(verdict: Verdict) -> list[str]:
    left = verdict.omissions
    left = left[~left["reason"].str.startswith("no scores")]
    whole = left["contender"][(left["contender"] != "") & (left["task"] == "")]
    part = left["contender"][(left["contender"] != "") & (left["task"] != "")].unique()
    cells = int((left["contender"] == "").sum())
    parts = [
        *([counted(cells, "cells") + " (task and seed) that not all have"] if cells else []),
        *([f"{listed(whole)} (run on few cells)"] if len(whole) else []),
        *([f"some trials of {listed(part)} beyond the common budget"] if len(part) else []),
    ]
    return [f"Left out so that all stand on equal terms: {'; '.join(parts)}."] if parts else []


def _elsewhere(verdict: Verdict, also: Verdict) -> list[str]:
    """Say what the contenders that were left out come to on their own tasks."""
    known = set(verdict.ranking["contender"])
    new = [name for name in also.ranking["contender"] if name not in known]
    first = (
        f"Only on {listed(also.references['task'])} all contenders with {listed(sorted(new))} can "
        f"be compared."
    )
    more = [text for text in also.caveats if text not in verdict.caveats]
    there = [*_outcome(also), *_worth(also), *_where(also), *more]
    return [first, *(f"There: {text}" for text in there)]


def _seen_from(name: str, pairs: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the pairs that one of the contenders is in, with the differences from its side."""
    own = []
    names = [str(column) for column in pairs.columns]
    for values in pairs.to_numpy().tolist():
        row = dict(zip(names, values, strict=True))
        if row["first"] == name:
            own.append({**row, "other": row["second"]})
        elif row["second"] == name:
            turned = {"difference": -row["difference"], "low": -row["high"], "high": -row["low"]}
            own.append({**row, **turned, "other": row["first"]})
    return own


def _gaps(pairs: list[dict[str, Any]]) -> str:
    return listed(
        f"{pair['other']} (by {pair['difference']:.2f}{_bounds(pair['low'], pair['high'])}, "
        f"{_p(pair['p'])})"
        for pair in pairs
    )


def _interval(row: Any) -> str:
    return f"{row.score:.2f}{_bounds(row.low, row.high)}"


def _bounds(low: float, high: float) -> str:
    return "" if pd.isna(low) else f" [{low:.2f}, {high:.2f}]"


def _p(p: float) -> str:
    return "p < 0.001" if p < 0.001 else f"p = {p:.2g}"


def _span(bounds: tuple[int, int], unit: str) -> str:
    low, high = bounds
    return counted(low, unit) if low == high else f"{low} to {high} {unit}"


def _seconds(seconds: float) -> str:
    return f"{seconds:.3g} s" if seconds >= 1 else f"{1000 * seconds:.3g} ms"
