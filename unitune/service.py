"""Running a backend that owns its loop: its events are recorded as the driver's are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field, replace
from typing import Any

from unitune.backend import Answer, Service, Study
from unitune.errors import BackendError, UnituneError
from unitune.objective import Evaluator
from unitune.recorder import Run
from unitune.space import Config
from unitune.steering import Steering
from unitune.translation import Raw, Translation
from unitune.trial import Leg, Outcome, Perturbation, Trial, Verdict, trial_seed


class Onlooker(Study):
    """Stands where a study does, for a library that proposes and learns by itself."""

    def ask(self) -> Answer:
        return Answer.EXHAUSTED

    def tell(self, token: Any, outcome: Outcome) -> None:
        """Learn nothing."""

    @property
    def native(self) -> None:
        return None


@dataclass(slots=True)
class _Course:
    """A trial between its proposal and its end."""

    number: int
    config: Config
    _: KW_ONLY
    resource: int | None = None  # how far it goes
    start: float | None = None
    paused: bool = False
    legs: list[Leg] = field(default_factory=list)
    perturbations: list[Perturbation] = field(default_factory=list)


class ServiceSink:
    """Records what a service does, as the driver records what a study does.

    Args:
        translation: lifts the service's raw values.
        run: takes the trials and says when to end.
        steering: says which running trials go on.
        seed: the run's seed, from which each trial has its own.
        n_trials: how many trials there may be.
        initial: how many of the first configs are the user's.
    """

    def __init__(
        self,
        translation: Translation,
        run: Run,
        steering: Steering,
        *,
        seed: int,
        n_trials: int,
        initial: int = 0,
    ) -> None:
        self._translation = translation
        self._run = run
        self._steering = steering
        self._seed = seed
        self._n_trials = n_trials
        self._initial = initial
        self._numbers: dict[str, int] = {}
        self._keys: list[str] = []
        self._courses: dict[str, _Course] = {}
        self._full = False
        self._error: UnituneError | None = None

    def proposed(self, key: str, values: Mapping[str, Raw]) -> int | None:
        number = self._numbers[key] = len(self._keys)
        self._keys.append(key)
        resource = self._steering.begin(number)
        self._full = False  # a scheduler that was told to wait for no more begins a new round
        self._courses[key] = _Course(number, self._translation.lift(values), resource=resource)
        return resource

    def begun(self, key: str) -> None:
        course = self._courses[key]
        course.paused = False
        if course.start is None:
            course.start = self._run.elapsed

    def reported(self, key: str, step: int, value: float) -> Verdict:
        return self._steering.report(self._numbers[key], None, step, value)

    def consumed(self, key: str, leg: Leg) -> None:
        course = self._courses[key]
        place = self._steering.place(course.number)
        if place is not None:
            leg = replace(leg, bracket=place.bracket, rung=place.rung)
        course.paused = True
        course.legs.append(leg)
        self._run.consume(leg)

    def perturbed(self, key: str, source: str, step: int, values: Mapping[str, Raw]) -> None:
        course, config = self._courses[key], self._translation.lift(values)
        course.perturbations.append(
            Perturbation(step, self._numbers[source], before=course.config, after=config)
        )
        course.config = config

    def finished(self, key: str, outcome: Outcome, seconds: float) -> None:
        course = self._courses.pop(key)
        if self._error is not None:
            return
        self._steering.ended(course.number, outcome)
        if any(other.paused for other in self._courses.values()):
            self._run.works()
        try:
            self._run.add(self._record(course, outcome, seconds))
        except UnituneError as error:
            # Raised inside the library's loop it might be taken for one of the library's own.
            self._error = error

    def rejected(self) -> None:
        self._run.rejected += 1

    def released(self) -> list[tuple[str, int | None]]:
        return [(self._keys[one.number], one.resource) for one in self._steering.releases()]

    def gone_on(self, key: str) -> None:
        course = self._courses[key]
        releases = {one.number: one.resource for one in self._steering.releases()}
        course.resource = releases.get(course.number)
        course.paused = False
        self._steering.go_on(course.number)

    def full(self) -> None:
        if not self._full:
            self._full = True
            self._steering.full()
        elif not self._steering.releases() and all(c.paused for c in self._courses.values()):
            self._run.stop("stalled")  # a scheduler that lets nobody go on

    @property
    def spent(self) -> bool:
        """Whether it is the budget of resource that leaves no room."""
        return len(self._keys) < self._n_trials and not self.room

    @property
    def room(self) -> bool:
        active = ((one.resource, one.legs) for one in self._courses.values() if not one.paused)
        return (
            not self.done
            and len(self._keys) < self._n_trials
            and self._run.affords(active, self._steering.owed)
        )

    @property
    def done(self) -> bool:
        return self._error is not None or self._run.over

    def check(self) -> None:
        """Raise the error that ended the run, if one did."""
        if self._error is not None:
            raise self._error

    def _record(self, course: _Course, outcome: Outcome, seconds: float) -> Trial:
        return Trial(
            course.number,
            course.config,
            state=outcome.state,
            value=outcome.value,
            seed=trial_seed(self._seed, course.number),
            reports=outcome.reports,
            metrics=outcome.metrics,
            failure=outcome.failure,
            initial=course.number < self._initial,
            start=self._run.elapsed if course.start is None else course.start,
            evaluate=seconds,
            legs=tuple(course.legs),
            perturbations=tuple(course.perturbations),
        )


def serve(service: Service, evaluate: Evaluator, sink: ServiceSink, run: Run) -> None:
    """Run a service to its end; Ctrl-C ends the run and keeps what is there."""
    try:
        service.run(evaluate, sink)
        run.stop("max_resource" if sink.spent else "exhausted")
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
