"""Optuna's study behind ask and tell."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Self

import optuna
from optuna.distributions import BaseDistribution
from optuna.study._tell import _tell_with_warning
from optuna.trial import TrialState

from unitune.backend import Answer, Problem, Proposal, Study
from unitune.translation import Raw, Translation
from unitune.trial import Outcome, State
from unitune_optuna.distributions import distribution, external, readable, suggestion
from unitune_optuna.pruners import open_pruner
from unitune_optuna.quiet import silence
from unitune_optuna.refusals import Refusals
from unitune_optuna.samplers import TALKATIVE, FiniteGrid, open_sampler

# Hyperband's brackets hang on the study's name: a random one could not be reproduced.
STUDY_NAME = "unitune"

# Optuna allows a trial whose constraints are at most zero. The Gaussian process, which models
# them, needs room on both sides of it.
CONSTRAINT = "allowed"
ALLOWED = -1.0
FORBIDDEN = 1.0


@dataclass(slots=True)
class Asked:
    """A proposal that has not been told yet."""

    trial: optuna.Trial
    values: Mapping[str, Raw]
    steps: set[int] = field(default_factory=set)


class OptunaStudy(Study):
    """An `optuna.Study` in memory that is asked and told."""

    def __init__(self, problem: Problem, study: optuna.Study) -> None:
        self._translation = problem.translation
        self._study = study
        natives = problem.translation.natives
        self._suggestions = {name: suggestion(name, native) for name, native in natives.items()}
        self._talks = problem.method.name in TALKATIVE
        self._prunes = not isinstance(study.pruner, optuna.pruners.NopPruner)
        self._constrained = bool(problem.translation.space.constraints)
        self._deaf = problem.method.name == "cmaes"
        self._refusals = Refusals(
            method=problem.method.name, mode=problem.mode, constrained=self._constrained
        )
        self._encoded = any(verdict.status == "lowered" for verdict in self._translation.verdicts)

    @classmethod
    def native_space(cls, translation: Translation) -> Mapping[str, BaseDistribution]:
        return {name: distribution(target) for name, target in translation.targets.items()}

    @classmethod
    def open(cls, problem: Problem) -> Self:
        options = dict(problem.options)
        pruner = open_pruner(
            problem.scheduler, options.pop("pruner", None), steered=problem.steered
        )
        sampler = open_sampler(problem, options)
        with silence():
            study = optuna.create_study(
                direction="minimize" if problem.mode == "min" else "maximize",
                sampler=sampler,
                pruner=pruner,
                study_name=STUDY_NAME,
            )
        return cls(problem, study)

    def ask(self) -> Proposal | Answer:
        sampler = self._study.sampler
        if isinstance(sampler, FiniteGrid):
            # Upstream begins again from the front.
            if not sampler.left:
                return Answer.EXHAUSTED
            sampler.left -= 1
        return self._propose()

    def inject(self, values: Mapping[str, Raw]) -> Proposal:
        natives = self._translation.natives
        self._study.enqueue_trial({name: external(natives[name], v) for name, v in values.items()})
        return self._propose()

    def _propose(self) -> Proposal:
        with silence() if self._talks else nullcontext():
            trial = self._study.ask()
            if self._translation.gated:
                values = self._translation.draw(lambda name: self._suggestions[name](trial))
            else:
                values = {name: suggest(trial) for name, suggest in self._suggestions.items()}
        return Proposal(values, Asked(trial, values))

    def report(self, token: Asked, step: int, value: float) -> bool:
        # Optuna refuses steps below zero, and drops a second value for a step with a warning.
        if step >= 0 and step not in token.steps:
            token.steps.add(step)
            token.trial.report(value, step)
        return self._prunes and bool(token.trial.should_prune())

    def tell(self, token: Asked, outcome: Outcome) -> None:
        trial = token.trial
        if self._encoded:
            trial.set_user_attr("config", readable(self._translation.lift(token.values)))
        if outcome.failure is not None:
            trial.set_user_attr("failure", str(outcome.failure))
        if outcome.state is State.INFEASIBLE:
            self._tell_infeasible(trial)
            return
        if self._constrained:
            trial.set_constraint(CONSTRAINT, ALLOWED)
        if outcome.state is State.COMPLETE and outcome.value is not None:
            self._refusals.learn(outcome.value)
            self._finish(trial, outcome.value)
        else:
            pruned = outcome.state is State.PRUNED
            self._finish(trial, state=TrialState.PRUNED if pruned else TrialState.FAIL)

    def repeated(self, token: Asked, outcome: Outcome | None) -> None:
        # Samplers leave failed trials out of account, which takes the proposal back.
        self._finish(token.trial, state=TrialState.FAIL)

    def _tell_infeasible(self, trial: optuna.Trial) -> None:
        value = self._refusals.value()
        if value is None:
            self._finish(trial, state=TrialState.FAIL)
            return
        if self._refusals.flagged:
            trial.set_constraint(CONSTRAINT, FORBIDDEN)
        self._finish(trial, value)

    def _finish(
        self, trial: optuna.Trial, value: float | None = None, state: TrialState | None = None
    ) -> None:
        if not (self._deaf and trial.constraints):
            self._tell(trial, value, state)
            return
        with warnings.catch_warnings():
            # CMA-ES learns from the bad value, and warns that it does not from the flag.
            warnings.filterwarnings("ignore", "Constraints have been set, but CmaEs", UserWarning)
            self._tell(trial, value, state)

    def _tell(self, trial: optuna.Trial, value: float | None, state: TrialState | None) -> None:
        # What `optimize` calls. The public `Study.tell` copies the whole trial on top of it,
        # which would be most of what unitune costs.
        _tell_with_warning(self._study, trial, value, state, suppress_warning=True)

    @property
    def native(self) -> optuna.Study:
        return self._study
