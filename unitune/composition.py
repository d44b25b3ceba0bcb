"""A composed study: one backend proposes, the library of another one keeps the study."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from unitune.backend import Answer, Problem, Proposal, Study
from unitune.translation import Raw, Translation
from unitune.trial import Outcome


class ComposedStudy(Study):
    """Joins a proposing study with the one that holds the record.

    Args:
        proposer: where configs come from, such as the builtin grid.
        proposed: the translation of the proposer.
        host: the study whose library's object is to be filled.
        hosted: the translation of the host.
    """

    def __init__(
        self, proposer: Study, proposed: Translation, host: Study, hosted: Translation
    ) -> None:
        self._proposer = proposer
        self._proposed = proposed
        self._host = host
        self._hosted = hosted

    @classmethod
    def native_space(cls, translation: Translation) -> Mapping[str, Any]:
        return translation.natives

    @classmethod
    def open(cls, problem: Problem) -> Self:  # noqa: ARG003
        message = "A composed study is made of two open ones."
        raise TypeError(message)

    def ask(self) -> Proposal | Answer:
        answer = self._proposer.ask()
        if isinstance(answer, Answer):
            return answer
        raw = self._hosted.lower(self._proposed.lift(answer.values))
        entered = self._host.inject(raw)
        return Proposal(entered.values, (answer.token, entered.token))

    def inject(self, values: Mapping[str, Raw]) -> Proposal:
        raw = self._proposed.lower(self._hosted.lift(values))
        entered = self._host.inject(values)
        return Proposal(entered.values, (self._proposer.inject(raw).token, entered.token))

    def tell(self, token: tuple[Any, Any], outcome: Outcome) -> None:
        self._proposer.tell(token[0], outcome)
        self._host.tell(token[1], outcome)

    def repeated(self, token: tuple[Any, Any], outcome: Outcome | None) -> None:
        self._proposer.repeated(token[0], outcome)
        self._host.repeated(token[1], outcome)

    def report(self, token: tuple[Any, Any], step: int, value: float) -> bool:
        return self._host.report(token[1], step, value)

    @property
    def native(self) -> Any:
        return self._host.native

    def close(self) -> None:
        self._proposer.close()
        self._host.close()
