"""What the events of a study come to: its finished trials, and those that never finished."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Any

from unitune.journal import Event
from unitune.space import Config
from unitune.transcript import Transcript
from unitune.trial import Failure, Leg, Outcome, Report, State, Trial, Verdict, up_to

Unpack = Callable[[Mapping[str, Any]], Config]


@dataclass(slots=True)
class OpenTrial:
    """A trial that was proposed and has not ended.

    Attributes:
        config: its config.
        seed: its own seed.
        initial: whether the user gave the config.
        suggest: seconds it took to come by.
        reports: of all attempts.
        settled: how many of them belong to legs that came to an end.
        legs: what it has consumed.
        spent: seconds its evaluation took up to the last pause.
        paused: what it comes to if it is not gone on with; None while it is not paused.
        failures: why earlier attempts failed.
        under_way: whether an attempt had begun when the events break off.
        deaths: how many drivers died while it was under way.
    """

    config: Config
    _: KW_ONLY
    seed: int
    initial: bool
    suggest: float
    reports: list[Report] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    settled: int = 0
    legs: list[Leg] = field(default_factory=list)
    spent: float = 0.0
    paused: Outcome | None = None
    under_way: bool = False
    deaths: int = 0


class Past:
    """Folds events, in their order.

    Args:
        unpack: makes a config of the space of what the events hold of it.

    Attributes:
        trials: finished ones, in the order in which they finished.
        running: those that have not, by number.
        asked: how many trials were proposed.
        initial: the user's own configs among them.
        rejected: how many proposals broke a constraint.
        repeated: how many repeated an earlier config.
        transcript: the order in which the study was asked, heard reports, and was told.
    """

    def __init__(self, unpack: Unpack) -> None:
        self.unpack = unpack
        self.trials: list[Trial] = []
        self.running: dict[int, OpenTrial] = {}
        self.asked = 0
        self.initial: list[Config] = []
        self.rejected = 0
        self.repeated = 0
        self.transcript = Transcript()
        self._outcomes: dict[int, Outcome] = {}

    def add(self, event: Event) -> None:
        """Take one event."""
        data, number = event.data, event.number
        if number is not None:
            self._add_to_trial(event.kind, number, data)
        elif event.kind == "rejected":
            self.rejected += 1
        elif event.kind == "repeated":
            self.repeated += 1
        elif event.kind in ("resumed", "ended"):
            self._interrupt(died=event.kind == "resumed")

    def outcome(self, number: int) -> Outcome | None:
        """Return what became of a trial; None while it has not ended."""
        return self._outcomes.get(number)

    def ended(self, data: Mapping[str, Any], number: int) -> Trial:
        """Return the record of a running trial that a 'finished' event ends."""
        trial = self.running[number]
        state, failure = State(data["state"]), data["failure"]
        legs = tuple(Leg(**leg) for leg in data.get("legs", ()))
        reports = tuple(trial.reports)
        if legs and state is not State.FAILED:
            reports = up_to(reports, legs[-1].reached)
        return Trial(
            number,
            trial.config,
            state=state,
            value=data["value"],
            seed=trial.seed,
            reports=reports,
            metrics=data["metrics"],
            failure=None if failure is None else Failure(**failure),
            attempts=tuple(trial.failures),
            initial=trial.initial,
            start=data["start"],
            suggest=trial.suggest,
            evaluate=data["seconds"],
            legs=legs,
        )

    def _add_to_trial(self, kind: str, number: int, data: Mapping[str, Any]) -> None:
        if kind == "asked":
            self.running[number] = OpenTrial(
                self.unpack(data["config"]),
                seed=data["seed"],
                initial=data["initial"],
                suggest=data["suggest"],
            )
            self.asked = max(self.asked, number + 1)
            if data["initial"]:
                self.initial.append(self.running[number].config)
            self.transcript.ask(number)
        elif kind == "started":
            self.running[number].under_way = True
            self.running[number].paused = None
        elif kind == "reported":
            self._report(self.running[number], data)
            self.transcript.report(number, data["step"], Verdict(data["verdict"]))
        elif kind == "paused":
            self._pause(self.running[number], data)
        elif kind == "attempt":
            self._fail(self.running[number], data)
        elif kind == "finished":
            self.trials.append(self.ended(data, number))
            self._outcomes[number] = self.trials[-1].outcome
            self.transcript.tell(number)
            del self.running[number]

    def _report(self, trial: OpenTrial, data: Mapping[str, Any]) -> None:
        report = Report(data["step"], data["value"])
        # In a further attempt, what was said of a step first holds.
        if not trial.reports or report.step > trial.reports[-1].step:
            trial.reports.append(report)

    def _fail(self, trial: OpenTrial, data: Mapping[str, Any]) -> None:
        trial.under_way = False
        trial.failures.append(Failure(**data["failure"]))
        trial.settled = len(trial.reports)
        if data.get("leg"):
            trial.legs.append(Leg(**data["leg"]))

    def _pause(self, trial: OpenTrial, data: Mapping[str, Any]) -> None:
        trial.under_way = False
        trial.settled = len(trial.reports)
        trial.legs.append(Leg(**data["leg"]))
        trial.spent += data["seconds"]
        trial.paused = Outcome(State.PRUNED, data["value"], reports=tuple(trial.reports))

    @property
    def consumed(self) -> int:
        """How much resource all trials consumed, as far as it is known."""
        open_legs = (leg for trial in self.running.values() for leg in trial.legs)
        return sum(t.resource for t in self.trials) + sum(leg.consumed for leg in open_legs)

    def _interrupt(self, *, died: bool) -> None:
        for trial in self.running.values():
            trial.deaths += died and trial.under_way
            if trial.under_way:
                self._book(trial)
            trial.under_way = False

    def _book(self, trial: OpenTrial) -> None:
        """Count what a leg that was broken off is known to have consumed: what it reported."""
        new = trial.reports[trial.settled :]
        if new:
            start = trial.reports[trial.settled - 1].step if trial.settled else 0
            trial.legs.append(Leg(start, new[-1].step, how="first" if not trial.legs else "waited"))
            trial.settled = len(trial.reports)
