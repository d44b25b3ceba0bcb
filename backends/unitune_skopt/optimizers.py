"""The library's Optimizer, built as gp_minimize and its siblings build theirs.

The order in which each of them draws from its random state is copied exactly, so that a study
proposes what the library's own function proposes for the same seed. Fields are the options a user
may give, under the library's names and with its defaults; only `model_queue_size` is 1 instead
of None, which proposes the same and does not keep every model of the run (each Gaussian process
holds two matrices of trials x trials).
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar

import numpy as np
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.utils import check_random_state
from skopt import Optimizer
from skopt.utils import cook_estimator, normalize_dimensions

from unitune.errors import OptionError
from unitune.settings import read_whole
from unitune_skopt.boosting import BoostedQuantiles

LARGEST_SEED = np.iinfo(np.int32).max
Constraint = Callable[[Sequence[Any]], bool]


@dataclass(frozen=True)
class Settings:
    """What every method has in common; `optimizer` makes the library's object."""

    dimensions: list[Any]
    random_state: int
    _: KW_ONLY
    space_constraint: Constraint | None = None
    n_initial_points: int = 10
    initial_point_generator: Any = "random"
    model_queue_size: int | None = 1

    def optimizer(self) -> Any:
        raise NotImplementedError

    def _check(self) -> None:
        # The library would find out at its first fit, with trials already spent.
        read_whole("n_initial_points", self.n_initial_points, least=0)
        if self.model_queue_size is not None:
            read_whole("model_queue_size", self.model_queue_size, least=1)
        # Designs are made before anything is asked whether it is allowed.
        if self.space_constraint is not None and self.initial_point_generator != "random":
            raise OptionError(
                f"scikit-optimize's initial_point_generator={self.initial_point_generator!r} "
                f"ignores constraints; use 'random', or a space without constraints."
            )

    def _build(self, estimator: Any, **given: Any) -> Any:
        self._check()
        arguments = {
            "dimensions": self.dimensions,
            "random_state": self.random_state,
            "n_initial_points": self.n_initial_points,
            "initial_point_generator": self.initial_point_generator,
            "model_queue_size": self.model_queue_size,
            "space_constraint": self.space_constraint,
        }
        return Optimizer(base_estimator=estimator, **(arguments | given))


@dataclass(frozen=True)
class Random(Settings):
    """Random search as in dummy_minimize, which no longer runs with today's scikit-learn."""

    def optimizer(self) -> Any:
        # Optimizer refuses the library's own 'DUMMY'. Any estimator named by a string draws the
        # one seed that 'DUMMY' would have drawn; without it the Optimizer stays random for good.
        optimizer = self._build("ET", acq_func="EI", acq_optimizer="sampling")
        optimizer.base_estimator_ = None
        return optimizer


@dataclass(frozen=True)
class _Surrogate(Settings):
    """What all methods with a surrogate model have in common."""

    acq_func: str = "EI"
    n_points: int = 10_000
    xi: float = 0.01
    kappa: Any = 1.96
    n_jobs: int = 1
    base_estimator: Any = None

    def _check(self) -> None:
        super()._check()
        read_whole("n_points", self.n_points, least=1)
        _check_number("xi", self.xi)
        if self.kappa != "inf":  # the library's word for nothing but exploration
            _check_number("kappa", self.kappa)
        if self.n_jobs == 0 or not isinstance(self.n_jobs, int | None):
            raise OptionError(f"n_jobs={self.n_jobs!r}: give a whole number, or -1 for all cores.")
        if str(self.acq_func).endswith("ps"):
            raise OptionError(
                f"scikit-optimize's acq_func={self.acq_func!r} needs the seconds of each trial "
                f"beside its value, which unitune does not pass on; use 'EI' or 'PI'."
            )

    def _surrogate(self, estimator: Any, *, restarts: int = 5, **given: Any) -> Any:
        optimizer = self._build(
            estimator,
            acq_func=self.acq_func,
            acq_func_kwargs={"xi": self.xi, "kappa": self.kappa},
            acq_optimizer_kwargs={
                "n_points": self.n_points,
                "n_restarts_optimizer": restarts,
                "n_jobs": self.n_jobs,
            },
            n_jobs=self.n_jobs,
            **given,
        )
        if self.acq_func == "PVRS" and not hasattr(optimizer.base_estimator_, "sample_y"):
            raise OptionError(
                "acq_func='PVRS' draws functions from a Gaussian process, and this method has "
                "none; use 'EI', 'LCB' or 'PI'."
            )
        return optimizer


@dataclass(frozen=True)
class GaussianProcess(_Surrogate):
    """As gp_minimize."""

    KERNEL_RESTARTS: ClassVar[int] = 2  # what gp_minimize sets, out of its users' reach
    acq_func: str = "gp_hedge"
    acq_optimizer: str = "auto"
    n_restarts_optimizer: int = 5
    noise: Any = "gaussian"

    def _check(self) -> None:
        super()._check()
        read_whole("n_restarts_optimizer", self.n_restarts_optimizer, least=0)
        if self.n_restarts_optimizer < 1 and self.acq_optimizer != "sampling":
            raise OptionError(
                f"n_restarts_optimizer={self.n_restarts_optimizer!r}: scikit-optimize needs 1 or "
                f"more points to refine. Add acq_optimizer='sampling' to refine none."
            )
        if self.noise != "gaussian" and not (_finite(self.noise) and self.noise >= 0):
            raise OptionError(f"noise={self.noise!r}: give 'gaussian' or a variance.")

    def optimizer(self) -> Any:
        rng = check_random_state(self.random_state)
        space = normalize_dimensions(self.dimensions)
        estimator = self.base_estimator
        if estimator is None:
            estimator = cook_estimator(
                "GP", space=space, random_state=rng.randint(0, LARGEST_SEED), noise=self.noise
            )
            estimator.set_params(n_restarts_optimizer=self.KERNEL_RESTARTS)
        return self._surrogate(
            estimator,
            dimensions=space,
            random_state=rng,
            acq_optimizer=self.acq_optimizer,
            restarts=self.n_restarts_optimizer,
        )


@dataclass(frozen=True)
class FastGaussianProcess(GaussianProcess):
    """The same model, fitted and searched with fewer attempts: unitune's own settings.

    One acquisition function instead of three, 1,000 candidates instead of 10,000, of which two
    instead of five are refined, and no restarts of the kernel fit; `benchmarks/skopt_gp_fast.py`
    measures what that saves and costs.
    """

    KERNEL_RESTARTS: ClassVar[int] = 0
    acq_func: str = "EI"
    n_points: int = 1000
    n_restarts_optimizer: int = 2


@dataclass(frozen=True)
class ExtraTrees(_Surrogate):
    """As forest_minimize."""

    base_estimator: Any = "ET"

    def optimizer(self) -> Any:
        return self._surrogate(self.base_estimator, acq_optimizer="sampling")


@dataclass(frozen=True)
class RandomForest(ExtraTrees):
    """As forest_minimize with base_estimator='RF'."""

    base_estimator: Any = "RF"


@dataclass(frozen=True)
class BoostedTrees(_Surrogate):
    """As gbrt_minimize, which no longer runs with today's scikit-learn and numpy."""

    acq_func: str = "LCB"

    def optimizer(self) -> Any:
        estimator = self.base_estimator
        if estimator is None:
            estimator = BoostedQuantiles(
                base_estimator=GradientBoostingRegressor(n_estimators=30, loss="quantile"),
                # gbrt_minimize starts two streams from one seed: this one and the Optimizer's.
                random_state=check_random_state(self.random_state),
                n_jobs=self.n_jobs,
            )
        return self._surrogate(estimator, acq_optimizer="sampling")


SETTINGS: dict[str, type[Settings]] = {
    "random": Random,
    "grid": Random,
    "gp": GaussianProcess,
    "gp_fast": FastGaussianProcess,
    "forest": ExtraTrees,
    "rf": RandomForest,
    "gbrt": BoostedTrees,
}


def _check_number(name: str, given: Any) -> None:
    if not _finite(given):
        raise OptionError(f"{name}={given!r}: give a number.")


def _finite(given: Any) -> bool:
    real = isinstance(given, numbers.Real) and not isinstance(given, bool)
    return real and math.isfinite(given)
