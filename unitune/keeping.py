"""A run kept in a journal: begun there, or taken up again where an earlier one broke off."""

from __future__ import annotations

import datetime as dt
import secrets
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from unitune.errors import OptionError, UnituneError, UnituneWarning
from unitune.job import Job
from unitune.journal import Event, Header
from unitune.journal.changes import space_changes
from unitune.journal.packing import unpack_config
from unitune.past import OpenTrial, Past
from unitune.preparation import Plan
from unitune.restoring import DivergedError, Reenacted, derived_seed
from unitune.running import Running
from unitune.steering import Steering
from unitune.trial import Failure, Outcome, State

if TYPE_CHECKING:
    from unitune.journal import StudyLog

# A trial that was under way when so many drivers died is taken to be what kills them.
LOST_AFTER = 3

# Opens a study and its scheduler, given their seed and the number of trials to plan for.
Open = Callable[[int, int], Steering]


@dataclass(frozen=True, slots=True)
class Era:
    """A stretch of a study's events that one open study has seen.

    Attributes:
        backend: the backend's name.
        method: the method's name.
        through: 'backend:method' that proposes, for a composed method.
        options: of the method.
        seed: of the study.
        n_trials: what the study was to plan for.
        space: as `Space.to_dict` gave it.
        scheduler: as `Choice.described` gave it.
        since: the event after which it began; 0 for the first era.
    """

    backend: str
    method: str
    through: str | None
    options: Mapping[str, Any]
    seed: int
    n_trials: int
    space: Mapping[str, Any]
    scheduler: Mapping[str, Any] = field(default_factory=dict)
    since: int = 0


class Keeper:
    """Keeps a run in one study of a journal; see `keep`.

    Attributes:
        log: the study's log, locked.
        seed: the run's seed, from which trials have theirs.
        past: what earlier runs of the study came to.
        how: 'exact', or why the earlier results were told to a new study instead; None for a
            study that was just begun.
    """

    def __init__(self, log: StudyLog, plan: Plan, header: Header, *, resumed: bool) -> None:
        self.log = log
        self.seed = log.header.seed
        self.how: str | None = None
        self._space = plan.translation.space
        self._plan = plan
        self._header = header
        self._resumed = resumed
        self.past = Past(self._reader(log.header.space))

    def bring_back(self, open_study: Open) -> tuple[Steering, dict[int, Running]]:
        """Open the study, and bring it to where it was.

        Args:
            open_study: opens a fresh one.

        Returns:
            the study with its scheduler, and the trials it waits for, to be evaluated again.
        """
        if not self._resumed:
            return open_study(self.seed, self._header.n_trials), {}
        events = list(self.log.events())
        era = self._era(events)
        problem = self._difference(era)
        back = None
        if problem is None:
            back, problem = self._exactly(events, era, open_study)
        if back is None:
            back = self._anew(events, open_study, problem or "")
        else:
            self.log.append("resumed", None, {"exact": True, "n_trials": self._header.n_trials})
            self.past.add(Event(0, "resumed", None, {}, 0.0))
        self.how = problem or "exact"
        return back.steering, self._running(back)

    def _exactly(
        self, events: list[Event], era: Era, open_study: Open
    ) -> tuple[Reenacted | None, str | None]:
        steering = open_study(era.seed, era.n_trials)
        reenacted = Reenacted(steering, self._plan.translation, self.past)
        self._fold(events[: era.since])
        if era.since:
            reenacted.warm_start()
        try:
            reenacted.repeat(events[era.since :])
        except UnituneError:
            raise
        except Exception as error:  # noqa: BLE001 - a library that was upgraded may raise anything
            steering.study.close()
            same = isinstance(error, DivergedError)
            what = str(error) if same else f"{type(error).__name__}: {error}"
            words = f"the backend no longer proposes what it did ({what})"
            warnings.warn(
                f"Study {self.log.name!r} goes on with a new seed: {words}. Its results so far "
                f"are told to a fresh study.",
                UnituneWarning,
                stacklevel=5,
            )
            return None, words
        return reenacted, None

    def _anew(self, events: list[Event], open_study: Open, why: str) -> Reenacted:
        """Tell everything so far to a fresh study with a seed of its own."""
        self.past = Past(self._reader(self.log.header.space))
        self._fold(events)
        seed = derived_seed(self.seed, len(events))
        header = self._header
        data = {"exact": False, "backend": header.backend, "method": header.method}
        data |= {"through": header.through, "options": header.options, "seed": seed}
        data |= {"n_trials": header.n_trials, "space": header.space, "why": why}
        data |= {"scheduler": header.scheduler}
        self.log.append("resumed", None, data)
        self.past.add(Event(0, "resumed", None, {}, 0.0))
        steering = open_study(seed, header.n_trials)
        reenacted = Reenacted(steering, self._plan.translation, self.past)
        reenacted.warm_start()
        return reenacted

    def _fold(self, events: list[Event]) -> None:
        for event in events:
            self.past.add(event)
            if event.kind == "resumed" and not event.data["exact"]:
                self.past.unpack = self._reader(event.data["space"])

    def _reader(self, stored: Mapping[str, Any]) -> Callable[[Mapping[str, Any]], Any]:
        """Return what reads configs that were written for a space as it was."""
        changes = space_changes(stored, self._space)
        if changes.identical:
            return lambda packed: unpack_config(self._space, packed)
        return changes.config

    def _era(self, events: list[Event]) -> Era:
        first = self.log.header
        era = Era(
            first.backend,
            first.method,
            first.through,
            first.options,
            first.seed,
            first.n_trials,
            first.space,
            first.scheduler,
        )
        for event in events:
            if event.kind == "resumed" and not event.data["exact"]:
                fields = {k: v for k, v in event.data.items() if k not in ("exact", "why")}
                era = Era(**fields, since=event.seq)
        return era

    def _difference(self, era: Era) -> str | None:
        """Return why an era's study cannot simply be gone on with."""
        header = self._header
        changes = space_changes(era.space, self._space)
        changes.check(self.log.name)
        then = (era.backend, era.method, era.through)
        now = (header.backend, header.method, header.through)
        if then != now:
            return f"it was {era.backend}:{era.method} and is {header.backend}:{header.method}"
        if era.options != header.options:
            return f"its options were {dict(era.options)!r} and are {dict(header.options)!r}"
        if era.scheduler != header.scheduler:
            return f"its scheduler was {dict(era.scheduler)!r} and is {dict(header.scheduler)!r}"
        return (
            None if changes.identical else f"its space has changed ({'; '.join(changes.accepted)})"
        )

    def _running(self, back: Reenacted) -> dict[int, Running]:
        running = {}
        for number, trial in sorted(self.past.running.items()):
            if trial.deaths >= LOST_AFTER:
                self._lose(back, number, trial)
                continue
            job = Job(
                number,
                trial.config,
                seed=trial.seed,
                resource=back.limits[number],
                reports=tuple(trial.reports),
            )
            running[number] = Running(
                job,
                back.tokens[number],
                initial=trial.initial,
                suggest=trial.suggest,
                spent=trial.spent,
                failures=list(trial.failures),
                legs=list(trial.legs),
                paused=trial.paused,
            )
        return running

    def _lose(self, back: Reenacted, number: int, trial: OpenTrial) -> None:
        words = f"the driver died {trial.deaths} times while this trial was under way"
        failure = {"kind": "Lost", "message": words, "traceback": "", "place": ""}
        data: dict[str, Any] = {"state": State.FAILED.value, "value": None, "metrics": {}}
        data |= {"failure": failure}
        data |= {"seconds": 0.0, "start": 0.0, "attempts": len(trial.failures) + 1}
        self.log.append("finished", number, data)
        self.past.add(Event(0, "finished", number, data, 0.0))
        outcome = Outcome(State.FAILED, failure=Failure("Lost", words))
        back.steering.ended(number, outcome)
        back.steering.tell(back.tokens[number], outcome)


def keep(
    plan: Plan,
    header: Header,
    *,
    storage: str | Path,
    study: str | None,
    resume: bool,
    seed: int | None,
) -> Keeper:
    """Begin a study in a journal, or take one up again.

    Args:
        plan: the backend and the translation.
        header: of the run; a study that is taken up again has one of its own.
        storage: see `unitune.journal.open_journal`.
        study: its name; None begins one with a name of its own.
        resume: whether to go on with a study that is there already.
        seed: the seed the user gave.

    Raises:
        JournalError: the journal cannot be used, or another driver holds the study.
        OptionError: the study was begun with settings that cannot change.
        SpaceError: its space has changed in a way that its results cannot follow.
    """
    if resume and study is None:
        raise OptionError("resume=True needs the study's name: give study=.")
    name = _new_name() if study is None else study
    from unitune.journal import open_journal  # brings in SQLAlchemy

    with open_journal(storage) as journal:
        if not (resume and journal.begun(name)):
            return Keeper(journal.create(name, header), plan, header, resumed=False)
        log = journal.resume(name)
    try:
        _check_same(log.header, header, seed)
        return Keeper(log, plan, header, resumed=True)
    except BaseException:
        log.close()
        raise


def _check_same(then: Header, now: Header, seed: int | None) -> None:
    pairs = {
        name: (getattr(then, name), getattr(now, name)) for name in ("mode", "metric", "value")
    }
    if seed is not None:
        pairs["seed"] = (str(then.seed), str(seed))
    for name, (old, new) in pairs.items():
        if old != new:
            raise OptionError(
                f"The study was begun with {name}={old} and cannot be resumed with {name}={new}: "
                f"its results would not fit together. Leave it as it was, or begin another study."
            )


def _new_name() -> str:
    now = dt.datetime.now(dt.UTC)
    return f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
