"""A Hyperopt study that is asked and told: what `fmin` does, with the loop left to the core."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from hyperopt import (
    JOB_STATE_DONE,
    JOB_STATE_ERROR,
    JOB_STATE_RUNNING,
    STATUS_FAIL,
    STATUS_OK,
    Trials,
)
from hyperopt.base import Domain
from hyperopt.utils import coarse_utcnow

from unitune.backend import Answer, Problem, Proposal, Study, build
from unitune.translation import Raw, Translation
from unitune.trial import Outcome
from unitune_hyperopt.algorithms import ALGORITHMS, Algorithm, random
from unitune_hyperopt.expressions import expressions


class HyperoptStudy(Study):
    """Drives an algorithm of Hyperopt over a `Trials`, with the random numbers `fmin` would use.

    Failed and infeasible trials are kept as done with status 'fail': Hyperopt's error state would
    hide them from `Trials.trials`, and from TPE what to avoid. A pruned trial counts with its
    last value. A result holds the value in the user's sign beside Hyperopt's `loss`.
    """

    def __init__(self, problem: Problem, algorithm: Algorithm) -> None:
        self._problem = problem
        self._algorithm = algorithm
        self._domain = Domain(_never_called, dict(problem.translation.natives))
        self._trials = Trials()
        self._rng = np.random.default_rng(problem.seed)

    @classmethod
    def native_space(cls, translation: Translation) -> Mapping[str, Any]:
        return expressions(translation)

    @classmethod
    def open(cls, problem: Problem) -> Self:
        # a composed method is given configs and never asked for any
        factory = ALGORITHMS.get(problem.method.name, random)
        return cls(problem, build(factory, problem.options, problem.title))

    def ask(self) -> Proposal | Answer:
        # One id a time: TPE returns one trial however many ids it is given, and burns the rest.
        ids = self._trials.new_trial_ids(1)
        seed = int(self._rng.integers(2**31 - 1))  # fmin's own stream of seeds
        return self._enter(self._algorithm(ids, self._domain, self._trials, seed))

    def inject(self, values: Mapping[str, Raw]) -> Proposal:
        # Not generate_trials_to_calculate: it leaves out the labels of parameters that are not
        # there, which raises KeyError in TPE later.
        [tid] = self._trials.new_trial_ids(1)
        labels = self._domain.params
        misc = {
            "tid": tid,
            "cmd": self._domain.cmd,
            "workdir": self._domain.workdir,
            "idxs": {label: [tid] if label in values else [] for label in labels},
            "vals": {label: [values[label]] if label in values else [] for label in labels},
        }
        new = self._domain.new_result()
        return self._enter(self._trials.new_trial_docs([tid], [None], [new], [misc]))

    def tell(self, token: dict[str, Any], outcome: Outcome) -> None:
        # In place; the list of trials need not be rebuilt, which takes time growing with it.
        token["result"] = self._result(outcome)
        token["state"] = JOB_STATE_DONE
        token["refresh_time"] = coarse_utcnow()

    def repeated(self, token: dict[str, Any], outcome: Outcome | None) -> None:
        # Hyperopt leaves trials in error out of account, which takes the proposal back.
        token["state"] = JOB_STATE_ERROR
        token["refresh_time"] = coarse_utcnow()

    @property
    def native(self) -> Trials:
        return self._trials

    def _enter(self, docs: list[dict[str, Any]]) -> Proposal:
        self._trials.insert_trial_docs(docs)
        self._trials.refresh()
        doc = self._trials.trials[-1]  # where pymongo is installed, a copy of the one inserted
        doc["state"] = JOB_STATE_RUNNING
        doc["book_time"] = doc["refresh_time"] = coarse_utcnow()
        drawn = doc["misc"]["vals"].items()
        return Proposal({label: _number(vals[0]) for label, vals in drawn if len(vals)}, doc)

    def _result(self, outcome: Outcome) -> dict[str, Any]:
        # COMPLETE and PRUNED have a value, save a trial pruned before its first report.
        if outcome.value is None:
            why = str(outcome.failure or outcome.state)
            result = {"status": STATUS_FAIL, "status_fail": why}
        else:
            loss = self._problem.loss(outcome.value)
            result = {"loss": loss, "status": STATUS_OK, "value": outcome.value}
        result["state"] = str(outcome.state)
        if outcome.reports:
            result["reports"] = [[report.step, report.value] for report in outcome.reports]
        if outcome.metrics:
            result["metrics"] = dict(outcome.metrics)
        return result


def _never_called(config: Any) -> float:
    message = "the objective is called by unitune"
    raise NotImplementedError(message)


def _number(drawn: Any) -> Raw:
    number: Raw = drawn.item() if hasattr(drawn, "item") else drawn
    return number
