"""Adaptive TPE (`hyperopt.atpe`), kept from the global random state and from failed trials."""

from __future__ import annotations

import random
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from hyperopt import STATUS_OK, trials_from_docs
from hyperopt.atpe import suggest as suggest_atpe


def suggest(new_ids: list[int], domain: Any, trials: Any, seed: int) -> list[dict[str, Any]]:
    """Propose a trial as `hyperopt.atpe.suggest` does, with the seed deciding.

    It reads the loss of every trial it is given, so that one failed or running trial would end
    it: it is given the others.
    """
    complete = [doc for doc in trials.trials if doc["result"]["status"] == STATUS_OK]
    with _seeded(seed), warnings.catch_warnings():
        # correlations of parameters that had one value so far
        warnings.simplefilter("ignore", RuntimeWarning)
        seen = trials_from_docs(complete, validate=False)
        docs: list[dict[str, Any]] = suggest_atpe(new_ids, domain, seen, seed)
    for doc in docs:
        # it writes 0 for every trial, and Trials.vals then fails
        doc["misc"]["idxs"] = {label: [doc["tid"]] for label in doc["misc"]["vals"]}
    return docs


@contextmanager
def kept_random_state() -> Iterator[None]:
    """Put the global generators back as they were."""
    states = random.getstate(), np.random.get_state()  # noqa: NPY002
    try:
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])  # noqa: NPY002


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Lend the global generators, which atpe draws from."""
    with kept_random_state():
        random.seed(seed)
        np.random.seed(seed)  # noqa: NPY002
        yield
