"""Keeping a run to the order of an earlier one, however its trials come in."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from unitune.job import Finished
from unitune.transcript import Decision
from unitune.trial import Verdict


@dataclass(frozen=True, slots=True)
class Said:
    """A report that a running trial made, and was answered."""

    number: int
    step: int
    value: float
    answer: Verdict
    again: bool  # the trial had been at that step before


class Turns:
    """Says whose turn it is, and keeps what came in before its turn.

    A report is answered at once, as the earlier run answered it, so that no worker waits for the
    others; it is put to the study and the scheduler when it has its turn. What a trial brings is
    taken in its own order. A run that turns out to be another one is no longer kept to anything.

    Args:
        decisions: of the earlier run; with none there is nothing to repeat.
    """

    def __init__(self, decisions: Iterable[Decision] = ()) -> None:
        self._left = deque(decisions)
        self._answers = {one[1:3]: Verdict(one[3]) for one in self._left if one[0] == "report"}
        self._reached: dict[int, int] = {}
        self._brought: list[Said | Finished] = []

    def __bool__(self) -> bool:
        """Whether the order is still to be kept."""
        return bool(self._left)

    def may_ask(self, number: int) -> bool:
        """Return whether the study may be asked for a trial now."""
        return not self._left or self._left[0] == ("ask", number)

    @property
    def wants_ask(self) -> bool:
        """Whether nothing but the next trial can be next."""
        return bool(self._left) and self._left[0][0] == "ask"

    @property
    def to_tell(self) -> int | None:
        """The trial that the study is to be told of next; None if something else is next."""
        return self._left[0][1] if self._left and self._left[0][0] == "tell" else None

    def passed(self) -> None:
        """Go on to the next decision, if there is one."""
        if self._left:
            self._left.popleft()

    def give_up(self) -> None:
        """Leave the rest of the order: this is another run."""
        self._left.clear()

    def answer(self, number: int, step: int, value: float) -> Verdict | None:
        """Keep a report until its turn; return its answer, None if the earlier run has no such."""
        reached = self._reached.get(number, -1)
        again = step <= reached
        # As in Steering.report: in a further attempt, what was said of its last step holds.
        verdict = Verdict.CONTINUE if step < reached else self._answers.get((number, step))
        if verdict is not None:
            self._reached[number] = max(step, reached)
            self._brought.append(Said(number, step, value, verdict, again))
        return verdict

    def keep(self, finished: Finished) -> None:
        """Keep a job that was done until what it reported has had its turn."""
        self._brought.append(finished)

    def next(self) -> Said | Finished | None:
        """Take out what has its turn; None while nothing has."""
        waits: set[int] = set()
        for place, one in enumerate(self._brought):
            number = one.number if isinstance(one, Said) else one.job.number
            if number not in waits and self._has_turn(one):
                return self._brought.pop(place)
            waits.add(number)
        return None

    def _has_turn(self, one: Said | Finished) -> bool:
        if not self._left or isinstance(one, Finished) or one.again:
            return True
        return self._left[0][:3] == ("report", one.number, one.step)
