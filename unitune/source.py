"""Where a run's configs come from: initial ones, then a study's proposals, checked and lifted."""

from __future__ import annotations

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
from unitune.trial import Failure, Outcome, State

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
        suggest: seconds it took to come by.
    """

    config: Config
    _: KW_ONLY
    values: Mapping[str, Raw]
    token: Any
    initial: bool
    suggest: float


class Source:
    """Hands out configs that satisfy the space, and tells the study what it must know.

    Args:
        study: the open study.
        translation: how its raw values become configs.
        initial: configs to hand out before the study is asked.
        on_rejected: called with (raw values, constraint) for each proposal that breaks one.
    """

    def __init__(
        self,
        study: Study,
        translation: Translation,
        *,
        initial: Iterable[Config] = (),
        on_rejected: Callable[[Mapping[str, Raw], str], Any],
    ) -> None:
        self.study = study
        self.translation = translation
        self._initial = deque(initial)
        self._on_rejected = on_rejected

    def next(self, *, waiting: bool) -> Proposed | Answer:
        """Return the next config, or why there is none.

        Args:
            waiting: whether a trial is running, so that the study may be told something yet.

        Raises:
            BackendError: the study broke its contract.
        """
        begun = perf_counter()
        if self._initial:
            return self.enter(self._initial.popleft())
        for _ in range(REJECTIONS):
            answer = self.study.ask()
            if isinstance(answer, Answer):
                self._refuse_to_wait_for_nothing(answer, waiting=waiting)
                return answer
            config = self.translation.lift(answer.values)
            broken = self.translation.space.broken_constraint(config)
            if broken is None:
                return _proposed(config, answer, begun, initial=False)
            self.reject(answer, broken)
        warnings.warn(
            f"{self.translation.backend} ({self.translation.method}) proposed {REJECTIONS} "
            f"configs in a row that break a constraint; the run ends.",
            UnituneWarning,
            stacklevel=7,  # the line that called run()
        )
        return Answer.EXHAUSTED

    def enter(self, config: Config) -> Proposed:
        """Enter a config of the user's, or of an earlier run, into the study."""
        begun = perf_counter()
        entered = self.study.inject(self.translation.lower(config))
        return _proposed(config, entered, begun, initial=True)

    def reject(self, proposal: Proposal, constraint: str) -> None:
        """Tell the study that a proposal breaks a constraint of the space."""
        self._on_rejected(proposal.values, constraint)
        failure = Failure("Constraint", constraint)
        self.study.tell(proposal.token, Outcome(State.INFEASIBLE, failure=failure))

    def _refuse_to_wait_for_nothing(self, answer: Answer, *, waiting: bool) -> None:
        if answer is Answer.NOT_READY and not waiting:
            raise BackendError(
                f"Backend {self.translation.backend!r} waits for results, and no trial is "
                f"running; this is a fault of the backend."
            )


def _proposed(config: Config, proposal: Proposal, begun: float, *, initial: bool) -> Proposed:
    return Proposed(
        config,
        values=proposal.values,
        token=proposal.token,
        initial=initial,
        suggest=perf_counter() - begun,
    )


def check_constraints(translation: Translation, seed: int) -> None:
    """Raise SpaceError before a run if no config seems to satisfy the constraints."""
    if translation.space.constraints:
        try:
            translation.space.sample(seed)
        except SpaceError as error:
            raise SpaceError(f"The run was not begun: {error}") from error
