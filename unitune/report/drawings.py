"""All figures of a report, made once for the page and for the stills."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING

from unitune.report import cost_figures, drilldown, progress_figures, projection, rungs
from unitune.report.figure import Figure
from unitune.report.findings import Findings, Part

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Drawings:
    """The figures of a report, section by section.

    Attributes:
        limit: how much of the results the drill-down holds.
        progress: regret, ranks and solved targets.
        also: the same of the second comparison, where there is one.
        costs: wall-clock, overhead, backends' time for a trial, and price.
        drill: the figures of one task at a time.
        projection: grid against random search; None where no task is made for it.
        rungs: planned against spent; None where no run had a schedule.
        ledger: the table behind it.
    """

    limit: drilldown.Budget
    _: KW_ONLY
    progress: tuple[Figure, ...]
    also: tuple[Figure, ...]
    costs: tuple[Figure, ...]
    drill: tuple[Figure, ...]
    projection: Figure | None
    rungs: Figure | None
    ledger: pd.DataFrame

    def __iter__(self) -> Iterator[Figure]:
        """Iterate over all figures."""
        yield from (*self.progress, *self.also, *self.costs, *self.drill)
        yield from (figure for figure in (self.projection, self.rungs) if figure is not None)


def draw(findings: Findings) -> Drawings:
    """Make all figures."""
    limit = drilldown.budget(findings)
    ledger = rungs.ledger(findings)
    progress = _progress(findings, findings.main)
    return Drawings(
        limit,
        progress=progress,
        also=_progress(findings, findings.also) if findings.also else (),
        costs=(
            progress_figures.wall_clock(progress[0]),
            cost_figures.overhead(findings),
            cost_figures.suggestion(findings),
            cost_figures.price(findings),
        ),
        drill=(
            drilldown.curves(findings, limit),
            drilldown.trials(findings, limit),
            drilldown.finals(findings, limit),
        ),
        projection=projection.figure(findings),
        rungs=rungs.figure(findings, ledger),
        ledger=ledger,
    )


def _progress(findings: Findings, part: Part) -> tuple[Figure, ...]:
    return (
        progress_figures.regret(findings, part),
        progress_figures.ranks(findings, part),
        progress_figures.solved(findings, part),
    )
