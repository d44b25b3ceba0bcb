"""Which scheduler a run has, and whether the library's own or a composed one."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Any

from unitune.backend import Scheduling
from unitune.capabilities import BackendSpec, Method, SchedulerSpec
from unitune.errors import (
    MissingLibraryError,
    OptionError,
    UnituneWarning,
    UnknownNameError,
    nearest,
)
from unitune.plugins import (
    discover_schedulers,
    find_method,
    find_scheduler,
    lacks,
    load_scheduler,
    missing,
)
from unitune.schedulers import Rung, Scheduler

# A name with this prefix is unitune's own scheduler, also where the library has one of that name.
COMPOSED = "unitune:"

# Methods that are a way to propose and a scheduler together, for every backend that has the parts.
PAIRS = {"hyperband": "random", "bohb": "bayesian"}


@dataclass(frozen=True, slots=True)
class Choice:
    """The scheduler of a run, if it has one.

    Attributes:
        spec: its record; None for no scheduler.
        native: whether it is the library's own.
        resource: the least and the most a trial consumes.
        options: the user's options for it.
    """

    spec: SchedulerSpec | None = None
    _: KW_ONLY
    native: bool = False
    resource: tuple[int, int] | None = None
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str | None:
        """What `run` would be given: 'unitune:NAME' for a composed one."""
        if self.spec is None:
            return None
        return self.spec.name if self.native else COMPOSED + self.spec.name

    @property
    def most(self) -> int | None:
        """The most resource that a trial may use."""
        return None if self.resource is None else self.resource[1]

    def described(self) -> dict[str, Any]:
        """Return what a journal keeps of it; JSON values."""
        if self.spec is None and self.resource is None:
            return {}
        resource = None if self.resource is None else list(self.resource)
        return {"name": self.name, "resource": resource, "options": dict(self.options)}

    def scheduling(self, seed: int, n_trials: int) -> Scheduling | None:
        """Return what the scheduler is opened with."""
        if self.spec is None:
            return None
        return Scheduling(
            self.spec.name,
            resource=self.resource,
            options=self.options,
            seed=seed,
            n_trials=n_trials,
        )

    def open(self, seed: int, n_trials: int) -> Scheduler | None:
        """Open the composed scheduler; None where there is none or it is the library's own."""
        scheduling = self.scheduling(seed, n_trials)
        if self.spec is None or self.native or scheduling is None:
            return None
        opened: Scheduler = load_scheduler(self.spec).open(scheduling)
        rungs = opened.plan()
        if rungs and all(rung.resource == self.most for rung in rungs):
            warnings.warn(
                f"Scheduler {self.spec.name!r} stops no trial here: with resource={self.resource} "
                f"and scheduler_options={dict(self.options)} its first rung is at {self.most}, the "
                f"most. Give an eta= that is no more than most / least, or bounds further apart.",
                UnituneWarning,
                stacklevel=10,  # the line that called run()
            )
        return opened

    def plan(self, opened: Scheduler | None, n_trials: int) -> tuple[Rung, ...]:
        """Return the rungs of one round as the scheduler's paper has them; none where it has none.

        A library does not say what it plans. Its scheduler is measured by the plan of unitune's of
        the same rule, for the same resource and the options that mean the same.

        Args:
            opened: the composed scheduler; None for the library's own.
            n_trials: how many trials are planned.
        """
        alike = self._alike(n_trials) if opened is None else opened
        return () if alike is None else tuple(alike.plan())

    def cost(self, seed: int, n_trials: int) -> float:
        """Return what a trial consumes on average if the schedule goes by its plan; at least 1."""
        rungs = self.plan(self.open(seed, n_trials), n_trials)
        begun = sum(rung.trials for rung in rungs if rung.rung == 0)
        if not begun:
            return self.most or 1
        bottom = [Rung(rung.bracket, -1, trials=0, resource=0) for rung in rungs if not rung.rung]
        ladder = sorted([*rungs, *bottom], key=lambda rung: (rung.bracket, rung.rung))
        steps = ((a, b) for a, b in itertools.pairwise(ladder) if a.bracket == b.bracket)
        return sum(b.trials * (b.resource - a.resource) for a, b in steps) / begun

    def _alike(self, n_trials: int) -> Scheduler | None:
        if self.spec is None or not self.spec.plan or self.resource is None:
            return None
        means = {"eta": "eta", **self.spec.means}
        options = {means[name]: value for name, value in self.options.items() if name in means}
        ours = find_scheduler(self.spec.plan)
        wishes = Scheduling(ours.name, resource=self.resource, options=options, n_trials=n_trials)
        try:
            opened: Scheduler = load_scheduler(ours).open(wishes)
        except OptionError:  # the library takes what the paper has no plan for
            return None
        return opened


def pair(spec: BackendSpec, method: str, scheduler: str | None) -> tuple[str, str | None]:
    """Return the method that proposes and the scheduler, where a method names both.

    A backend's own method of that name, if what it needs is installed, brings its own scheduler of
    that name; who names both wants these, installed or not.

    Raises:
        OptionError: the method brings a scheduler, and another one is asked for.
        UnknownNameError: the backend has no method of the kind that is to propose.

    Example:
        >>> from unitune.plugins import find_backend
        >>> pair(find_backend("builtin"), "hyperband", None)
        ('random', 'hyperband')
    """
    own = next((one for one in spec.methods if one.name == method), None)
    named = own is not None and any(one.name == method for one in spec.schedulers)
    if named and scheduler == method:
        return method, method
    if own is not None and scheduler in (None, method) and missing(spec, own) is None:
        return method, method if named else scheduler
    if method not in PAIRS or method in spec.aliases:
        return method, scheduler
    if scheduler is not None and scheduler.removeprefix(COMPOSED) != "hyperband":
        raise OptionError(
            f"method={method!r} is {PAIRS[method]!r} proposals with the scheduler 'hyperband', and "
            f"scheduler={scheduler!r} is another one. Use method={PAIRS[method]!r} with it."
        )
    try:
        find_method(spec, PAIRS[method])
    except UnknownNameError:
        raise UnknownNameError(
            f"method={method!r} is {PAIRS[method]!r} proposals with the scheduler 'hyperband', and "
            f"backend {spec.name!r} has no method {PAIRS[method]!r}. It has: "
            f"{', '.join(spec.method_names())}."
        ) from None
    return PAIRS[method], scheduler or "hyperband"


def choose(
    spec: BackendSpec,
    scheduler: str | None,
    resource: tuple[int, int] | None,
    options: Mapping[str, Any],
    *,
    method: Method | None = None,
    through: str | None = None,
) -> Choice:
    """Return a run's scheduler: the backend's own of that name, else unitune's.

    Args:
        spec: the backend.
        scheduler: the scheduler's name; None for none.
        resource: the least and the most a trial consumes.
        options: the user's options for it.
        method: what proposes, where it is known: not every scheduler of a library goes with every
            method.
        through: 'backend:method' where another one proposes in its place.

    Raises:
        UnknownNameError: there is none of that name.
        PluginError: the plugin that brings it failed.
        MissingLibraryError: it needs a module that is not installed.
        OptionError: what it needs is not given, or what is given has no use.
    """
    if scheduler is None:
        if options:
            raise OptionError("scheduler_options= are for a scheduler: give scheduler= too.")
        return Choice(resource=resource)
    found, native = _find(spec, scheduler, method, through)
    lack = lacks(found)
    if lack is not None:
        raise MissingLibraryError(lack)
    if found.resource and resource is None:
        raise OptionError(
            f"Scheduler {found.name!r} divides what a trial consumes: say with "
            f"resource=(least, most) how much that is, in the steps that the objective reports, "
            f"such as resource=(1, 27) for 27 epochs."
        )
    return Choice(found, native=native, resource=resource, options=options)


def _find(
    spec: BackendSpec, scheduler: str, method: Method | None, through: str | None
) -> tuple[SchedulerSpec, bool]:
    if not isinstance(scheduler, str):
        raise UnknownNameError(f"A scheduler is named by a string, not {scheduler!r}.")
    own = {one.name: one for one in spec.schedulers}
    name = scheduler.removeprefix(COMPOSED)
    ours = discover_schedulers()
    if scheduler in own:
        if _fits(own[scheduler], method, through):
            return own[scheduler], True
        if name not in ours:
            raise _unfitting(spec, own[scheduler], method, through)
    if name not in ours:
        known = {*ours, *(own if name == scheduler else ())}
        raise UnknownNameError(
            f"There is no scheduler {scheduler!r} for backend {spec.name!r}. {nearest(name, known)}"
        )
    return find_scheduler(name), False


def _fits(own: SchedulerSpec, method: Method | None, through: str | None) -> bool:
    if method is None or not own.methods:
        return True
    return through is None and method.name in own.methods


def _unfitting(
    spec: BackendSpec, own: SchedulerSpec, method: Method | None, through: str | None
) -> OptionError:
    methods = " and ".join(repr(name) for name in own.methods)
    one = len(own.methods) == 1
    other = "another one" if one else "none of them"
    given = f"method {method.name!r} is {other}" if method is not None else ""
    if through is not None:
        given = f"{through!r} proposes here, for the sake of the options or of the constraints"
    return OptionError(
        f"Scheduler {own.name!r} of backend {spec.name!r} goes with the "
        f"{'method' if one else 'methods'} {methods} of that library itself, and {given}. Change "
        f"the method or the space, or use another scheduler."
    )
