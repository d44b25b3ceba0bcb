from __future__ import annotations

import dataclasses
import itertools

import pytest

from unitune.backend import Answer, Proposal, Study
from unitune.capabilities import Method
from unitune.chronicle import Chronicle
from unitune.driver import Driver
from unitune.errors import BackendError, CallbackError, UnituneWarning
from unitune.executors import SerialExecutor
from unitune.objective import Evaluator
from unitune.recorder import Limits, Run
from unitune.source import REJECTIONS, Source
from unitune.space import Int, Space
from unitune.steering import Steering
from unitune.translation import lower_space
from unitune.trial import State

SPACE = Space({"n": Int(0, 1000)})


class Scripted(Study):
    """A study that answers from a script and remembers what it was told."""

    def __init__(self, answers):
        self.answers = iter(answers)
        self.told = []
        self.injected = []

    @classmethod
    def native_space(cls, translation):
        return {}

    @classmethod
    def open(cls, problem):
        return cls([])

    def ask(self):
        answer = next(self.answers, Answer.EXHAUSTED)
        if isinstance(answer, BaseException):
            raise answer
        return answer if isinstance(answer, Answer) else Proposal(answer, answer["n"])

    def inject(self, values):
        self.injected.append(values)
        return Proposal(values, "injected")

    def tell(self, token, outcome):
        self.told.append((token, outcome.state, outcome.value))

    @property
    def native(self):
        return self.told


def drive(answers, objective=lambda c: c["n"], *, space=SPACE, initial=(), callbacks=(), **limits):
    study = answers if isinstance(answers, Study) else Scripted(answers)
    retries = limits.pop("retries", 0)
    run = Run("min", Limits(**{"n_trials": 10, **limits}), callbacks=callbacks)
    translation = lower_space(space, "scripted", Method("script", frozenset({"int/linear"})))

    def rejected(values, constraint):
        run.rejected += 1

    source = Source(study, translation, initial=initial, on_rejected=rejected)
    evaluate = Evaluator(objective)
    Driver(
        source,
        Steering(study, loss=float),
        lambda on_report: SerialExecutor(evaluate, on_report),
        run,
        Chronicle(),
        seed=3,
        n_trials=limits.get("n_trials", 10),
        retries=retries,
    ).drive()
    return study, run


def numbers(*values):
    return [{"n": n} for n in values]


def test_every_proposal_is_told_exactly_once_in_order():
    study, run = drive(numbers(5, 3, 4))
    assert study.told == [
        (5, State.COMPLETE, 5.0),
        (3, State.COMPLETE, 3.0),
        (4, State.COMPLETE, 4.0),
    ]
    assert [trial.number for trial in run.trials] == [0, 1, 2]
    assert run.reason == "exhausted"
    assert run.best.value == 3.0


def test_the_budget_counts_trials_in_every_final_state():
    def objective(config):
        if config["n"] % 2:
            raise ValueError(config["n"])
        return 1.0

    study, run = drive(numbers(*range(100)), objective, n_trials=7)
    assert len(run.trials) == len(study.told) == 7
    assert [trial.state for trial in run.trials[:2]] == [State.COMPLETE, State.FAILED]
    assert run.reason == "n_trials"


def test_initial_configs_come_first_and_count():
    study, run = drive(numbers(5, 6), initial=[{"n": 77}], n_trials=2)
    assert [trial.config["n"] for trial in run.trials] == [77, 5]
    assert [trial.initial for trial in run.trials] == [True, False]
    assert study.injected == [{"n": 77}]
    assert study.told[0] == ("injected", State.COMPLETE, 77.0)


def test_a_study_that_is_not_ready_with_nothing_running_is_a_fault_of_the_backend():
    with pytest.raises(BackendError, match="waits for results, and no trial is running"):
        drive([Answer.NOT_READY])


@pytest.mark.parametrize("value", [1001, -1, float("nan"), None, "5"])
def test_a_proposal_outside_the_space_is_a_fault_of_the_backend(value):
    with pytest.raises(BackendError, match="broke its contract for parameter 'n'"):
        drive([{"n": value}])


def test_a_library_that_fails_is_named_with_what_was_recorded():
    with pytest.raises(BackendError, match=r"failed after 2 trials with KeyError: 'x'"):
        drive([*numbers(1, 2), KeyError("x")])


def test_proposals_that_break_a_constraint_are_told_and_asked_anew():
    space = Space({"n": Int(0, 1000)}, {"even": lambda config: config["n"] % 2 == 0})
    study, run = drive(numbers(1, 2, 3, 5, 6), space=space)
    assert [trial.config["n"] for trial in run.trials] == [2, 6]
    assert [state for _, state, _ in study.told].count(State.INFEASIBLE) == 3
    assert run.rejected == 3


def test_a_library_that_only_breaks_constraints_ends_the_run_with_a_warning():
    space = Space({"n": Int(0, 1000)}, {"none": lambda config: config["n"] > 2000})
    with pytest.warns(UnituneWarning, match=f"{REJECTIONS} configs in a row"):
        _, run = drive(itertools.repeat({"n": 1}), space=space)
    assert run.reason == "exhausted"
    assert run.rejected == REJECTIONS


def test_ctrl_c_in_the_objective_keeps_what_is_there_and_leaves_nothing_running():
    def objective(config):
        if config["n"] == 2:
            raise KeyboardInterrupt
        return 1.0

    study, run = drive(numbers(0, 1, 2, 3), objective)
    assert run.reason == "interrupted"
    assert len(run.trials) == 2
    assert study.told[-1] == (2, State.FAILED, None)


def test_ctrl_c_in_the_library_keeps_what_is_there():
    _, run = drive([*numbers(0, 1), KeyboardInterrupt()])
    assert run.reason == "interrupted"
    assert len(run.trials) == 2


@pytest.mark.parametrize(
    ("limits", "reason", "count"),
    [
        ({"target": 3.0}, "target", 3),
        ({"patience": 2}, "patience", 5),
        ({"n_trials": 4}, "n_trials", 4),
        ({"timeout": 1e-9}, "timeout", 0),
    ],
)
def test_a_run_ends_for_a_named_reason(limits, reason, count):
    _, run = drive(numbers(5, 4, 3, 9, 9, 9, 9, 9), **limits)
    assert (run.reason, len(run.trials)) == (reason, count)


def test_a_callback_may_end_the_run():
    def callback(trial, run):
        if trial.number == 1:
            run.stop()

    _, run = drive(numbers(1, 2, 3), callbacks=[callback])
    assert len(run.trials) == 2
    assert run.reason == "stopped by a callback"


def test_a_callback_that_raises_ends_the_run_with_an_error_of_its_own():
    def callback(trial, run):
        raise RuntimeError("disk full")

    with pytest.raises(CallbackError, match="RuntimeError: disk full after trial 0"):
        drive(numbers(1, 2, 3), callbacks=[callback])


def test_reports_reach_the_study_which_may_stop_the_trial():
    class Pruning(Scripted):
        def report(self, token, step, value):
            return step == 2

    closed = []

    def objective(config):
        try:
            for epoch in itertools.count(1):
                yield config["n"] / epoch
        finally:
            closed.append(config["n"])

    study, run = drive(Pruning(numbers(10, 20)), objective)
    assert study.told == [(10, State.PRUNED, 5.0), (20, State.PRUNED, 10.0)]
    assert closed == [10, 20]
    assert [report.step for report in run.trials[0].reports] == [1, 2]


def test_trials_are_records_that_do_not_change():
    _, run = drive(numbers(1))
    with pytest.raises(dataclasses.FrozenInstanceError):
        run.trials[0].value = 0.0


def test_each_trial_has_a_seed_of_its_own_fixed_by_the_run_and_the_number():
    seeds = []

    def objective(config, trial):
        seeds.append((trial.number, trial.seed))
        return 0.0

    _, first = drive(numbers(1, 2), objective)
    _, second = drive(numbers(8, 9), objective)
    assert seeds[:2] == seeds[2:]
    assert len({seed for _, seed in seeds}) == 2
    assert [trial.seed for trial in first.trials] == [seed for _, seed in seeds[:2]]
    assert second.trials[0].seed == first.trials[0].seed


def test_a_failed_trial_is_tried_again_with_the_same_seed_and_counts_once():
    seen = []

    def objective(config, trial):
        seen.append((trial.number, trial.seed))
        if len(seen) < 3:
            raise OSError("disk")
        return config["n"]

    study, run = drive(numbers(5, 6), objective, retries=2)
    assert seen[0] == seen[1] == seen[2] != seen[3]
    assert study.told == [(5, State.COMPLETE, 5.0), (6, State.COMPLETE, 6.0)]
    assert [str(failure) for failure in run.trials[0].attempts] == ["OSError: disk"] * 2


def test_a_trial_that_fails_in_every_attempt_fails_once():
    def objective(config):
        if config["n"] == 5:
            raise OSError("disk")
        return 1.0

    study, run = drive(numbers(5, 6), objective, retries=1)
    assert [state for _, state, _ in study.told] == [State.FAILED, State.COMPLETE]
    assert len(run.trials[0].attempts) == 1
