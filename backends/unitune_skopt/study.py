"""A scikit-optimize Optimizer, asked and told."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Mapping
from typing import Any, Self, TypeVar

import numpy as np
from skopt.utils import OptimizeResult

from unitune.backend import Problem, Proposal, Study, build
from unitune.errors import OptionError, SpaceError
from unitune.translation import Raw, Translation
from unitune.trial import Outcome, State
from unitune_skopt.optimizers import SETTINGS
from unitune_skopt.points import Points, dimension

# The Gaussian process squares values: beyond this they overflow to NaN, and the study is lost.
LARGEST_LOSS = 1e150

Point = list[Any]
Given = TypeVar("Given")


class SkoptStudy(Study):
    """Runs one Optimizer; what the library cannot be told is translated into what it can.

    It knows no failed trials: they are told with the worst value so far, and held back as long as
    there is none. It knows one proposal at a time: further ones come from a copy that was told
    the best value so far for those in flight.
    """

    def __init__(self, problem: Problem, optimizer: Any, points: Points) -> None:
        self._problem = problem
        self._optimizer = optimizer
        self._points = points
        self._asked: dict[int, Point] = {}
        self._held: list[Point] = []
        self._count = 0

    @classmethod
    def native_space(cls, translation: Translation) -> Mapping[str, Any]:
        return {name: dimension(name, target) for name, target in translation.targets.items()}

    @classmethod
    def open(cls, problem: Problem) -> Self:
        points = Points(problem.translation)
        return cls(problem, _optimizer(problem, points), points)

    def ask(self) -> Proposal:
        point = _quietly(self._next)
        return self._proposal(point, self._points.raw(point))

    def inject(self, values: Mapping[str, Raw]) -> Proposal:
        # What the library does for x0: one more initial point, and no random number used.
        self._optimizer._n_initial_points += 1
        return self._proposal(self._points.point(values), values)

    def repeated(self, token: int, outcome: Outcome | None) -> None:
        # The earlier trial may be a point nearby, of the same values: so it is news to the model.
        if outcome is not None:
            self.tell(token, outcome)
        else:
            del self._asked[token]

    def tell(self, token: int, outcome: Outcome) -> None:
        point = self._asked.pop(token)
        loss = self._loss(outcome)
        if loss is None:
            self._held.append(point)
            return
        points, self._held = [point, *self._held], []
        _quietly(lambda: self._learn(points, loss))

    @property
    def native(self) -> Any:
        """The library's `OptimizeResult`; failed trials have the worst value that was known then.

        For mode='max' its values have the opposite sign.
        """
        if self._optimizer.yi:
            return self._optimizer.get_result()
        # The library has no result without a value.
        return OptimizeResult(
            x=None,
            fun=None,
            x_iters=list(self._held),
            func_vals=np.full(len(self._held), np.nan),
            models=[],
            space=self._optimizer.space,
            random_state=self._optimizer.rng,
            specs=self._optimizer.specs,
        )

    def _proposal(self, point: Point, values: Mapping[str, Raw]) -> Proposal:
        token = self._count
        self._count += 1
        self._asked[token] = point
        return Proposal(values, token)

    def _loss(self, outcome: Outcome) -> float | None:
        if outcome.state in (State.COMPLETE, State.PRUNED) and outcome.value is not None:
            loss = self._problem.loss(outcome.value)
            return min(max(loss, -LARGEST_LOSS), LARGEST_LOSS)
        # NaN would stay among the library's values and make every later tell raise.
        return max(self._optimizer.yi, default=None)

    def _learn(self, points: list[Point], loss: float) -> None:
        # `tell` would check the points against the constraints again, where a candidate on the
        # very edge may have crossed it by the rounding of the library's own transforms. While
        # others are in flight the next proposal comes from a copy, which fits for itself.
        self._optimizer._tell(points, [loss] * len(points), fit=not self._asked)

    def _next(self) -> Point:
        optimizer = self._optimizer
        waiting = [*self._asked.values(), *self._held]
        if optimizer.base_estimator_ is None or not optimizer.yi:
            return self._initial(len(waiting))
        if optimizer._n_initial_points > len(waiting):
            return self._initial(len(waiting))
        if waiting:
            return self._beside(waiting)
        point: Point = optimizer.ask()
        return point

    def _initial(self, waiting: int) -> Point:
        """Return a point of the initial design, and random ones after its end."""
        optimizer = self._optimizer
        design = optimizer._initial_samples
        place = 0 if design is None else len(design) - optimizer._n_initial_points + waiting
        if design is not None and place < len(design):
            point: Point = design[place]
            return point
        drawn: Point = optimizer.space.rvs(random_state=optimizer.rng)[0]
        return drawn

    def _beside(self, waiting: list[Point]) -> Point:
        """Propose as if every trial in flight had come to the best value so far.

        That is the constant liar with the minimum, CL-min, of Ginsbourger et al., Kriging is
        well-suited to parallelize optimization, 2010. `Optimizer.copy` would fit the model once
        more, and forget n_jobs, model_queue_size and avoid_duplicates.
        """
        optimizer = self._optimizer
        liar = copy.copy(optimizer)
        liar.Xi, liar.yi, liar.models = list(optimizer.Xi), list(optimizer.yi), []
        if hasattr(optimizer, "gains_"):
            liar.gains_ = optimizer.gains_.copy()
        liar._tell(waiting, [min(optimizer.yi)] * len(waiting))
        point: Point = liar.ask()
        if hasattr(optimizer, "gains_"):
            # The hedge goes on from the candidates it chose among last.
            optimizer.gains_, optimizer.next_xs_ = liar.gains_, liar.next_xs_
        return point


def _optimizer(problem: Problem, points: Points) -> Any:
    translation = problem.translation
    fixed: dict[str, Any] = {
        # Copies, since the Gaussian process rescales the dimensions it is given.
        "dimensions": [copy.deepcopy(translation.natives[name]) for name in translation.steps],
        "random_state": problem.seed,
        "space_constraint": points.allowed if translation.space.constraints else None,
    }
    if not problem.method.learns:
        fixed["n_initial_points"] = problem.n_trials
    settings = build(SETTINGS[problem.method.name], problem.options, problem.title, **fixed)
    try:
        return _quietly(settings.optimizer)
    except OptionError:
        raise
    except (TypeError, ValueError, AttributeError) as error:
        raise OptionError(
            f"scikit-optimize refuses the options {dict(problem.options)!r} for the method "
            f"{problem.method.name!r}: {error}"
        ) from error


def _quietly(call: Callable[[], Given]) -> Given:
    """Call the library without its warnings: on repeated points, and of scikit-learn on fits."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return call()
        except RuntimeError as error:
            if "constrained space" not in str(error):
                raise
            raise SpaceError(
                "scikit-optimize found no config that satisfies the constraints among 10,000 "
                "draws. Loosen the constraints, or write the space so that fewer configs break "
                "them."
            ) from error
