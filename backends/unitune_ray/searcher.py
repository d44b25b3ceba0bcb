"""Where the configs come from: Ray's own searchers, and ask-and-tell studies as one of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import optuna
from ray.tune.search import Searcher
from ray.tune.search.basic_variant import BasicVariantGenerator
from ray.tune.utils import flatten_dict

from unitune.backend import Answer, Problem, Study, build
from unitune.source import Proposed, Source
from unitune.space.design import grid_for_budget, points_for_budget
from unitune.steering import Tempering, Told
from unitune.trial import Failure, Outcome, State
from unitune_ray.domains import config_space, grid
from unitune_ray.native import concurrency, kind_of
from unitune_ray.schedulers import Dice
from unitune_ray.trainable import VALUE
from unitune_ray.watch import StaysHere, Watch

DIED = Outcome(State.FAILED, failure=Failure("WorkerDied", "the worker process ended"))


class Variants(StaysHere, BasicVariantGenerator):
    """Ray's own generator; it ends when the run is finishing."""

    def __init__(self, watch: Watch, **settings: Any) -> None:
        super().__init__(**settings)
        self._watch = watch

    def next_trial(self) -> Any:
        if self._watch.finishing:
            self.set_finished()  # type: ignore[no-untyped-call]
        elif not self._watch.room:
            return None
        return super().next_trial()  # type: ignore[no-untyped-call]

    def save_to_dir(self, dirpath: str, session_str: str = "", **kwargs: Any) -> None:
        """Store nothing: see `StaysHere`."""


class Unstored(StaysHere, Searcher):
    """A searcher that ends when the run is finishing, and that is not stored."""

    def __init__(self, watch: Watch, problem: Problem) -> None:
        super().__init__(metric=VALUE, mode=problem.mode)
        self._watch = watch
        self._temper = Tempering(problem.loss)

    def suggest(self, trial_id: str) -> Any:
        if self._watch.finishing:
            return self.FINISHED
        return self._suggest(trial_id) if self._watch.room else None

    def _suggest(self, trial_id: str) -> Any:
        raise NotImplementedError

    def save_to_dir(self, checkpoint_dir: str, session_str: str = "default") -> None:
        """Store nothing: see `StaysHere`."""


class LibrarySearcher(Unstored):
    """One of Ray's searchers, told of failures as it is of trainables that raise."""

    def __init__(self, watch: Watch, problem: Problem, inner: Searcher) -> None:
        super().__init__(watch, problem)
        self._inner = inner
        self._results: dict[str, dict[str, Any]] = {}

    def set_search_properties(
        self, metric: str | None, mode: str | None, config: dict[str, Any], **spec: Any
    ) -> bool:
        done: bool = self._inner.set_search_properties(metric, mode, config, **spec)
        return done

    def _suggest(self, trial_id: str) -> Any:
        suggested = self._inner.suggest(trial_id)
        # OptunaSearch turns a name with '/' into nested dicts.
        return flatten_dict(suggested) if isinstance(suggested, dict) else suggested

    def on_trial_result(self, trial_id: str, result: dict[str, Any]) -> None:
        self._inner.on_trial_result(trial_id, result)

    def on_trial_complete(
        self,
        trial_id: str,
        result: dict[str, Any] | None = None,
        error: bool = False,  # noqa: FBT001, FBT002 - Ray's signature
    ) -> None:
        outcome = DIED if error else self._watch.outcome(trial_id)
        self._results[trial_id] = result or {}
        with self._watch.guarding():
            for told, said in self._told(trial_id, outcome):
                own = self._results.pop(told)
                result = None if said.value is None else {**own, VALUE: said.value}
                self._inner.on_trial_complete(told, result=result, error=result is None)

    def _told(self, trial_id: str, outcome: Outcome) -> list[Told]:
        return self._temper(trial_id, outcome)  # it takes every value for a final one


class BohbSearcher(LibrarySearcher):
    """TuneBOHB, which is told of pauses, and draws from numbers of its own."""

    def __init__(self, watch: Watch, problem: Problem, inner: Any) -> None:
        super().__init__(watch, problem, inner)
        self._bohb = inner
        self._dice = Dice(problem.seed)

    def _suggest(self, trial_id: str) -> Any:
        with self._dice.rolled():
            suggested = super()._suggest(trial_id)
        # numpy's numbers, except for the user's own configs
        return {name: getattr(v, "item", lambda v=v: v)() for name, v in suggested.items()}

    def on_trial_result(self, trial_id: str, result: dict[str, Any]) -> None:
        with self._dice.rolled():
            super().on_trial_result(trial_id, result)

    def _told(self, trial_id: str, outcome: Outcome) -> list[Told]:
        return [(trial_id, outcome)]  # it knows at which budget each value was reached

    def on_pause(self, trial_id: str) -> None:
        """Make room for another trial."""
        self._bohb.on_pause(trial_id)

    def on_unpause(self, trial_id: str) -> None:
        """Go on with a trial before there is another one."""
        self._bohb.on_unpause(trial_id)
        self._watch.reserves(trial_id)


class StudySearcher(Unstored):
    """An ask-and-tell study inside Ray's interface, which hears reports from the watch."""

    def __init__(self, watch: Watch, problem: Problem, study: Study) -> None:
        super().__init__(watch, problem)
        self._partial = problem.partial
        watch.on_report = self._on_report
        translation = problem.translation
        initial = [translation.lift(values) for values in problem.initial]
        self._source = Source(
            study, translation, initial=initial, on_rejected=lambda *_: watch.rejects()
        )
        self._open: dict[str, Proposed] = {}

    def set_search_properties(
        self, metric: str | None, mode: str | None, config: dict[str, Any], **spec: Any
    ) -> bool:
        return True

    def _suggest(self, trial_id: str) -> Any:
        proposed = self._source.next(waiting=bool(self._open))
        if proposed is Answer.EXHAUSTED:
            return self.FINISHED
        if isinstance(proposed, Answer):
            return None  # Ray asks again when a trial has ended
        self._open[trial_id] = proposed
        return dict(proposed.values)

    def on_trial_result(self, trial_id: str, result: dict[str, Any]) -> None:
        """Ray leaves out the last report of a trial that is stopped: see `_on_report`."""

    def _on_report(self, trial_id: str, step: int, value: float) -> bool:
        proposed = self._open.get(trial_id)
        return proposed is not None and self._source.study.report(proposed.token, step, value)

    def on_trial_complete(
        self,
        trial_id: str,
        result: dict[str, Any] | None = None,
        error: bool = False,  # noqa: FBT001, FBT002 - Ray's signature
    ) -> None:
        proposed = self._open.pop(trial_id, None)
        if proposed is None:
            return
        outcome = DIED if error else self._watch.outcome(trial_id)
        token = proposed.token
        with self._watch.guarding():
            for told, said in [(token, outcome)] if self._partial else self._temper(token, outcome):
                self._source.study.tell(told, said)


# What a Tuner needs to search: its search_alg, its param_space, and how many samples to take.
Search = tuple[Any, dict[str, Any], int]


def open_search(problem: Problem, watch: Watch, options: Mapping[str, Any]) -> Search:
    """Build the search of a problem; raises OptionError for options it does not know."""
    method, natives = problem.method.name, dict(problem.translation.natives)
    kind = kind_of(problem)
    population = kind is not None and kind.hands_on
    samples = problem.n_trials if population else problem.limit or problem.n_trials
    if problem.proposer is not None:
        build(_no_options, options, problem.title)
        return StudySearcher(watch, problem, problem.proposer), {}, samples
    if method == "grid":
        return build(_grid, options, problem.title, problem=problem, watch=watch)
    if method == "random":
        search = build(
            Variants,
            options,
            watch=watch,
            max_concurrent=concurrency(problem),
            random_state=problem.seed,
            points_to_evaluate=[dict(values) for values in problem.initial],
        )
        return search, natives, samples
    if method == "optuna":
        return _optuna(problem, watch, options), {}, samples
    if method == "bohb":
        return _bohb(problem, watch, options), {}, samples
    return _hyperopt(problem, watch, options), natives, samples


def _no_options() -> None:
    """Options of the proposing backend go into 'searcher_options'."""


def _optuna(problem: Problem, watch: Watch, options: Mapping[str, Any]) -> Searcher:
    from ray.tune.search.optuna import OptunaSearch

    with _optuna_quiet():
        inner = build(
            OptunaSearch,
            options,
            space=dict(problem.translation.natives),
            metric=VALUE,
            mode=problem.mode,
            # a sampler of the user's brings its own
            seed=None if options.get("sampler") else problem.seed,
            points_to_evaluate=[dict(values) for values in problem.initial],
        )
    return LibrarySearcher(watch, problem, inner)


def _hyperopt(problem: Problem, watch: Watch, options: Mapping[str, Any]) -> Searcher:
    from ray.tune.search.hyperopt import HyperOptSearch

    inner = build(
        HyperOptSearch,
        options,
        space=None,
        metric=VALUE,
        mode=problem.mode,
        random_state_seed=problem.seed,
        points_to_evaluate=[dict(values) for values in problem.initial] or None,
    )
    return LibrarySearcher(watch, problem, inner)


def _bohb(problem: Problem, watch: Watch, options: Mapping[str, Any]) -> Searcher:
    from ray.tune.search.bohb import TuneBOHB

    with Dice(problem.seed).rolled():
        inner = build(
            TuneBOHB,
            options,
            space=config_space(problem.translation.targets),
            metric=VALUE,
            mode=problem.mode,
            seed=problem.seed,
            points_to_evaluate=[dict(values) for values in problem.initial],
            max_concurrent=0,
        )
    return BohbSearcher(watch, problem, inner)


def _grid(problem: Problem, watch: Watch, points: int | Mapping[str, int] | None = None) -> Search:
    translation, given = problem.translation, [dict(values) for values in problem.initial]
    space, budget = translation.space, problem.n_trials
    if points is None:
        points = points_for_budget(space, budget)
    lists: dict[str, Any] = grid(translation, points)
    samples = len(given) + 1
    if space.grid_size(points) > budget:
        # Ray would visit a first part of it, with the first parameters at their low ends.
        part = grid_for_budget(space, budget, problem.seed, points)
        given += [translation.lower(config) for config in part]
        samples = len(given)
    search = Variants(watch, max_concurrent=concurrency(problem), points_to_evaluate=given)
    return search, lists, samples


@contextmanager
def _optuna_quiet() -> Iterator[None]:
    # Optuna announces every study that is created.
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        yield
    finally:
        optuna.logging.set_verbosity(before)
