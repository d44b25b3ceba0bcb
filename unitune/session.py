"""One run from an opened study to its result."""

from __future__ import annotations

import contextlib
import functools
import platform
import tempfile
from collections.abc import Mapping
from pathlib import Path
from time import perf_counter
from typing import Any

import unitune
from unitune.backend import Service, Study
from unitune.checkpoint import checkpoint_directory, remove_if_empty
from unitune.chronicle import Chronicle
from unitune.driver import Driver
from unitune.errors import BackendError, OptionError, UnituneError
from unitune.journal import Header, JournalError
from unitune.journal.encoding import decode, encode
from unitune.journal.packing import pack_config
from unitune.keeping import Keeper, keep
from unitune.past import Past
from unitune.plugins import library_version, make_callbacks
from unitune.preparation import Plan
from unitune.progress import progress_bar
from unitune.recorder import Callback, Run, closing
from unitune.result import Overhead, Result
from unitune.running import Running
from unitune.schedulers import Rung
from unitune.service import Onlooker, ServiceSink, serve
from unitune.settings import Settings
from unitune.source import Source, check_constraints
from unitune.space import Config
from unitune.steering import Steering


class Session:
    """Runs a plan with the settings of a run.

    Args:
        plan: the backend and the translation.
        settings: checked ones.

    Raises:
        OptionError: the settings and the backend do not go together.
        SpaceError: nothing seems to satisfy the constraints.
    """

    def __init__(self, plan: Plan, settings: Settings) -> None:
        self._plan = plan
        self._settings = settings
        self._execution = settings.execution.chosen(plan.spec)
        self._seed = settings.drawn
        self._keeper: Keeper | None = None
        self._chronicle = Chronicle()
        self._schedule: tuple[Rung, ...] = ()
        self._versions = _versions(plan)
        if settings.storage is not None and plan.spec.contract == "service":
            raise OptionError(
                f"Backend {plan.spec.name!r} owns its loop, so that a run of it cannot be kept in "
                f"a journal and resumed. Use an ask-and-tell backend with executor='ray'."
            )
        check_constraints(plan.translation, settings.drawn)

    def run(self, begun: float) -> Result:
        """Run to the end.

        Args:
            begun: when the run began, on the clock of `time.perf_counter`.

        Raises:
            UnituneError: what ended the run; what was recorded is in its `result`.
        """
        # Made once the arguments are accepted, so that all that are made are closed; and closed
        # after all else, since one that takes its time must not hold the study.
        callbacks = make_callbacks(self._settings.callbacks)
        return closing(callbacks, lambda: self._run(begun, callbacks))

    def _run(self, begun: float, callbacks: tuple[Callback, ...]) -> Result:
        settings = self._settings
        with contextlib.ExitStack() as stack:
            opened, steering, running = self._open(stack)
            stack.callback(opened.close)
            title = f"{self._plan.spec.name}:{self._plan.method.name}"
            bar = progress_bar(title, settings.limits.n_trials, wanted=settings.progress)
            if bar is not None:
                stack.callback(bar.close)
            record = Run(settings.mode, settings.limits, callbacks=callbacks, progress=bar)
            if self._keeper is not None:
                record.restore(self._keeper.past)
            start_up = perf_counter() - begun
            try:
                if steering is None:
                    self._serve(opened, record)
                else:
                    self._drive(steering, record, running, self._places(stack))
                self._chronicle.ended(record.reason or "")
            except UnituneError as error:
                record.stop("failed")
                if self._chronicle.transcript.decisions:
                    # The driver has not died, whatever else: but the journal may be what failed.
                    with contextlib.suppress(JournalError):
                        self._chronicle.ended("failed")
                error.result = self._result(opened, record, start_up)
                raise
            return self._result(opened, record, start_up)

    def _open(self, stack: contextlib.ExitStack) -> tuple[Any, Steering | None, dict[int, Running]]:
        """Open the study, or bring it back from its journal."""
        settings = self._settings
        if self._plan.spec.contract == "service":
            return self._open_study(self._seed, self._planned), None, {}
        if settings.storage is None:
            steering = self._steer(self._seed, self._planned)
            return steering.study, steering, {}
        keeper = keep(
            self._plan,
            self._header(),
            storage=settings.storage,
            study=settings.study,
            resume=settings.resume,
            seed=settings.seed,
        )
        stack.enter_context(keeper.log)
        steering, running = keeper.bring_back(self._steer)
        self._seed = keeper.seed
        self._keeper = keeper
        pack = functools.partial(pack_config, self._plan.translation.space)
        self._chronicle = Chronicle(keeper.log, pack, keeper.past.transcript)
        return steering.study, steering, running

    def _steer(self, seed: int, n_trials: int) -> Steering:
        """Open the study and the scheduler."""
        return self._steered(self._open_study(seed, n_trials), seed, n_trials)

    def _steered(self, study: Study, seed: int, n_trials: int) -> Steering:
        settings, choice = self._settings, self._settings.choice
        scheduler = choice.open(seed, n_trials)
        self._schedule = choice.plan(scheduler, n_trials)
        sign = 1.0 if settings.mode == "min" else -1.0
        return Steering(
            study,
            scheduler,
            loss=lambda value: sign * value,
            most=choice.most,
            partial=self._plan.spec.partial,
        )

    def _open_study(self, seed: int, n_trials: int) -> Any:
        settings, choice = self._settings, self._settings.choice
        try:
            return self._plan.open(
                mode=settings.mode,
                seed=seed,
                n_trials=n_trials,
                options=settings.options,
                workers=self._execution.workers,
                initial=settings.initial,
                scheduler=choice.scheduling(seed, n_trials) if choice.native else None,
                most=choice.most,
                limit=settings.limits.n_trials,
                steered=choice.spec is not None and not choice.native,
            )
        except UnituneError:
            raise
        except Exception as error:
            given = f" with options={dict(settings.options)!r}" if settings.options else ""
            raise BackendError(
                f"Backend {self._plan.spec.name!r} ({self._plan.method.name}) could not begin a "
                f"study{given}: {type(error).__name__}: {error}."
            ) from error

    @functools.cached_property
    def _planned(self) -> int:
        """How many trials to plan for, where the budget is one of resource."""
        limits, choice = self._settings.limits, self._settings.choice
        if limits.max_resource is None:
            return limits.n_trials
        cost = choice.cost(self._seed, limits.n_trials)
        return min(limits.n_trials, max(1, int(limits.max_resource / cost)))

    def _places(self, stack: contextlib.ExitStack) -> Path | None:
        """Return where checkpoints are kept: they outlive a death if the run does."""
        if not self._settings.evaluate.wants_trial:
            return None
        if self._keeper is None:
            made = stack.enter_context(tempfile.TemporaryDirectory(prefix="unitune-"))
            return Path(made)
        from unitune.journal.places import locate, shown  # brings in SQLAlchemy

        journal = shown(locate(self._settings.storage or ""))
        root = checkpoint_directory(journal, self._keeper.log.name)
        stack.callback(remove_if_empty, root)
        return root

    def _serve(self, service: Service, record: Run) -> None:
        settings = self._settings
        sink = ServiceSink(
            self._plan.translation,
            record,
            self._steered(Onlooker(), self._seed, self._planned),
            seed=self._seed,
            n_trials=settings.limits.n_trials,
            initial=len(settings.initial),
        )
        serve(service, settings.evaluate, sink, record)

    def _drive(
        self,
        steering: Steering,
        record: Run,
        running: Mapping[int, Running],
        places: Path | None,
    ) -> None:
        settings, past = self._settings, self._keeper.past if self._keeper else None

        def rejected(values: Mapping[str, Any], constraint: str) -> None:
            self._chronicle.rejected(values, constraint)
            record.rejected += 1

        def repeated(values: Mapping[str, Any], number: int) -> None:
            self._chronicle.repeated(values, number)
            record.repeated += 1

        several = self._execution.workers > 1
        source = Source(
            steering.study,
            self._plan.translation,
            initial=self._untried(past),
            on_rejected=rejected,
            # One worker follows the library to the letter, as by hand.
            on_repeated=repeated if several else None,
        )
        driver = Driver(
            source,
            steering,
            self._execution.factory(settings.evaluate),
            record,
            self._chronicle,
            seed=self._seed,
            n_trials=settings.limits.n_trials,
            workers=self._execution.workers,
            retries=settings.retries,
            order=settings.order,
            places=places,
        )
        driver.restore(running, past.asked if past else 0)
        driver.drive()

    def _untried(self, past: Past | None) -> list[Config]:
        """Return the user's configs that no earlier run of the study has begun."""
        left = list(self._settings.initial)
        if past is not None:
            lower = self._plan.translation.lower
            for config in past.initial:
                raw = lower(config)
                place = next((n for n, one in enumerate(left) if lower(one) == raw), None)
                if place is not None:
                    del left[place]
        return left

    def _header(self) -> Header:
        plan, settings = self._plan, self._settings
        # As they will be read again, for the comparison with those of a later run.
        options = decode(encode(dict(settings.options)))
        return Header(
            plan.spec.name,
            plan.method.name,
            mode=settings.mode,
            seed=settings.drawn,
            space=decode(encode(plan.translation.space.to_dict())),
            metric=settings.evaluate.metric,
            value="last" if settings.evaluate.best is None else "best",
            n_trials=self._planned,
            options=options,
            versions=self._versions,
            through=plan.through,
            scheduler=decode(encode(settings.choice.described())),
        )

    def _result(self, opened: Any, record: Run, start_up: float) -> Result:
        plan, keeper = self._plan, self._keeper
        return Result(
            plan.spec.name,
            plan.method.name,
            mode=record.mode,
            seed=self._seed,
            space=plan.translation.space,
            trials=tuple(sorted(record.trials, key=lambda trial: trial.number)),
            reason=record.reason or "n_trials",
            rejected=record.rejected,
            repeated=record.repeated,
            translation=plan.translation,
            native=opened.native,
            overhead=_overhead(record, start_up, self._execution.workers),
            through=plan.through,
            versions=self._versions,
            transcript=tuple(self._chronicle.transcript.decisions),
            study=None if keeper is None else keeper.log.name,
            resumed=None if keeper is None else keeper.how,
            scheduler=self._settings.choice.name,
            schedule=self._schedule,
        )


def _overhead(record: Run, start_up: float, workers: int) -> Overhead:
    """Return where the time of this run went; restored trials had theirs in an earlier one."""
    wall = record.elapsed
    new = record.trials[record.restored :]
    suggest = sum(trial.suggest for trial in new)
    evaluate = sum(trial.evaluate for trial in new)
    observe = sum(trial.observe for trial in new)
    return Overhead(
        start_up + wall,
        start_up,
        suggest=suggest,
        evaluate=evaluate,
        observe=observe,
        idle=max(0.0, wall - suggest - observe - evaluate / workers),
    )


def _versions(plan: Plan) -> dict[str, str]:
    versions = {"unitune": unitune.__version__, "python": platform.python_version()}
    if plan.spec.distribution is not None:
        versions[plan.spec.distribution] = library_version(plan.spec) or "unknown"
    return versions
