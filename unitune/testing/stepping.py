"""A study that is asked and told by hand, step by step, with the core's own checks between."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from unitune.backend import Answer, Mode, Study
from unitune.plugins import find_backend, find_method
from unitune.preparation import Plan, plan
from unitune.source import Source
from unitune.space import Const, Space
from unitune.translation import Raw, Translation, lower_space
from unitune.trial import Failure, Outcome, Report, State

Config = Mapping[str, Any]
Loss = Callable[[Config], float]
Judge = Callable[["Asked"], Outcome]


@dataclass(frozen=True, slots=True)
class Asked:
    """A proposal that was asked for, or a config that was injected."""

    number: int
    config: Config
    values: Mapping[str, Raw]
    token: Any


@dataclass(slots=True)
class Stepper:
    """One open study.

    Attributes:
        study: the study.
        translation: the space as it was given to it.
        rejected: how many proposals broke a constraint of the space.
    """

    study: Study
    translation: Translation
    rejected: int = 0
    _count: int = 0
    _untold: set[int] = field(default_factory=set)
    _source: Source = field(init=False)

    def __post_init__(self) -> None:
        self._source = Source(self.study, self.translation, on_rejected=self._on_rejected)

    def ask(self) -> Asked | Answer:
        """Ask for a config that satisfies the constraints."""
        proposed = self._source.next(waiting=bool(self._untold))
        if isinstance(proposed, Answer):
            return proposed
        return self._entered(proposed.config, proposed)

    def inject(self, config: Config) -> Asked:
        """Enter a config of the space that the library did not propose."""
        return self._entered(config, self.study.inject(self.translation.lower(config)))

    def tell(self, asked: Asked, outcome: Outcome) -> None:
        """Tell what became of it."""
        self._untold.discard(asked.number)
        self.study.tell(asked.token, outcome)

    def repeat(self, asked: Asked, outcome: Outcome | None) -> None:
        """Say that a proposal repeats an earlier one, which came to the outcome."""
        self._untold.discard(asked.number)
        self.study.repeated(asked.token, outcome)

    def go(self, judge: Judge, count: int) -> list[Asked]:
        """Ask and tell so many times, or until nothing is left; return what was asked for."""
        done = []
        for _ in range(count):
            asked = self.ask()
            if isinstance(asked, Answer):
                break
            done.append(asked)
            self.tell(asked, judge(asked))
        return done

    def several(self, count: int) -> list[Asked]:
        """Ask for so many without telling, or for as many as there are."""
        asked = []
        for _ in range(count):
            answer = self.ask()
            if isinstance(answer, Answer):
                break
            asked.append(answer)
        return asked

    def _entered(self, config: Config, known: Any) -> Asked:
        asked = Asked(self._count, config, known.values, known.token)
        self._count += 1
        self._untold.add(asked.number)
        return asked

    def _on_rejected(self, values: Mapping[str, Raw], constraint: str) -> None:
        self.rejected += 1


@dataclass(frozen=True, slots=True)
class Setting:
    """One method on one space: opens one study after another.

    Attributes:
        plan: the backend, the method and the translation.
        options: those of the method.
    """

    plan: Plan
    options: Mapping[str, Any]

    def open(self, seed: int, *, mode: Mode = "min", n_trials: int = 100) -> Stepper:
        """Open a study."""
        # As much a dict of its own as the user's is.
        given = dict(self.options)
        study = self.plan.open(mode=mode, seed=seed, n_trials=n_trials, options=given, workers=1)
        return Stepper(cast("Study", study), self.plan.translation)


def setting(
    space: Space, backend: str, method: str, options: Mapping[str, Any] | None = None
) -> Setting:
    """Prepare a method for a space."""
    return Setting(plan(space, backend, method, dict(options or {})), dict(options or {}))


def takeable(space: Space, backend: str, method: str) -> Space:
    """Return the part of a space that a method takes in some exact form.

    What is conditional on a parameter that it refuses is left out with it.
    """
    found = find_method(find_backend(backend), method)
    left = set(space)
    for verdict in lower_space(space, backend, found).refused:
        left.discard(verdict.name)
    for name, conditions in space.conditions.items():
        if any(condition.parent not in left for condition in conditions):
            left.discard(name)
    kept = {name: space[name] for name in space if name in left}
    return Space(kept, {each.name: each.predicate for each in space.constraints})


def searchable(space: Space) -> bool:
    """Return whether there is anything to search in a space."""
    return any(not isinstance(parameter, Const) for parameter in space.values())


def by_value(loss: Loss) -> Judge:
    """Return what evaluates every config to its loss."""
    return lambda asked: complete(loss(asked.config))


def complete(value: float) -> Outcome:
    """A trial that came to a value."""
    return Outcome(State.COMPLETE, float(value))


def failed(kind: str = "RuntimeError") -> Outcome:
    """A trial that failed; 'WorkerDied' and 'Lost' are those of a machine."""
    return Outcome(State.FAILED, failure=Failure(kind, "it did not work"))


def infeasible() -> Outcome:
    """A trial whose config the objective refused."""
    return Outcome(State.INFEASIBLE, failure=Failure("Infeasible", "not this one"))


def pruned(values: Iterable[float]) -> Outcome:
    """A trial that was stopped after these values."""
    reports = tuple(Report(step, value) for step, value in enumerate(values, start=1))
    return Outcome(State.PRUNED, reports[-1].value if reports else None, reports=reports)


def shuffled(things: Iterable[Any], seed: int) -> list[Any]:
    """Return things in an order that the seed fixes."""
    mixed = list(things)
    random.Random(seed).shuffle(mixed)
    return mixed
