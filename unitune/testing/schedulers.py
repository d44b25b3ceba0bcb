"""The suite for a scheduler."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest

from unitune.backend import Scheduling
from unitune.capabilities import SchedulerSpec
from unitune.errors import OptionError
from unitune.plugins import find_scheduler, lacks, load_scheduler
from unitune.schedulers import Scheduler
from unitune.testing.racing import Curve, Race
from unitune.testing.suite import Suite, remembered, require
from unitune.testing.watching import Traces, watching

MISSPELT = "no_scheduler_has_this_option"
WORKERS = (1, 3, 16)
FEW, MANY = 50, 400  # trials whose costs are compared
DECISIONS = ("test_bounds", "test_releases", "test_all_end")


class SchedulerSuite(Suite):
    """Checks that a scheduler keeps its contract, on trials whose losses are made up.

    Attributes:
        scheduler: its name; or override `open`, for one that is not installed as a plugin.
        options: those it is opened with.
        resource: the least and the most a trial consumes.
        trials: how many trials a check runs.
        known: expected failures, by check.
        seed: fixes what checks draw; None draws one for each run and prints it on a failure.

    Example:
        >>> from unitune.testing import SchedulerSuite
        >>> class TestMine(SchedulerSuite):
        ...     scheduler = "hyperband"
        ...     options = {"eta": 4}
    """

    scheduler: ClassVar[str] = ""
    options: ClassVar[Mapping[str, Any]] = {}
    resource: ClassVar[tuple[int, int]] = (1, 9)
    trials: ClassVar[int] = 40

    @classmethod
    def spec(cls) -> SchedulerSpec:
        """Return the scheduler's record."""
        if not cls.scheduler:
            raise OptionError(f"{cls.__name__} names no scheduler: set scheduler = 'its name'.")
        return find_scheduler(cls.scheduler)

    def open(self, scheduling: Scheduling) -> Scheduler:
        """Open the scheduler."""
        lack = lacks(self.spec())
        if lack is not None:
            pytest.fail(f"Nothing can be checked. {lack}", pytrace=False)
        opened: Scheduler = load_scheduler(self.spec()).open(scheduling)
        return opened

    @remembered
    def test_determinism(self, seed: int) -> None:
        """The same calls get the same answers."""
        logs = [
            [self._race(_mixed(seed), workers=n, seed=seed).log for n in WORKERS] for _ in range(2)
        ]
        require(logs[0] == logs[1], "The scheduler answers the same calls otherwise.")

    @remembered
    def test_verdicts(self, seed: int) -> None:
        """Every report is answered with a verdict, and no trial is complete before the end."""
        self._no_fault("verdict", seed)

    @remembered
    def test_bounds(self, seed: int) -> None:
        """Trials are let go further each time, no further than the most, and kept to it."""
        self._no_fault("bound", seed)

    @remembered
    def test_releases(self, seed: int) -> None:
        """Only trials that are paused are released."""
        self._no_fault("release", seed)

    @remembered
    def test_all_end(self, seed: int) -> None:
        """When no further trial begins, every paused one goes on or is stopped in the end."""
        for race in self._races(seed):
            left = race.ended("paused")
            require(not left, f"Trials {left[:9]} are paused for good.")

    def test_plan(self, seed: int) -> None:
        """No more trials go on than the schedule has room for."""
        rungs = self._open(seed).plan()
        if not rungs:
            pytest.skip("it has no plan")
        for check in DECISIONS:
            self.needs(check, seed)
        room = {(rung.bracket, rung.resource): rung.trials for rung in rungs}
        first = {rung.bracket: rung.trials for rung in rungs if rung.rung == 0}
        for race in self._races(seed):
            gone, begun = Counter[Any](), Counter[Any]()
            for racer in race.racers.values():
                bracket = None if racer.place is None else racer.place.bracket
                begun[bracket] += 1
                gone.update((bracket, bound) for bound in racer.bounds[1:])
            for (bracket, bound), count in gone.items():
                rounds = math.ceil(begun[bracket] / first.get(bracket, 1))
                due = rounds * room.get((bracket, bound), 0)
                require(
                    count <= due,
                    f"Bracket {bracket} let {count} trials go on to {bound}; it has room for {due}",
                )

    def test_best_goes_on(self, seed: int) -> None:
        """The trial that is the best at every step is never stopped before the end."""
        for check in DECISIONS:
            self.needs(check, seed)
        for workers in WORKERS:
            race = self._race(_ranked(seed), workers=workers, seed=seed)
            best = race.racers[seed % self.trials]
            require(
                best.state in ("finished", "complete"),
                f"Trial {best.number} is the best at every step, and was {best.state} at step "
                f"{best.step}",
            )

    def test_failures(self, seed: int) -> None:
        """Trials that fail, at any step, keep no other from its end."""
        for check in ("test_verdicts", *DECISIONS):
            self.needs(check, seed)
        for workers in WORKERS:
            race = self._race(_failing(seed), workers=workers, seed=seed)
            left = race.ended("paused") + race.ended("running")
            require(not left, f"Trials {left[:9]} never end, as others failed.")
            require(not race.faults, f"With failing trials: {race.faults}")

    def test_odd_losses(self, seed: int) -> None:
        """Equal, infinite and undefined losses are borne."""
        self.needs("test_all_end", seed)
        for loss in (1.0, math.inf, -math.inf, math.nan, 1e308):
            race = self._race(_half(loss), seed=seed)
            left = race.ended("paused") + race.ended("running")
            require(not left, f"Trials {left[:9]} never end where losses are {loss}.")

    def test_strides(self, seed: int) -> None:
        """Trials that report rarely, and miss the steps of decisions, are borne."""
        for check in ("test_verdicts", *DECISIONS):
            self.needs(check, seed)
        race = Race(self._open(seed), self.resource[1], _mixed(seed), stride=2)
        race.run(self.trials, workers=3, seed=seed)
        left = race.ended("paused") + race.ended("running")
        require(not left, f"Trials {left[:9]} never end where reports are two steps apart.")
        require(not race.faults, f"Where reports are two steps apart: {race.faults}")

    def test_few_trials(self, seed: int) -> None:
        """A run of no trial, or of one, ends."""
        self.needs("test_all_end", seed)
        for trials in (0, 1):
            race = Race(self._open(seed), self.resource[1], _mixed(seed))
            race.run(trials, workers=1, seed=seed)
            require(not race.ended("paused"), "A single trial is paused for good.")

    def test_more_trials(self, seed: int) -> None:
        """A run that goes on with more trials than were planned comes to its end again."""
        for check in ("test_verdicts", *DECISIONS):
            self.needs(check, seed)
        for workers in WORKERS:
            race = self._race(_mixed(seed), workers=workers, seed=seed)
            race.run(self.trials + 10, workers=workers, seed=seed)
            left = race.ended("paused") + race.ended("running")
            require(not left, f"Trials {left[:9]} never end, in a run that goes on with more.")
            require(not race.faults, f"In a run that goes on with more trials: {race.faults}")

    def test_cost(self, seed: int) -> None:
        """The cost of a trial does not grow beyond measure with the trials before it."""
        self.needs("test_all_end", seed)
        early, late = self._costs(seed)
        # Three times as much, for noise; where little is done, little is measured.
        allowed = 3.0 * MANY / FEW * max(early, 2e-6)
        if late > allowed:  # once more: another process may have got in the way
            early, late = self._costs(seed)
        require(
            late <= allowed,
            f"The scheduler takes {late:.2g} s of processor time a trial, with {MANY} trials, and "
            f"{early:.2g} s with {FEW}",
        )

    def _costs(self, seed: int) -> tuple[float, float]:
        """Return processor seconds a trial, with few trials and with many."""
        costs = []
        for trials in (FEW, MANY):
            race = Race(self._open(seed), self.resource[1], _mixed(seed))
            begun = time.process_time()
            race.run(trials, workers=3, seed=seed)
            costs.append((time.process_time() - begun) / trials)
        return costs[0], costs[1]

    def test_pauses(self, seed: int) -> None:
        """Whoever is not declared to pause trials does not."""
        if not self.scheduler or self.spec().pauses:
            pytest.skip("it is declared to pause, or has no record")
        paused = [entry for race in self._races(seed) for entry in race.log if "release" in entry]
        require(not paused, "Trials pause, and the record says that they do not.")

    def test_options(self, seed: int) -> None:
        """An option that nobody knows is refused by its name."""
        options = {**self.options, MISSPELT: 1}
        with pytest.raises(OptionError, match=MISSPELT):
            self.open(self._scheduling(seed, options=options))

    def test_needs_resource(self, seed: int) -> None:
        """What is declared to need resource= is refused without it, and nothing else is."""
        if not self.scheduler:
            pytest.skip("it has no record")
        without = self._scheduling(seed, resource=None)
        if self.spec().resource:
            with pytest.raises(OptionError, match="resource"):
                self.open(without)
        else:
            Race(self.open(without), 9, _mixed(seed)).run(5, workers=2, seed=seed)

    def test_global_random_state(self, observed: Traces) -> None:
        """The random numbers of `random`, numpy and torch are neither used nor disturbed."""
        touched = observed.random
        require(not touched, f"The scheduler disturbs the global state of {touched}")

    def test_traces(self, observed: Traces) -> None:
        """No file is left, no variable or filter changed, and nothing said."""
        left = {kind: what for kind, what in observed.left().items() if kind != "random"}
        require(not left, f"The scheduler leaves behind: {left}")

    @pytest.fixture
    def observed(
        self,
        seed: int,
        tmp_path: Path,
        capfd: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> Traces:
        """What a race under the scheduler leaves behind; one is run for all checks."""
        if ("observed", seed) not in self.kept:
            self._open(seed)  # so that everything is imported
            with watching(tmp_path, capfd, monkeypatch) as traces:
                self._race(_mixed(seed), seed=seed)
            self.kept["observed", seed] = traces
        observed: Traces = self.kept["observed", seed]
        return observed

    def _scheduling(self, seed: int, **given: Any) -> Scheduling:
        settings = {"resource": self.resource, "options": dict(self.options), **given}
        return Scheduling(
            self.scheduler or type(self).__name__, seed=seed, n_trials=self.trials, **settings
        )

    def _open(self, seed: int) -> Scheduler:
        return self.open(self._scheduling(seed))

    def _race(self, curve: Curve, *, workers: int = 3, seed: int) -> Race:
        race = Race(self._open(seed), self.resource[1], curve)
        return race.run(self.trials, workers=workers, seed=seed)

    def _races(self, seed: int) -> list[Race]:
        if ("races", seed) not in self.kept:
            self.kept["races", seed] = [
                self._race(curve(seed), workers=workers, seed=seed)
                for curve in (_mixed, _ranked)
                for workers in WORKERS
            ]
        races: list[Race] = self.kept["races", seed]
        return races

    def _no_fault(self, kind: str, seed: int) -> None:
        faults = [fault for race in self._races(seed) for fault in race.faults.get(kind, ())]
        require(not faults, f"The scheduler breaks its contract: {faults[:3]}")


def _mixed(seed: int) -> Curve:
    """Return losses that fall, cross and wobble."""

    def curve(number: int, step: int) -> float:
        level = math.sin(number * 12.9898 + seed % 997)
        return level + 2.0 / (step + 1) + 0.3 * math.sin(number * step * 78.233)

    return curve


def _ranked(seed: int) -> Curve:
    """Return losses whose order is the same at every step, with one trial far ahead."""

    def curve(number: int, step: int) -> float:
        ahead = 10.0 if number == seed % SchedulerSuite.trials else 0.0
        return number % 7 + 1.0 / step - ahead

    return curve


def _failing(seed: int) -> Curve:
    """Return losses of which some are none, at the first step, at the last, or between."""
    mixed = _mixed(seed)

    def curve(number: int, step: int) -> float | None:
        return None if (number * 7 + step * 3 + seed) % 11 == 0 else mixed(number, step)

    return curve


def _half(loss: float) -> Curve:
    """Return one loss for every second trial, and 1 for the others."""
    return lambda number, _: loss if number % 2 else 1.0
