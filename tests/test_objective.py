from __future__ import annotations

import functools
import re
import sys

import cloudpickle
import numpy as np
import pytest

from unitune import Infeasible, Stop
from unitune.errors import OptionError
from unitune.handle import Handle
from unitune.job import Job
from unitune.objective import Evaluator
from unitune.trial import Report, State, Verdict

JOB = Job(4, {"x": 2.0}, seed=11)


def evaluate(objective, *, metric=None, stop=lambda number, step, value: Verdict.CONTINUE):
    return Evaluator(objective, metric)(JOB, stop).outcome


@pytest.mark.parametrize(
    "value",
    [
        2,
        2.0,
        True + 1,
        np.float32(2),
        np.int64(2),
        np.array(2.0),
        {"loss": 2},
        {"loss": np.float64(2)},
    ],
)
def test_numbers_of_every_make_become_a_plain_float(value):
    outcome = evaluate(lambda config: value)
    assert outcome.state is State.COMPLETE
    assert type(outcome.value) is float
    assert outcome.value == 2.0


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (None, "gave None; it must give a number"),
        ("0.5", r"gave '0.5' \(str\)"),
        (float("nan"), "gave nan; it must give a finite number"),
        (float("inf"), "gave inf"),
        (float("-inf"), "gave -inf"),
        (np.array([1.0]), "ndarray"),
        ([1.0], "list"),
        (1j, "complex"),
        ({}, "a mapping with nothing in it$"),
        ({"a": 1, "b": 2}, "with 'a', 'b'; say which one counts, as in metric='a'$"),
    ],
)
def test_what_is_no_finite_number_fails_the_trial_with_a_sentence(value, sentence):
    outcome = evaluate(lambda config: value)
    assert outcome.state is State.FAILED
    assert outcome.value is None

    assert re.search(sentence, outcome.failure.message)


def test_metric_picks_one_value_and_the_others_are_kept():
    outcome = evaluate(lambda config: {"loss": 1, "accuracy": 0.5}, metric="accuracy")
    assert outcome.value == 0.5
    assert outcome.metrics == {"loss": 1, "accuracy": 0.5}
    failed = evaluate(lambda config: {"loss": 1}, metric="recall")
    assert failed.state is State.FAILED
    assert failed.failure.message.endswith("with 'loss'; metric='recall' is not among them")


def test_an_exception_is_kept_with_the_users_part_of_its_traceback():
    def objective(config):
        return {}["missing"]

    failure = evaluate(objective).failure
    assert str(failure) == "KeyError: 'missing'"
    assert "in objective" in failure.traceback
    assert "unitune/objective.py" not in failure.traceback
    assert failure.place.startswith(__file__)


def test_system_exit_fails_the_trial_and_ctrl_c_passes():
    assert evaluate(lambda config: sys.exit(3)).failure.kind == "SystemExit"

    def interrupted(config):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        evaluate(interrupted)


def test_infeasible_is_a_verdict_on_the_config():
    def objective(config):
        raise Infeasible("too large")

    outcome = evaluate(objective)
    assert outcome.state is State.INFEASIBLE
    assert outcome.failure.message == "too large"


def test_an_objective_gets_a_config_of_its_own():
    def objective(config):
        config["x"] = None
        config["y"] = 1
        return 0.0

    evaluate(objective)
    assert JOB.config == {"x": 2.0}


def test_a_generator_reports_with_each_yield_and_its_last_value_counts():
    def objective(config):
        yield 3.0
        yield {"loss": 2.0}

    outcome = evaluate(objective)
    assert outcome.value == 2.0
    assert outcome.reports == (Report(1, 3.0), Report(2, 2.0))


def test_a_generator_may_return_its_value():
    def objective(config):
        yield 3.0
        return 1.0

    assert evaluate(objective).value == 1.0


def test_a_generator_that_yields_nothing_fails():
    def objective(config):
        return
        yield

    assert evaluate(objective).state is State.FAILED


def test_a_stopped_generator_is_closed_and_keeps_its_last_value():
    closed = []

    def objective(config):
        try:
            yield from (3.0, 2.0, 1.0)
        finally:
            closed.append(True)

    answers = {2: Verdict.STOP}
    outcome = evaluate(objective, stop=lambda n, step, v: answers.get(step, Verdict.CONTINUE))
    assert (outcome.state, outcome.value, closed) == (State.PRUNED, 2.0, [True])


def test_a_handle_has_the_trial_and_takes_reports_with_steps():
    seen = {}

    def objective(config, trial):
        seen.update(number=trial.number, seed=trial.seed, config=trial.config)
        trial.report(5.0, step=3)
        trial.report({"loss": 4.0})

    outcome = evaluate(objective)
    assert seen == {"number": 4, "seed": 11, "config": {"x": 2.0}}
    assert outcome.reports == (Report(3, 5.0), Report(4, 4.0))
    assert outcome.value == 4.0


def test_report_raises_stop_which_prunes_the_trial():
    def objective(config, trial):
        with pytest.raises(trial.Stop) as caught:
            trial.report(5.0)
        raise caught.value

    outcome = evaluate(objective, stop=lambda number, step, value: Verdict.STOP)
    assert (outcome.state, outcome.value) == (State.PRUNED, 5.0)
    assert Handle.Stop is Stop


@pytest.mark.parametrize("value", [float("nan"), None, "x"])
def test_a_report_that_is_no_finite_number_fails_the_trial(value):
    def objective(config):
        yield 1.0
        yield value

    outcome = evaluate(objective)
    assert outcome.state is State.FAILED
    assert outcome.reports == (Report(1, 1.0),)


class Callable:
    def __call__(self, config):
        return config["x"]


@pytest.mark.parametrize(
    "objective",
    [
        Callable(),
        functools.partial(lambda offset, config: config["x"] + offset, 0.0),
        lambda *args: args[0]["x"],
        lambda config, extra=1: config["x"],
        lambda config, trial=None: config["x"] if trial is not None else 9.0,
    ],
)
def test_callables_of_every_shape_are_called_with_what_they_take(objective):
    assert evaluate(objective).value == 2.0


async def asynchronous(config):
    return 0.0


@pytest.mark.parametrize(
    "objective",
    [3, None, lambda: 0, lambda a, b, c: 0, lambda config, *, seed: 0, asynchronous],
)
def test_what_cannot_be_called_with_a_config_is_refused_at_once(objective):
    with pytest.raises(OptionError):
        Evaluator(objective)


def test_an_evaluator_can_be_sent_to_another_process():
    offset = 3.0
    sent = cloudpickle.loads(cloudpickle.dumps(Evaluator(lambda config: config["x"] + offset)))
    assert sent(JOB, lambda number, step, value: Verdict.CONTINUE).outcome.value == 5.0
