"""Running a backend that owns its loop: its events are recorded as the driver's are."""

from __future__ import annotations

from collections.abc import Mapping

from unitune.backend import Service
from unitune.errors import BackendError, UnituneError
from unitune.objective import Evaluator
from unitune.recorder import Run
from unitune.space import Config
from unitune.translation import Raw, Translation
from unitune.trial import Outcome, Trial, trial_seed


class ServiceSink:
    """Records what a service does, as the driver records what a study does."""

    def __init__(self, translation: Translation, run: Run, *, seed: int, initial: int) -> None:
        self._translation = translation
        self._run = run
        self._seed = seed
        self._initial = initial
        self._started: dict[str, tuple[int, Config, float]] = {}
        self._error: UnituneError | None = None

    def started(self, key: str, values: Mapping[str, Raw]) -> None:
        number = len(self._started)
        self._started[key] = (number, self._translation.lift(values), self._run.elapsed)

    def reported(self, key: str, step: int, value: float) -> bool:
        return False

    def finished(self, key: str, outcome: Outcome, seconds: float) -> None:
        number, config, start = self._started[key]
        if self._error is not None:
            return
        try:
            self._run.add(
                Trial(
                    number,
                    config,
                    state=outcome.state,
                    value=outcome.value,
                    seed=trial_seed(self._seed, number),
                    reports=outcome.reports,
                    metrics=outcome.metrics,
                    failure=outcome.failure,
                    initial=number < self._initial,
                    start=start,
                    evaluate=seconds,
                )
            )
        except UnituneError as error:
            # Raised inside the library's loop it might be taken for one of the library's own.
            self._error = error

    def rejected(self) -> None:
        self._run.rejected += 1

    @property
    def done(self) -> bool:
        return self._error is not None or self._run.over

    def check(self) -> None:
        """Raise the error that ended the run, if one did."""
        if self._error is not None:
            raise self._error


def serve(service: Service, evaluate: Evaluator, sink: ServiceSink, run: Run) -> None:
    """Run a service to its end; Ctrl-C ends the run and keeps what is there."""
    try:
        service.run(evaluate, sink)
        run.stop("exhausted")
    except KeyboardInterrupt:
        run.reason = "interrupted"
    except UnituneError:
        raise
    except Exception as error:
        raise BackendError(
            f"The backend failed after {len(run.trials)} trials with {type(error).__name__}: "
            f"{error}. The trials are in this error's `result`."
        ) from error
    sink.check()
