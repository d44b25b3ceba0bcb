"""Where a run's configs come from: initial ones, then a study's proposals, checked and lifted."""

from __future__ import annotations

import math
import random
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import KW_ONLY, dataclass
from time import perf_counter
from typing import Any

from unitune.backend import Answer, Proposal, Study
from unitune.errors import BackendError, SpaceError, UnituneWarning
from unitune.space import Config
from unitune.translation import Raw, Translation
from unitune.trial import Failure, Outcome, State, Trial

# After so many repeats in a row a library has converged, and a config drawn at random is as good.
REPEATS = 10
# So many random draws that are all known mean that few new configs are left.
DRAWS = 100
# A library that proposes so many configs in a row that break a constraint has nothing to offer.
REJECTIONS = 1000


@dataclass(frozen=True, slots=True)
class Proposed:
    """A config to evaluate.

    Attributes:
        config: in the user's values.
        values: in the backend's raw values.
        token: what the study knows it by.
        initial: whether the user gave it.
        entered: whether it was entered into the study, which did not propose it.
        suggest: seconds it took to come by.
    """

    config: Config
    _: KW_ONLY
    values: Mapping[str, Raw]
    token: Any
    initial: bool
    entered: bool
    suggest: float


class Source:
    """Hands out configs that satisfy the space, and tells the study what it must know.

    Args:
        study: the open study.
        translation: how its raw values become configs.
        initial: configs to hand out before the study is asked.
        on_rejected: called with (raw values, constraint) for each proposal that breaks one.
        on_repeated: called with (raw values, number) for each proposal that repeats the config of
            a trial; None takes repeats as they come.
    """

    def __init__(
        self,
        study: Study,
        translation: Translation,
        *,
        initial: Iterable[Config] = (),
        on_rejected: Callable[[Mapping[str, Raw], str], Any],
        on_repeated: Callable[[Mapping[str, Raw], int], Any] | None = None,
    ) -> None:
        self.study = study
        self.translation = translation
        self._initial = deque(initial)
        self._on_rejected = on_rejected
        # What is drawn from a continuous range does not repeat.
        finite = all(parameter.size < math.inf for parameter in translation.space.values())
        self._on_repeated = on_repeated if finite else None
        self._seen: dict[tuple[Any, ...], int] = {}
        self._outcomes: dict[int, Outcome] = {}

    def next(self, *, waiting: bool) -> Proposed | Answer:
        """Return the next config, or why there is none.

        Args:
            waiting: whether a trial is running, so that the study may be told something yet.

        Raises:
            BackendError: the study broke its contract.
        """
        begun = perf_counter()
        if self._initial:
            return self._enter(self._initial.popleft(), begun, initial=True)
        repeats = rejections = 0
        while rejections < REJECTIONS:
            answer = self.study.ask()
            if isinstance(answer, Answer):
                self._refuse_to_wait_for_nothing(answer, waiting=waiting)
                return answer
            if not isinstance(answer, Proposal):
                raise self._no_proposal(answer)
            config = self.translation.lift(answer.values)
            broken = self.translation.space.broken_constraint(config)
            earlier = self._earlier(config)
            if broken is not None:
                self.reject(answer, broken)
                rejections += 1
            elif earlier is None or repeats > REPEATS:
                return _proposed(config, answer, begun)
            else:
                self._repeat(answer, earlier)
                repeats += 1
                unseen = self._unseen() if repeats == REPEATS else None
                if unseen is not None:
                    return self._enter(unseen, begun, initial=False)
        warnings.warn(
            f"{self.translation.backend} ({self.translation.method}) proposed {REJECTIONS} "
            f"configs in a row that break a constraint; the run ends.",
            UnituneWarning,
            stacklevel=7,  # the line that called run()
        )
        return Answer.EXHAUSTED

    def reject(self, proposal: Proposal, constraint: str) -> None:
        """Tell the study that a proposal breaks a constraint of the space."""
        self._on_rejected(proposal.values, constraint)
        failure = Failure("Constraint", constraint)
        self.study.tell(proposal.token, Outcome(State.INFEASIBLE, failure=failure))

    def begin(self, number: int, config: Config) -> None:
        """Remember which trial has a config."""
        if self._on_repeated is not None:
            self._seen.setdefault(self._key(config), number)

    def learn(self, number: int, outcome: Outcome) -> None:
        """Remember what became of a trial."""
        if self._on_repeated is not None:
            self._outcomes[number] = outcome

    def restore(self, trials: Iterable[Trial], running: Mapping[int, Config]) -> None:
        """Remember the trials of an earlier run."""
        for trial in trials:
            self.begin(trial.number, dict(trial.config))
            if self._on_repeated is not None:
                self._outcomes[trial.number] = trial.outcome
        for number, config in running.items():
            self.begin(number, config)

    def _enter(self, config: Config, begun: float, *, initial: bool) -> Proposed:
        entered = self.study.inject(self.translation.lower(config))
        return _proposed(config, entered, begun, initial=initial, entered=True)

    def _unseen(self) -> Config | None:
        """Draw a config that no trial has yet, if a few draws find one."""
        # Fixed by what was seen, so that a run that is repeated draws the same.
        rng = random.Random(len(self._seen))
        draws = (self.translation.space.sample(rng) for _ in range(DRAWS))
        return next((config for config in draws if self._earlier(config) is None), None)

    def _earlier(self, config: Config) -> int | None:
        return None if self._on_repeated is None else self._seen.get(self._key(config))

    def _repeat(self, proposal: Proposal, number: int) -> None:
        if self._on_repeated is not None:
            self._on_repeated(proposal.values, number)
            self.study.repeated(proposal.token, self._outcomes.get(number))

    def _key(self, config: Config) -> tuple[Any, ...]:
        steps = self.translation.steps
        return tuple((name, steps[name].lower(v)) for name, v in config.items() if name in steps)

    def _no_proposal(self, answer: object) -> BackendError:
        return BackendError(
            f"Backend {self.translation.backend!r} answered {answer!r:.80} when it was asked; this "
            f"is a fault of the backend. Its `ask` must return Proposal(values, token), or "
            f"Answer.NOT_READY or Answer.EXHAUSTED where it has no config."
        )

    def _refuse_to_wait_for_nothing(self, answer: Answer, *, waiting: bool) -> None:
        if answer is Answer.NOT_READY and not waiting:
            raise BackendError(
                f"Backend {self.translation.backend!r} waits for results, and no trial is "
                f"running; this is a fault of the backend."
            )


def _proposed(
    config: Config,
    proposal: Proposal,
    begun: float,
    *,
    initial: bool = False,
    entered: bool = False,
) -> Proposed:
    return Proposed(
        config,
        values=proposal.values,
        token=proposal.token,
        initial=initial,
        entered=entered,
        suggest=perf_counter() - begun,
    )


def check_constraints(translation: Translation, seed: int) -> None:
    """Raise SpaceError before a run if no config seems to satisfy the constraints."""
    if translation.space.constraints:
        try:
            translation.space.sample(seed)
        except SpaceError as error:
            raise SpaceError(f"The run was not begun: {error}") from error
