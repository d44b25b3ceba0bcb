"""What a run decided, in order: enough for another run to decide the same."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from unitune.errors import OptionError
from unitune.trial import Verdict

# ("ask", 3), ("report", 3, 1, "continue") and ("tell", 3): the study was asked for trial 3, heard
# what it reported at step 1, which was answered so, and was told what became of it.
Decision = tuple[Literal["ask", "tell"], int] | tuple[Literal["report"], int, int, str]

VERDICTS = frozenset(verdict.value for verdict in Verdict)


class Transcript:
    """Writes down the order in which a study is asked, hears reports, and is told.

    What a trial reports again, in another attempt or from an earlier step on, is put to nobody,
    and so decides nothing.

    Attributes:
        decisions: so far.

    Example:
        >>> transcript = Transcript()
        >>> transcript.ask(0)
        >>> for step in (1, 1, 2):
        ...     transcript.report(0, step, Verdict.CONTINUE)
        >>> transcript.decisions
        [('ask', 0), ('report', 0, 1, 'continue'), ('report', 0, 2, 'continue')]
    """

    def __init__(self) -> None:
        self.decisions: list[Decision] = []
        self._reached: dict[int, int] = {}

    def ask(self, number: int) -> None:
        """The study was asked for a trial."""
        self.decisions.append(("ask", number))

    def report(self, number: int, step: int, verdict: Verdict) -> None:
        """A running trial reported, and was answered."""
        if step > self._reached.get(number, -1):
            self._reached[number] = step
            self.decisions.append(("report", number, step, verdict.value))

    def tell(self, number: int) -> None:
        """The study was told what became of a trial."""
        self._reached.pop(number, None)
        self.decisions.append(("tell", number))


def read_transcript(given: Iterable[Any]) -> tuple[Decision, ...]:
    """Return a transcript that a user gave, or that was kept as JSON, whose pairs are lists.

    Raises:
        OptionError: it is none.
    """
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise OptionError(f"replay={given!r}: give the `transcript` of a result.")
    return tuple(_read(place, one) for place, one in enumerate(given))


def _read(place: int, given: Any) -> Decision:
    match given:
        case [("ask" | "tell") as kind, int(number)] if number >= 0:
            return (kind, number)
        case ["report", int(number), int(step), str(verdict)] if number >= 0:
            if verdict in VERDICTS:
                return ("report", number, step, verdict)
    raise OptionError(
        f"replay[{place}]={given!r} is no decision of a run, such as ('ask', 3), "
        f"('report', 3, 1, 'continue') or ('tell', 3); give the `transcript` of a result."
    )
