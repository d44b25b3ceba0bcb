"""What the report says, computed once for the page, the Markdown and the still figures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import KW_ONLY, dataclass, replace
from typing import TYPE_CHECKING, Any

from unitune import analysis
from unitune.bench.results import Results
from unitune.report.figure import BY
from unitune.report.palette import BASELINES, Look, looks
from unitune.report.texts import labels, missing, one_line

if TYPE_CHECKING:
    import pandas as pd

# More lines than this in one figure cannot be told apart; the others can be switched on.
AT_THE_START = 10
FEW = 3


@dataclass(frozen=True, slots=True)
class Part:
    """One comparison on equal terms.

    Attributes:
        name: '' for the whole benchmark's; 'also' for that of contenders left out of it.
        results: the cells that all of its contenders have.
        verdict: ranking, statistics, caveats.
        said: the verdict in words.
        caveats: what cannot be said, in words.
        scores: one row a task and contender.
        by: what budgets can be counted in: 'trials', 'seconds', and 'resource' where there is.
    """

    name: str
    results: Results
    _: KW_ONLY
    verdict: analysis.Verdict
    said: tuple[str, ...]
    caveats: tuple[str, ...]
    scores: pd.DataFrame
    by: tuple[str, ...]

    @property
    def suffix(self) -> str:
        """What the names of its figures end with."""
        return f"_{self.name}" if self.name else ""


@dataclass(frozen=True, slots=True)
class Findings:
    """A benchmark's results with everything that is derived from them.

    Attributes:
        given: everything that was run.
        main: the comparison of the contenders that were run everywhere.
        also: the comparison, on their tasks, of those that were not; None in general.
        contenders: the names of all, the best first.
        labels: a short name for each, all different.
        looks: how each is drawn.
        hidden: which of them are switched off at the start, by their places.
        tasks: the names of all tasks, as they stand in the results.
        references: what each task is measured against.
        costs: one row a contender.
    """

    given: Results
    main: Part
    _: KW_ONLY
    also: Part | None
    contenders: tuple[str, ...]
    labels: tuple[str, ...]
    looks: tuple[Look, ...]
    hidden: frozenset[int]
    tasks: tuple[str, ...]
    references: pd.DataFrame
    costs: pd.DataFrame

    @property
    def about(self) -> Mapping[str, Any]:
        """Where the results come from."""
        return self.given.about

    @property
    def parts(self) -> tuple[Part, ...]:
        """The comparisons there are, one or two."""
        return (self.main,) if self.also is None else (self.main, self.also)

    def place(self, contender: str) -> int:
        """Return a contender's place in the report, from 0."""
        return self.contenders.index(contender)

    def label(self, contender: str) -> str:
        """Return a contender's short name."""
        return self.labels[self.place(contender)]

    def shown(self) -> tuple[str, ...]:
        """Return the contenders that are switched on at the start."""
        return tuple(c for i, c in enumerate(self.contenders) if i not in self.hidden)

    def task(self, name: str) -> Mapping[str, Any]:
        """Return what the results say of a task; at least its name, its mode and its unit."""
        rows = self.given.tasks[self.given.tasks["task"] == name]
        known = dict(rows.iloc[0]) if len(rows) else {}
        told = {str(k): v for k, v in known.items() if not missing(v) and str(v)}
        return {"task": name, "mode": "min", "unit": "steps"} | told


def find(results: Results) -> Findings:
    """Compute the report's content.

    Raises:
        AnalysisError: there is no run in the results.
        BaselineError: no run is one of 'builtin:random'.
    """
    equal = analysis.comparable(results)
    verdict = analysis.verdict(results)
    main = _part("", equal.results, replace(verdict, also=None))
    also = None
    if verdict.also is not None:
        others = analysis.comparable(analysis.on_their_tasks(results, equal.aside))
        also = _part("also", others.results, verdict.also)
    ranked = [name for part in (main, also) if part for name in part.verdict.ranking["contender"]]
    contenders = tuple(dict.fromkeys([*ranked, *results.runs["contender"]]))
    return Findings(
        results,
        main,
        also=also,
        contenders=contenders,
        labels=labels(contenders),
        looks=looks(contenders),
        hidden=_hidden(contenders, main, also),
        tasks=tuple(dict.fromkeys(results.runs["task"])),
        references=analysis.references(results),
        costs=analysis.costs(results),
    )


def _part(name: str, results: Results, verdict: analysis.Verdict) -> Part:
    caveats = _lines(verdict.caveats)
    return Part(
        name,
        results,
        verdict=verdict,
        said=tuple(text for text in _lines(analysis.sentences(verdict)) if text not in caveats),
        caveats=caveats,
        scores=verdict.tasks,
        by=measured_by(results),
    )


def _lines(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(one_line(text) for text in texts)


def _hidden(contenders: tuple[str, ...], main: Part, also: Part | None) -> frozenset[int]:
    """Return who is switched off at the start: all but the best of each comparison."""
    kept = {*main.verdict.ranking["contender"][:AT_THE_START], *BASELINES}
    if also is not None:
        kept |= set(also.verdict.ranking["contender"][: AT_THE_START // 2])
    if len(contenders) <= AT_THE_START + 2:
        return frozenset()
    return frozenset(i for i, name in enumerate(contenders) if name not in kept)


def measured_by(results: Results) -> tuple[str, ...]:
    """Return what budgets can be counted in; resource only where a task has any."""
    return BY if results.tasks["most"].notna().any() else BY[:2]


def budgeted_in(part: Part) -> str:
    """Return what the budget was given in: one of `part.by`."""
    unit = analysis.budget_unit(part.verdict.budget)
    # Where no task has resource, each trial is one unit of it.
    return unit if unit in part.by else "trials"


def over(part: Part) -> str:
    """Return the tasks of a comparison, in a few words."""
    names = [one_line(name) for name in part.verdict.references["task"]]
    return ", ".join(names) if len(names) <= FEW else f"{len(names)} tasks"
