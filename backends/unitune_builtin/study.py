"""Grid and random search over the space itself."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from unitune.backend import Answer, Problem, Proposal, Study, build
from unitune.space import Config
from unitune.space.design import grid_for_budget
from unitune.translation import Raw, Translation
from unitune.trial import Outcome


@dataclass
class Record:
    """The native study of this backend: what was proposed and what became of it."""

    method: str
    outcomes: list[tuple[Mapping[str, Raw], Outcome]] = field(default_factory=list)


class BuiltinStudy(Study):
    """Proposes from an iterator of configs."""

    def __init__(self, problem: Problem, configs: Iterator[Config]) -> None:
        self._translation = problem.translation
        self._configs = configs
        self._record = Record(problem.method.name)

    @classmethod
    def native_space(cls, translation: Translation) -> Mapping[str, Any]:
        return translation.targets

    @classmethod
    def open(cls, problem: Problem) -> Self:
        factory = _grid if problem.method.name == "grid" else _random
        return cls(problem, build(factory, problem.options, problem.title, problem=problem))

    def ask(self) -> Proposal | Answer:
        config = next(self._configs, None)
        if config is None:
            return Answer.EXHAUSTED
        return self.inject(self._translation.lower(config))

    def inject(self, values: Mapping[str, Raw]) -> Proposal:
        return Proposal(values, values)

    def tell(self, token: Mapping[str, Raw], outcome: Outcome) -> None:
        self._record.outcomes.append((token, outcome))

    @property
    def native(self) -> Record:
        return self._record


def _random(problem: Problem) -> Iterator[Config]:
    rng = random.Random(problem.seed)
    while True:
        yield problem.translation.space.sample(rng)


def _grid(problem: Problem, points: int | Mapping[str, int] | None = None) -> Iterator[Config]:
    return grid_for_budget(problem.translation.space, problem.n_trials, problem.seed, points)
