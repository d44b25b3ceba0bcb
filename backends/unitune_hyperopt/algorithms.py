"""Hyperopt's algorithms with the user's options bound to them."""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any

from hyperopt.anneal import suggest as suggest_anneal
from hyperopt.rand import suggest as suggest_random
from hyperopt.tpe import suggest as suggest_tpe

from unitune.errors import OptionError
from unitune.settings import read_whole
from unitune_hyperopt.adaptive import kept_random_state
from unitune_hyperopt.adaptive import suggest as suggest_atpe

# (new ids, domain, trials, seed) -> documents of new trials
Algorithm = Callable[[list[int], Any, Any, int], list[dict[str, Any]]]


def random() -> Algorithm:
    """Return random search."""
    algorithm: Algorithm = suggest_random
    return algorithm


def tpe(
    prior_weight: float = 1.0,
    n_startup_jobs: int = 20,
    n_EI_candidates: int = 24,  # noqa: N803 - Hyperopt's own name
    gamma: float = 0.25,
) -> Algorithm:
    """Return the tree-structured Parzen estimator (Bergstra et al., NIPS 2011)."""
    return partial(
        suggest_tpe,
        prior_weight=_number("prior_weight", prior_weight, least=0),
        n_startup_jobs=read_whole("n_startup_jobs", n_startup_jobs, least=0),
        n_EI_candidates=read_whole("n_EI_candidates", n_EI_candidates, least=1),
        gamma=_number("gamma", gamma, least=0),
        verbose=False,  # it logs two lines a trial
    )


def anneal(avg_best_idx: float = 2.0, shrink_coef: float = 0.1) -> Algorithm:
    """Return simulated annealing."""
    return partial(
        suggest_anneal,
        avg_best_idx=_number("avg_best_idx", avg_best_idx, least=1),
        shrink_coef=_number("shrink_coef", shrink_coef, least=0),
    )


def atpe() -> Algorithm:
    """Return TPE whose settings are predicted from the trials so far."""
    # Loaded by atpe in its first call otherwise, where loading would use up random numbers.
    with kept_random_state():
        for library in ("lightgbm", "sklearn"):
            import_module(library)
    return suggest_atpe


def _number(name: str, given: Any, *, least: float) -> float:
    """Return an option that is a number: Hyperopt looks at it only after its random trials."""
    fits = isinstance(given, numbers.Real) and not isinstance(given, bool)
    if not fits or not least <= given < math.inf:
        raise OptionError(f"{name}={given!r}: give a number of at least {least:g}.")
    return float(given)


ALGORITHMS: dict[str, Callable[..., Algorithm]] = {
    "random": random,
    "tpe": tpe,
    "anneal": anneal,
    "atpe": atpe,
}
