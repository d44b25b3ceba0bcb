"""What the results of a benchmark cannot say, in sentences."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from unitune.analysis.history import budget_unit
from unitune.analysis.significance import Separation
from unitune.bench.results import Results

MOST_NAMES = 6


def caveats(results: Results, known: pd.DataFrame, tested: Separation | None) -> tuple[str, ...]:
    """Return in sentences what these results cannot say.

    Args:
        results: the cells that all contenders have.
        known: their `references`.
        tested: their `separation`, if there is any.
    """
    return (
        *_few(results, known, tested),
        *_references(known),
        *_baseline(known),
        *_design(results),
        *_alike(results),
        *_set_aside(results),
    )


def _few(results: Results, known: pd.DataFrame, tested: Separation | None) -> list[str]:
    said = []
    scored = int((known["reason"] == "").sum())
    if tested and tested.powerless:
        said.append(
            f"With {counted(tested.n, tested.unit)} and {tested.k} contenders no "
            f"difference can be significant, however large: the Holm-corrected Wilcoxon test "
            f"needs at least {tested.least} {tested.unit}."
        )
    if scored == 1:
        said.append(
            "There is one task with scores: the tests compare its seeds, and say nothing about "
            "other tasks."
        )
    elif 1 < scored < 10:
        said.append(
            f"Intervals over {scored} tasks are too narrow; from about ten tasks on they can be "
            f"taken at their word."
        )
    if results.runs.groupby("task")["seed"].nunique().min() < 2:
        said.append(
            "Some tasks were run with one seed only: what differs there may be luck, and no "
            "interval can be given."
        )
    return said


def _references(known: pd.DataFrame) -> list[str]:
    said = []
    seen = list(known["task"][known["origin"] == "best seen"])
    # A lucky value of a noisy task beats nothing.
    lower = known["beaten"] & ~known["noisy"]
    beaten = list(known["task"][lower & (known["origin"] == "best known")])
    wrong = list(known["task"][lower & (known["origin"] == "optimum")])
    noisy = list(known["task"][known["noisy"]])
    if seen:
        said.append(
            f"No optimum is known of {listed(seen)}: scores there are relative to the best value "
            f"that any contender found, and change when contenders are added."
        )
    if beaten:
        said.append(
            f"The best value known of {listed(beaten)} was beaten; it is no bound, and scores "
            f"there stop at 1."
        )
    if wrong:
        said.append(
            f"Values better than the proven optimum of {listed(wrong)} were recorded: either the "
            f"optimum or the objective is wrong."
        )
    if noisy:
        said.append(
            f"The values of {listed(noisy)} are noisy, and the best of many noisy values looks "
            f"better than it is: no config was evaluated again."
        )
    return said


def _baseline(known: pd.DataFrame) -> list[str]:
    said = [
        f"{task} has no scores: {reason}."
        for task, reason in zip(known["task"], known["reason"], strict=True)
        if reason
    ]
    thin = known[(known["reason"] == "") & (known["draws"] < 2 * known["evaluations"])]
    if len(thin):
        said.append(
            f"What random search is expected to find on {listed(thin['task'])} comes from a "
            f"single run of it or little more, so that scores there hang on its luck."
        )
    return said


def _design(results: Results) -> list[str]:
    runs = results.runs
    said = []
    loose = runs.loc[~runs["paired"].astype(bool), "contender"].unique()
    if len(loose) == runs["contender"].nunique():
        said.append(
            "The design is not paired: each contender began with a start-up of its own, so that "
            "differences hold those of the start-ups."
        )
    elif len(loose):
        said.append(f"{listed(loose)} did not begin with the initial design of the others.")
    unit = budget_unit(str(results.about.get("budget", "")))
    said += _exhausted(runs, of_trials=unit != "seconds")
    spent = runs.groupby("contender")["resource"].mean()
    # In equal time, more or less resource is what contenders are compared by.
    limited = unit != "seconds" and results.tasks["most"].notna().any()
    if limited and spent.min() < 0.9 * spent.max():
        said.append(
            f"Budgets in resource were not used up alike: {spent.idxmin()} consumed "
            f"{spent.min() / spent.max():.0%} of what {spent.idxmax()} did; compare the curves "
            f"against resource."
        )
    return said


def exhausted(runs: pd.DataFrame) -> pd.DataFrame:
    """Return the runs whose proposals came to an end before the budget did, as those of grids."""
    return runs[(runs["reason"] == "exhausted") & (runs["trials"] < runs["n_trials"])]


def _exhausted(runs: pd.DataFrame, *, of_trials: bool) -> list[str]:
    tasks, said = counted(runs["task"].nunique(), "tasks"), dict[str, list[str]]()
    for name, own in exhausted(runs).groupby("contender", sort=False):
        least = own.sort_values("trials", kind="stable").iloc[0]
        # A run in a budget of seconds has a number of trials that none is meant to reach.
        among = f" of {least['n_trials']}" if of_trials else ""
        where = (
            f"{own['task'].nunique()} of {tasks}, with {least['trials']}{among} "
            f"trials at the least ({least['task']})"
        )
        said.setdefault(where, []).append(str(name))
    return [
        f"{listed(names)} had nothing left to propose before the budget was used up on {where}: "
        f"what stands there is at less than equal budget."
        for where, names in said.items()
    ]


def _alike(results: Results) -> list[str]:
    """Say which contenders are one method under several names, as wrappers of one library are."""
    trials = results.trials
    own = trials[["seed", "number", "config", "loss"]]
    # A sum of hashes is the same where all configs and losses are, each at its seed and number.
    hashed = trials[["task", "contender"]].assign(hash=pd.util.hash_pandas_object(own, index=False))
    cells = hashed.groupby(["task", "contender"], sort=False)["hash"].sum().reset_index()
    searched = trials.loc[~trials["initial"].astype(bool), ["task", "contender"]]
    cells = cells.merge(searched.drop_duplicates(), on=["task", "contender"])
    groups = cells.groupby(["task", "hash"], sort=False)["contender"].agg(tuple)
    counts = groups[groups.map(len) > 1].value_counts()
    of = counted(results.runs["task"].nunique(), "tasks")
    named = zip(counts.index.tolist(), counts.tolist(), strict=True)
    told = [f"{listed(names)} on {n} of {of}" for names, n in named]
    if len(told) > MOST_NAMES:
        told = [*told[:MOST_NAMES], f"{len(told) - MOST_NAMES} more groups on some"]
    return [f"These proposed the same configs, seed by seed: {'; '.join(told)}."] if told else []


def _set_aside(results: Results) -> list[str]:
    left = results.about.get("set_aside", {})
    if not left:
        return []
    told = listed(f"{name} ({counted(runs, 'runs')})" for name, runs in left.items())
    return [f"Left out, as made with other options or versions than were asked for last: {told}."]


def listed(names: Iterable[object]) -> str:
    """Return names as a text, the last after 'and'; no more than six of them.

    Example:
        >>> listed(["a", "b", "c"])
        'a, b and c'
    """
    shown = [str(name) for name in names]
    if len(shown) > MOST_NAMES:
        shown = [*shown[: MOST_NAMES - 1], f"{len(shown) - MOST_NAMES + 1} more"]
    return f"{', '.join(shown[:-1])} and {shown[-1]}" if len(shown) > 1 else "".join(shown)


def counted(n: int, unit: str) -> str:
    """Return a number with its unit, which is given in the plural.

    Example:
        >>> counted(1, "tasks"), counted(3, "tasks")
        ('1 task', '3 tasks')
    """
    return f"{n} {unit.removesuffix('s') if n == 1 else unit}"
