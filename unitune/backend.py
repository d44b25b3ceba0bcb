"""The two contracts a backend may meet: `Study` (ask and tell) and `Service` (it owns the loop).

A plugin subclasses one of them and names the class in a `BackendSpec`; the wrapped library is
imported by the module of that class, so never before a study is opened.
"""

from __future__ import annotations

import contextlib
import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import KW_ONLY, dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal, Protocol, Self, TypeVar

from unitune.capabilities import Method
from unitune.errors import OptionError, nearest
from unitune.translation import Raw, Translation
from unitune.trial import Failure, Leg, Outcome, State, Verdict

if TYPE_CHECKING:
    from unitune.objective import Evaluator

Mode = Literal["min", "max"]
Built = TypeVar("Built")

_WATCHED: ContextVar[dict[str, dict[str, Any]] | None] = ContextVar("_WATCHED", default=None)


@dataclass(frozen=True, slots=True)
class Scheduling:
    """What a scheduler is to keep to.

    Attributes:
        name: its name.
        resource: the least and the most a trial consumes, in the units of its steps.
        options: the user's options for it.
        seed: fixes what it draws at random; in [0, 2**32).
        n_trials: how many trials are planned.
    """

    name: str
    _: KW_ONLY
    resource: tuple[int, int] | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    n_trials: int = 50


@dataclass(frozen=True, slots=True)
class Problem:
    """What a backend is to optimise, translated for it.

    Attributes:
        translation: the space as the backend takes it; `translation.natives` holds what the
            backend's own `native_space` made of it.
        method: the method to use.
        mode: whether smaller or greater values are better; `loss` removes the difference.
        seed: fixes every proposal; in [0, 2**32).
        n_trials: how many trials are planned.
        options: the user's options for this method.
        workers: how many trials may run side by side.
        initial: raw configs that a service evaluates first; a study has them injected.
        proposer: for a composed method on a service, the study that proposes.
        scheduler: which of the library's own schedulers to use; None for none.
        most: the most resource that a trial may use; None for no limit.
        limit: how many trials there may be at the most, where the budget is one of resource;
            `n_trials` is then how many that suffices for if each uses the most.
        partial: whether the `proposer` itself tells stopped trials from complete ones.
        steered: whether a scheduler of unitune's decides in the sink.
    """

    translation: Translation
    method: Method
    _: KW_ONLY
    mode: Mode = "min"
    seed: int = 0
    n_trials: int = 50
    options: Mapping[str, Any] = field(default_factory=dict)
    workers: int = 1
    initial: tuple[Mapping[str, Raw], ...] = ()
    proposer: Study | None = None
    scheduler: Scheduling | None = None
    most: int | None = None
    limit: int | None = None
    partial: bool = False
    steered: bool = False

    @property
    def title(self) -> str:
        """The method and its backend, as sentences name them."""
        return f"Method {self.method.name!r} of backend {self.translation.backend!r}"

    def loss(self, value: float) -> float:
        """Return the value with the sign that makes smaller better."""
        return value if self.mode == "min" else -value


@dataclass(frozen=True, slots=True)
class Proposal:
    """A config in the backend's raw values, and what the backend knows it by."""

    values: Mapping[str, Raw]
    token: Any = None


class Answer(Enum):
    """What `Study.ask` says when it has no config."""

    NOT_READY = "tell me something first"
    EXHAUSTED = "there is nothing left to propose"


class Backend(ABC):
    """What a study and a service have in common."""

    @classmethod
    def native_space(cls, translation: Translation) -> Mapping[str, Any]:
        """Return the library's own object for each parameter of `translation.targets`.

        By default the targets themselves, for a library that has no such objects.
        """
        return translation.targets

    @classmethod
    def open(cls, problem: Problem) -> Self:
        """Begin; raises OptionError for options it does not know.

        By default `cls(problem, **problem.options)`: the options are what the constructor takes
        beside the problem.
        """
        return build(cls, problem.options, problem.title, problem=problem)

    @property
    @abstractmethod
    def native(self) -> Any:
        """The library's own, completely filled study or result object."""

    def close(self) -> None:  # noqa: B027 - most hold nothing
        """Give back what is held; `native` stays usable."""


class Study(Backend):
    """A study of a library that is asked and told.

    The core keeps the trial numbers, the budget, the checks and the clock. It tells every
    proposal exactly once, also failed ones and ones that never ran because a constraint of the
    space forbids them (INFEASIBLE), and it may have several untold proposals at a time.
    """

    @abstractmethod
    def ask(self) -> Proposal | Answer:
        """Propose a config, in raw values: a number, or the index of a choice."""

    def inject(self, values: Mapping[str, Raw]) -> Proposal:
        """Enter a config the library did not propose, without using up its random numbers.

        By default it is known by its values, for a library that is told any point it is told of.
        """
        return Proposal(values, values)

    @abstractmethod
    def tell(self, token: Any, outcome: Outcome) -> None:
        """Learn what became of a proposal."""

    def repeated(self, token: Any, outcome: Outcome | None) -> None:
        """Learn that a proposal repeats an earlier config, so that it is not evaluated.

        Only runs with several workers refuse repeats. A library that can take a proposal back
        does so here.

        Args:
            token: the proposal's.
            outcome: what became of the earlier one; None while it is running.
        """
        self.tell(token, outcome or Outcome(State.FAILED, failure=Failure("Repeated", "")))

    def report(self, token: Any, step: int, value: float) -> bool:
        """Learn a trial's value at one step; return whether the library would stop it."""
        return False


class Sink(Protocol):
    """Where a `Service` delivers what happens; it answers what is to become of trials.

    A trial is proposed, then begun, reports, and is finished. On the way it may pause: when it
    does, and when it ends, the leg that it has come to the end of is handed in.
    """

    def proposed(self, key: str, values: Mapping[str, Raw]) -> int | None:
        """There is a further trial, with its raw config; returns how far it goes at first.

        Trials are numbered in this order. None is for no limit.
        """

    def begun(self, key: str) -> None:
        """A trial begins to be evaluated."""

    def reported(self, key: str, step: int, value: float) -> Verdict:
        """A trial has a value at one step; returns what becomes of it."""

    def consumed(self, key: str, leg: Leg) -> None:
        """A trial has paused or ended, and consumed that since it began or went on."""

    def perturbed(self, key: str, source: str, step: int, values: Mapping[str, Raw]) -> None:
        """A trial goes on with another raw config, from the state of another trial at a step."""

    def finished(self, key: str, outcome: Outcome, seconds: float) -> None:
        """A trial ended after that many seconds of evaluation."""

    def rejected(self) -> None:
        """A proposal broke a constraint of the space: it is no trial."""

    def released(self) -> list[tuple[str, int | None]]:
        """Return the paused trials whose pause is over: each with how far it goes on.

        None is for a trial that is not gone on with: it is to be finished as pruned.
        """

    def gone_on(self, key: str) -> None:
        """A released trial is gone on with."""

    def full(self) -> None:
        """No further trial can be proposed before a paused one goes on."""

    @property
    def room(self) -> bool:
        """Whether a further trial may be proposed: the budget allows for one more."""

    @property
    def done(self) -> bool:
        """Whether the run should end: its budget, target, patience or time is used up."""


class Service(Backend):
    """A library that owns the loop: it proposes, evaluates and ends by itself."""

    @abstractmethod
    def run(self, evaluate: Evaluator, sink: Sink) -> None:
        """Run to the end of the budget, or until `sink.done`, or until KeyboardInterrupt.

        Args:
            evaluate: evaluates the user's objective.
            sink: takes what happens.
        """


def build(
    factory: Callable[..., Built], options: Mapping[str, Any], title: str = "", /, **fixed: Any
) -> Built:
    """Call a library's constructor with the user's options, refusing those it does not know.

    Args:
        factory: the constructor or function.
        options: the user's options for the method.
        title: what refuses them, such as `Problem.title`; by default the constructor's name.
        fixed: arguments that unitune sets and the user may not, such as the seed.

    Raises:
        OptionError: an option is unknown, or is one that unitune sets.
    """
    names = list(inspect.signature(factory).parameters)
    called = getattr(factory, "__name__", str(factory))
    for name in options:
        if name in fixed:
            raise OptionError(
                f"The option {name!r} is set by unitune itself; use the argument of run() instead."
            )
        if name not in names:
            raise OptionError(
                f"{title or called} has no option {name!r}. "
                f"{nearest(name, set(names) - set(fixed))}"
            )
    seen = _WATCHED.get()
    if seen is not None:
        parameters = inspect.signature(factory).parameters.values()
        defaults = {p.name: p.default for p in parameters if p.default is not p.empty}
        used = {**defaults, **options}
        seen[called] = {name: value for name, value in used.items() if name not in fixed}
    return factory(**options, **fixed)


@contextlib.contextmanager
def watch_options() -> Iterator[dict[str, dict[str, Any]]]:
    """Collect what `build` calls with, the library's own defaults included.

    Yields:
        the options by constructor, filled while the context is open.
    """
    seen: dict[str, dict[str, Any]] = {}
    token = _WATCHED.set(seen)
    try:
        yield seen
    finally:
        _WATCHED.reset(token)
