"""What trials consumed, rung by rung, beside the schedule they were to keep to."""

from __future__ import annotations

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
            has none.
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
        """
        import pandas as pd

        done = self.frame().dropna(subset=["rung"]).groupby(["bracket", "rung"])
        summed = done.agg(
            trials=("number", "nunique"), reached=("reached", "max"), resource=("consumed", "sum")
        )
        planned = pd.DataFrame(
            [(r.bracket, r.rung, r.trials, r.resource) for r in self.schedule],
            columns=["bracket", "rung", "planned_trials", "planned_resource"],
        ).set_index(["bracket", "rung"])
        both = planned.join(summed, how="outer").fillna(0).astype("int64").reset_index()
        return both.sort_values(["bracket", "rung"], ascending=[False, True], ignore_index=True)

    def __str__(self) -> str:
        rungs = self.rungs()
        columns = [str(name) for name in rungs.columns]
        rows = [[str(value) for value in row] for row in rungs.itertuples(index=False)]
        title = f"{self.total} consumed by {len(self.trials)} trials"
        return render(title, columns, rows, columns) if rows else title
