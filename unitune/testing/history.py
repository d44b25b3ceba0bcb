"""A study's calls as a journal keeps them, and their repetition on a fresh study."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from typing import Any

from unitune.testing.spaces import plane_loss
from unitune.testing.stepping import Asked, Stepper, complete, failed, infeasible, pruned
from unitune.trial import Failure, Outcome, Report, State

SEVERAL = 3  # trials under way at a time


@dataclass(slots=True)
class Story:
    """Calls of every kind on a study, and what it answered; JSON, as in a journal."""

    events: list[str] = field(default_factory=list)

    def live(self, study: Stepper, rng: random.Random, count: int) -> None:
        """Make the calls, on a study of the space PLANE, drawing which."""
        waiting: list[Asked] = []
        while waiting or count > 0:
            if len(waiting) < SEVERAL and count > 0 and rng.random() < 0.7:
                asked = self._begin(study, rng, count)
                count = count - 1 if asked else 0
                waiting += asked
            elif waiting:
                self._end(study, rng, waiting.pop(rng.randrange(len(waiting))))

    def _begin(self, study: Stepper, rng: random.Random, left: int) -> list[Asked]:
        if left % 7 == 3:
            config = {"x": rng.uniform(-1, 1), "y": rng.uniform(-1, 1)}
            asked = [study.inject({n: config[n] for n in study.translation.space})]
        else:
            asked = study.several(1)
        for each in asked:
            kind = "injected" if left % 7 == 3 else "asked"
            self._note(kind=kind, number=each.number, raw=dict(each.values))
        return asked

    def _end(self, study: Stepper, rng: random.Random, asked: Asked) -> None:
        loss = plane_loss(asked.config)
        kinds = [complete(loss)] * 4 + [failed(), infeasible(), pruned([loss + 1, loss])]
        outcome = rng.choice(kinds)
        for report in outcome.reports:
            study.study.report(asked.token, report.step, report.value)
        study.tell(asked, outcome)
        failure = outcome.failure
        self._note(
            kind="told",
            number=asked.number,
            state=str(outcome.state),
            value=outcome.value,
            reports=[[report.step, report.value] for report in outcome.reports],
            failure=None if failure is None else [failure.kind, failure.message],
        )

    def _note(self, **event: Any) -> None:
        self.events.append(json.dumps(event))


@dataclass(slots=True)
class Repetition:
    """The repetition of a story on a fresh study.

    Attributes:
        study: a fresh one, of the same seed.
        story: what the first one saw.
        differences: (number, proposed then, proposed now) where they differ.
    """

    study: Stepper
    story: Story
    differences: list[tuple[int, Any, Any]] = field(default_factory=list)
    _waiting: dict[int, Asked] = field(default_factory=dict)

    def repeat(self) -> None:
        """Make the same calls in the same order."""
        for line in self.story.events:
            event = json.loads(line)
            if event["kind"] == "told":
                self._tell(event)
            elif not self._ask(event):
                return

    def _ask(self, event: dict[str, Any]) -> bool:
        number, raw = event["number"], event["raw"]
        if event["kind"] == "injected":
            asked = [self.study.inject(self.study.translation.lift(raw))]
        else:
            asked = self.study.several(1)
        for each in asked:
            self._waiting[number] = each
            if dict(each.values) != raw:
                self.differences.append((number, raw, dict(each.values)))
        if not asked:
            self.differences.append((number, raw, None))
        return bool(asked)

    def _tell(self, event: dict[str, Any]) -> None:
        asked = self._waiting.pop(event["number"])
        reports = tuple(Report(step, value) for step, value in event["reports"])
        for report in reports:
            self.study.study.report(asked.token, report.step, report.value)
        failure = None if event["failure"] is None else Failure(*event["failure"])
        state = State(event["state"])
        outcome = Outcome(state, event["value"], reports=reports, failure=failure)
        self.study.tell(asked, outcome)
