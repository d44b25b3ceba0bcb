"""What a run leaves: its trials, the best one, the library's own study, where the time went."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Any

from unitune.backend import Mode
from unitune.errors import MissingLibraryError, NoCompleteTrialError
from unitune.ledger import Ledger
from unitune.schedulers import Rung
from unitune.space import Space
from unitune.transcript import Decision
from unitune.translation import Translation
from unitune.trial import State, Trial

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Overhead:
    """Where the wall-clock time of a run went, in seconds.

    Attributes:
        wall: the whole run.
        start_up: until the first proposal was asked for: imports, translation, opening the study.
        suggest: the backend proposing, and its proposals being lifted.
        evaluate: the objective (summed over workers).
        observe: the backend learning outcomes.
        idle: what is left of wall after all these, with evaluate shared by the workers:
            bookkeeping, callbacks, waiting. A service times neither suggest nor observe, so that
            its own work is in here.
    """

    wall: float
    start_up: float
    _: KW_ONLY
    suggest: float
    evaluate: float
    observe: float
    idle: float

    @property
    def total(self) -> float:
        """Everything but the objective: wall-clock minus evaluation, never below zero."""
        return self.start_up + self.suggest + self.observe + self.idle


@dataclass(frozen=True, slots=True)
class Result:
    """The outcome of one run.

    Attributes:
        backend: the backend's name.
        method: the method's name; the flagship's own name where 'bayesian' was asked for.
        mode: 'min' or 'max'.
        seed: the seed used, drawn at random where none was given.
        space: the space searched.
        trials: every trial in a final state, in the order of their numbers.
        reason: why the run ended: n_trials, timeout, target, patience, exhausted, interrupted,
            all failed, or what a callback said.
        rejected: how many proposals broke a constraint of the space; they are no trials.
        repeated: how many repeated an earlier config, with several workers; they are none either.
        translation: how the space was translated.
        native: the library's own study: `optuna.Study`, `hyperopt.Trials`, …
        overhead: where the time went.
        through: 'backend:method' that proposed, where the method is composed.
        versions: of unitune, Python and the wrapped library.
        transcript: the order in which the study was asked for trials, heard their reports and was
            told of them, as ('ask', number), ('report', number, step, answer) and
            ('tell', number); `run(..., replay=…)` takes it. Empty for a
            backend that owns its loop.
        study: the study's name in its journal; None without one.
        scheduler: the scheduler's name, 'unitune:NAME' for a composed one; None without one.
        schedule: the rungs of one round of the scheduler, where it has rungs.
        resumed: how an earlier run of the study was gone on with: 'exact', or why its results
            were told to a fresh study instead; None where there was none.

    Example:
        >>> import unitune
        >>> result = unitune.run(
        ...     {"x": unitune.Float(-5, 5)}, lambda config: config["x"] ** 2, backend="builtin",
        ...     method="random", n_trials=20, seed=0,
        ... )
        >>> result.best.value == min(result.frame()["value"]), result.reason
        (True, 'n_trials')
    """

    backend: str
    method: str
    _: KW_ONLY
    mode: Mode
    seed: int
    space: Space
    trials: tuple[Trial, ...]
    reason: str
    rejected: int
    translation: Translation
    native: Any
    overhead: Overhead
    through: str | None
    versions: Mapping[str, str]
    transcript: tuple[Decision, ...] = ()
    repeated: int = 0
    study: str | None = None
    resumed: str | None = None
    scheduler: str | None = None
    schedule: tuple[Rung, ...] = ()

    @property
    def resource(self) -> Ledger:
        """What each trial and rung consumed, beside the scheduler's plan."""
        return Ledger(self.trials, self.schedule)

    @property
    def best(self) -> Trial:
        """The complete trial with the best value.

        Raises:
            NoCompleteTrialError: there is none.
        """
        complete = [t for t in self.trials if t.state is State.COMPLETE and t.value is not None]
        if not complete:
            failure = next((t.failure for t in self.trials if t.failure is not None), None)
            raise NoCompleteTrialError(
                f"None of the {len(self.trials)} trials is complete, so that there is no best one. "
                + (f"The first failure was {failure}." if failure else "")
            )
        sign = 1 if self.mode == "min" else -1
        return min(complete, key=lambda trial: sign * (trial.value or 0.0))

    def frame(self) -> pd.DataFrame:
        """Return one row a trial: number, state, value, `config.*`, attempts, times in seconds.

        A parameter that was not there has a missing value.
        """
        import pandas as pd

        rows = [trial.row(self.space) for trial in self.trials]
        frame = pd.DataFrame(rows)
        for name, parameter in self.space.items():
            column = f"config.{name}"
            if (
                column in frame
                and type(parameter).__name__ == "Int"
                and self.space.conditions[name]
            ):
                frame[column] = frame[column].astype("Int64")
        return frame

    def curves(self) -> pd.DataFrame:
        """Return one row a report: number of the trial, step, value."""
        import pandas as pd

        rows = [
            (trial.number, report.step, report.value)
            for trial in self.trials
            for report in trial.reports
        ]
        return pd.DataFrame(rows, columns=["number", "step", "value"])

    def to_optuna(self) -> Any:
        """Return the result as an `optuna.Study`, so that Optuna's plots and dashboard serve it.

        Raises:
            MissingLibraryError: Optuna is not installed.
        """
        try:
            export = importlib.import_module("unitune_optuna.export")
        except ImportError as error:
            raise MissingLibraryError(
                "Exporting to Optuna needs optuna, which is not installed. Install it with: "
                "pip install 'unitune[report]'"
            ) from error
        return export.to_optuna(self)

    def __repr__(self) -> str:
        best = min(
            (t.value for t in self.trials if t.state is State.COMPLETE and t.value is not None),
            key=lambda value: value if self.mode == "min" else -value,
            default=None,
        )
        return (
            f"Result({self.backend}:{self.method}, {len(self.trials)} trials, best {best!r}, "
            f"ended by {self.reason!r})"
        )
