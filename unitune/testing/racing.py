"""Trials under a scheduler, without objectives: what it says, and where it breaks its contract."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from unitune.schedulers import Place, Scheduler, Verdict

# The loss of a trial at a step, or None where it fails there.
Curve = Callable[[int, int], float | None]


@dataclass(slots=True)
class Racer:
    """One trial.

    Attributes:
        number: its number.
        bound: how far it may go now; None for no limit.
        step: its last step.
        state: 'running', 'paused', or how it ended: 'stopped', 'finished', 'complete', 'failed'.
        bounds: how far it was let go, time after time.
        place: where it stood at its beginning.
    """

    number: int
    bound: int | None
    step: int = 0
    state: str = "running"
    bounds: list[int | None] = field(default_factory=list)
    place: Place | None = None


@dataclass(slots=True)
class Race:
    """Runs trials under a scheduler as a driver does, in an order that a seed draws.

    Attributes:
        racers: every trial, by number.
        log: every answer of the scheduler, in order.
        faults: what broke the contract, by the kind of fault.
    """

    scheduler: Scheduler
    most: int
    curve: Curve
    stride: int = 1
    racers: dict[int, Racer] = field(default_factory=dict)
    log: list[tuple[object, ...]] = field(default_factory=list)
    faults: dict[str, list[str]] = field(default_factory=dict)

    def run(self, trials: int, *, workers: int, seed: int) -> Race:
        """Run to the end, until there have been so many trials; it may be gone on with."""
        rng, begun, full = random.Random(seed), len(self.racers), False
        while True:
            running = [racer for racer in self.racers.values() if racer.state == "running"]
            if begun < trials and len(running) < workers:
                self._begin(begun)
                begun += 1
            elif begun == trials and not full:
                full = True
                self.scheduler.full()
            elif running:
                # Those released wait for a worker as new trials do; the order is the driver's.
                self._step(rng.choice(running[:workers]))
            else:
                break
            self._release()
        return self

    def ended(self, state: str) -> list[int]:
        """Return the trials that ended, or are, in a state."""
        return [racer.number for racer in self.racers.values() if racer.state == state]

    def _begin(self, number: int) -> None:
        bound = self.scheduler.begin(number)
        racer = Racer(number, bound, bounds=[bound], place=self.scheduler.place(number))
        self.racers[number] = racer
        self.log.append(("begin", number, bound))
        self._check_bound(racer, bound)

    def _step(self, racer: Racer) -> None:
        racer.step = min(racer.step + self.stride, self.most)
        loss = self.curve(racer.number, racer.step)
        if loss is None:
            racer.state = "failed"
            self.scheduler.end(racer.number, None)
            return
        verdict = self.scheduler.report(racer.number, racer.step, loss)
        self.log.append(("report", racer.number, racer.step, verdict))
        if not isinstance(verdict, Verdict):
            self._fault("verdict", f"trial {racer.number} is answered {verdict!r}, no Verdict")
        match verdict:
            case Verdict.STOP:
                racer.state = "stopped"
            case Verdict.PAUSE:
                racer.state = "paused"
            case Verdict.FINISH:
                racer.state = "finished"
                if racer.step < self.most:
                    self._fault(
                        "verdict",
                        f"trial {racer.number} is finished at step {racer.step} of {self.most}: "
                        f"who is not to go on is stopped",
                    )
            case _:
                self._go_on(racer, loss)

    def _go_on(self, racer: Racer, loss: float) -> None:
        if racer.bound is not None and racer.step >= racer.bound:
            self._fault(
                "bound",
                f"trial {racer.number} is to go on at step {racer.step}, and was let go to "
                f"{racer.bound}",
            )
        if racer.step >= self.most:
            racer.state = "complete"
            self.scheduler.end(racer.number, loss)

    def _release(self) -> None:
        for release in self.scheduler.released():
            self.log.append(("release", release.number, release.resource))
            racer = self.racers.get(release.number)
            if racer is None or racer.state != "paused":
                state = "unknown" if racer is None else racer.state
                self._fault("release", f"trial {release.number} is released, and is {state}")
            elif release.resource is None:
                racer.state = "stopped"
            else:
                self._check_bound(racer, release.resource)
                racer.state, racer.bound = "running", release.resource
                racer.bounds.append(release.resource)

    def _check_bound(self, racer: Racer, bound: int | None) -> None:
        if bound is not None and not racer.step < bound <= self.most:
            self._fault(
                "bound",
                f"trial {racer.number}, at step {racer.step}, is let go to {bound} of {self.most}",
            )

    def _fault(self, kind: str, sentence: str) -> None:
        self.faults.setdefault(kind, []).append(sentence)
