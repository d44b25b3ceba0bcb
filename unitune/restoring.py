"""Bringing a study back from its journal: the same calls, in the same order, on a fresh one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

from unitune.backend import Answer, Proposal
from unitune.journal import Event
from unitune.past import Past
from unitune.steering import Steering
from unitune.translation import Translation
from unitune.trial import Failure, Outcome, State


class DivergedError(Exception):
    """A fresh study does not propose what the journal says it did."""


class Reenacted:
    """A fresh study that is brought to where an earlier one was.

    Repeating its calls is exact where the library is the same and reproducible. Loading its
    results under the same seed would not be: the study would propose the same configs again.

    Args:
        steering: a fresh one, of a fresh study.
        translation: how configs become its raw values.
        history: takes every event.

    Attributes:
        tokens: what the study knows each trial by that has not ended.
        limits: how far each of them goes.
        steering: the one that was given, brought to where the earlier one was.
    """

    def __init__(self, steering: Steering, translation: Translation, history: Past) -> None:
        self.tokens: dict[int, Any] = {}
        self.limits: dict[int, int | None] = {}
        self.steering = steering
        self._study = steering.study
        self._translation = translation
        self._history = history

    def repeat(self, events: Iterable[Event]) -> None:
        """Repeat the calls that the earlier study saw, given its seed.

        Raises:
            DivergedError: this one proposes something else, after an upgrade of the library, say.
        """
        for event in events:
            if event.kind == "rejected":
                failure = Failure("Constraint", event.data["constraint"])
                outcome = Outcome(State.INFEASIBLE, failure=failure)
                self._study.tell(self._ask(event).token, outcome)
            elif event.kind == "repeated":
                earlier = self._history.outcome(event.data["of"])
                self._study.repeated(self._ask(event).token, earlier)
            elif event.kind == "full":
                self.steering.full()
            elif event.number is not None:
                self._repeat(event, event.number)
            self._history.add(event)

    def warm_start(self) -> None:
        """Tell the study all that the history holds, as results of configs from elsewhere.

        What it proposes afterwards is new, so that it must have a seed of its own.
        """
        for trial in self._history.trials:
            entered = self._study.inject(self._translation.lower(trial.config))
            for report in trial.reports:
                self._study.report(entered.token, report.step, report.value)
            self.steering.tell(entered.token, trial.outcome)
        for number, running in sorted(self._history.running.items()):
            raw = self._translation.lower(running.config)
            self.tokens[number] = self._study.inject(raw).token
            self.limits[number] = self.steering.begin(number)
            running.paused, running.reports, running.settled = None, [], 0

    def _repeat(self, event: Event, number: int) -> None:
        if event.kind == "asked":
            raw = event.data["raw"]
            entered = self._study.inject(raw) if event.data["entered"] else self._ask(event)
            self.tokens[number] = entered.token
            self.limits[number] = self.steering.begin(number)
        elif event.kind == "started":
            self._go_on(number)
        elif event.kind == "reported":
            self._report(event, number)
        elif event.kind == "finished":
            outcome = self._history.ended(event.data, number).outcome
            self.steering.ended(number, outcome)
            self.steering.tell(self.tokens.pop(number), outcome)
            del self.limits[number]

    def _go_on(self, number: int) -> None:
        for release in self.steering.releases():
            if release.number == number:
                self.limits[number] = release.resource
                self.steering.go_on(number)

    def _report(self, event: Event, number: int) -> None:
        step, value = event.data["step"], event.data["value"]
        said = self.steering.report(number, self.tokens[number], step, value).value
        if said != event.data["verdict"]:
            raise DivergedError(
                f"event {event.seq} has the answer {event.data['verdict']!r} to a report, and now "
                f"it is {said!r}"
            )

    def _ask(self, event: Event) -> Proposal:
        answer = self._study.ask()
        if isinstance(answer, Answer):
            raise DivergedError(f"event {event.seq} has a proposal, and now there is none")
        if dict(answer.values) != event.data["raw"]:
            raise DivergedError(
                f"event {event.seq} has {event.data['raw']}, and now it is {dict(answer.values)}"
            )
        return answer


def derived_seed(seed: int, seq: int) -> int:
    """Return a seed for what follows event `seq`: the old one would propose the same again.

    Example:
        >>> derived_seed(3, 10) != derived_seed(3, 11)
        True
    """
    digest = hashlib.blake2b(f"{seed}/after/{seq}".encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big")
