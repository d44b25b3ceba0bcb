"""What trials consumed, rung by rung, beside the schedule of its paper."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from unitune.schedulers import Rung
from unitune.tables import render
from unitune.trial import Trial

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Ledger:
    """The resource that a run consumed; printing it gives one line a rung.

    Attributes:
        trials: the run's trials.
        schedule: the rungs of one round of its scheduler, as its paper has them; empty where it
            has none. For a library's own scheduler these are what its rule amounts to.
    """

    trials: tuple[Trial, ...]
    schedule: tuple[Rung, ...] = ()

    @property
    def total(self) -> int:
        """What all trials consumed, failed attempts and repeated steps included."""
        return sum(trial.resource for trial in self.trials)

    def frame(self) -> pd.DataFrame:
        """Return one row for each leg of each trial.

        Columns: number, bracket and rung (missing without a schedule), start and reached (steps),
        consumed, how it came by the state at `start` ('first', 'waited', 'restored', 'replayed'),
        and the trial's state.
        """
        import pandas as pd

        rows = [
            (t.number, g.bracket, g.rung, g.start, g.reached, g.consumed, g.how, t.state.value)
            for t in self.trials
            for g in t.legs
        ]
        names = ["number", "bracket", "rung", "start", "reached", "consumed", "how", "state"]
        frame = pd.DataFrame(rows, columns=names)
        return frame.astype({"bracket": "Int64", "rung": "Int64"})

    def rungs(self) -> pd.DataFrame:
        """Return one row a rung: what was planned for one round, and what was done in all.

        Columns: bracket, rung, planned_trials, planned_resource (of one trial, from its start),
        trials (how many ran for this rung), reached (the furthest step one of them came to) and
        resource (what they consumed there; a trial whose generator waited or whose checkpoint was
        loaded consumes the difference to the rung below, one that is computed again all of it).

        A library's own scheduler does not say which rung a trial runs for. There is one row a
        level of the plan then, all brackets together, without bracket and rung: how many trials
        were to come as far and how many came, the furthest step that one came to on the way from
        the level below, and what was consumed on that way.
        """
        import pandas as pd

        legs = self.frame()
        if len(legs) and legs["rung"].isna().all():
            return self._levels(legs)
        done = legs.dropna(subset=["rung"]).groupby(["bracket", "rung"])
        summed = done.agg(
            trials=("number", "nunique"), reached=("reached", "max"), resource=("consumed", "sum")
        )
        planned = pd.DataFrame(
            [(r.bracket, r.rung, r.trials, r.resource) for r in self.schedule],
            columns=["bracket", "rung", "planned_trials", "planned_resource"],
        ).set_index(["bracket", "rung"])
        both = planned.join(summed, how="outer").fillna(0).astype("int64").reset_index()
        return both.sort_values(["bracket", "rung"], ascending=[False, True], ignore_index=True)

    def _levels(self, legs: pd.DataFrame) -> pd.DataFrame:
        import pandas as pd

        levels = sorted({rung.resource for rung in self.schedule})
        furthest = legs.groupby("number")["reached"].max()
        rows = []
        for below, level in itertools.pairwise([0, *levels]):
            end = math.inf if level == levels[-1] else level  # a report may leap beyond the most
            start, reached = legs["start"].clip(below, end), legs["reached"].clip(below, end)
            on_way = reached[reached > start]
            came, spent = (furthest >= level).sum(), (reached - start).sum()
            far = on_way.max() if len(on_way) else 0
            rows.append((self._planned(level), level, came, far, spent))
        columns = ["planned_trials", "planned_resource", "trials", "reached", "resource"]
        table = pd.DataFrame(rows, columns=columns).astype("int64")
        missing = pd.Series(pd.NA, index=table.index, dtype="Int64")
        table.insert(0, "bracket", missing)
        table.insert(1, "rung", missing)
        return table

    def _planned(self, level: int) -> int:
        """Return how many trials of a round are to come to a level: of each bracket its rung's."""
        first: dict[int, Rung] = {}
        for rung in sorted(self.schedule, key=lambda rung: rung.resource):
            if rung.resource >= level:
                first.setdefault(rung.bracket, rung)
        return sum(rung.trials for rung in first.values())

    def __str__(self) -> str:
        # A library does not tell brackets apart.
        rungs = self.rungs().dropna(axis="columns", how="all")
        columns = [str(name) for name in rungs.columns]
        rows = [[str(value) for value in row] for row in rungs.itertuples(index=False)]
        title = f"{self.total} consumed by {len(self.trials)} trials"
        return render(title, columns, rows, columns) if rows else title
