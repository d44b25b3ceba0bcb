from __future__ import annotations

import random
from types import SimpleNamespace

import numpy as np
import pytest

import unitune
from unitune.job import Job
from unitune.objective import Evaluator
from unitune.trial import State, Verdict
from unitune_benchmarks.digits import (
    EPOCHS,
    WORST,
    Part,
    assess,
    load_splits,
    make_rule,
    objective,
    score,
    space,
    train,
)
from unitune_benchmarks.network import RELU
from unitune_benchmarks.rules import Adam, Momentum, RMSProp

GOOD = {
    "lr": 3e-3,
    "optimizer": "adam",
    "momentum": 0.9,
    "decay": 0.99,
    "weight_decay": 1e-4,
    "batch_size": 32,
    "layers": 2,
    "units": 64,
    "dropout": 0.1,
    "activation": RELU,
}
DIVERGES = {
    "lr": 1.0,
    "optimizer": "sgd",
    "momentum": 0.99,
    "nesterov": False,
    "weight_decay": 1e-6,
    "batch_size": 16,
    "layers": 3,
    "units": 128,
    "dropout": 0.0,
    "activation": RELU,
}


def losses(config, seed=0):
    return list(objective(config, SimpleNamespace(seed=seed)))


def evaluate(config, seed=0, stop_at=None):
    evaluator = Evaluator(objective)

    def on_report(number, step, value):
        return Verdict.STOP if step == stop_at else Verdict.CONTINUE

    return evaluator(Job(0, config, seed=seed), on_report).outcome


def test_a_good_config_reads_nine_digits_in_ten():
    *_, network = train(GOOD, 0)
    reached = score(network, load_splits().validation)
    assert reached.error < 0.1
    assert reached.loss == losses(GOOD)[-1] < 0.3


def test_the_test_part_agrees_with_the_validation_part():
    assert assess(GOOD, 0).error < 0.1


def test_the_loss_is_reported_after_each_epoch_and_falls():
    reported = losses(GOOD)
    assert len(reported) == EPOCHS
    assert reported[-1] < 0.5 * reported[0]
    assert all(type(loss) is float for loss in reported)


def test_one_seed_gives_one_curve():
    assert losses(GOOD, 1) == losses(GOOD, 1)
    assert losses(GOOD, 1) != losses(GOOD, 2)


def test_global_random_state_is_left_alone():
    random.seed(5)
    before = random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
    losses(GOOD)
    assert (random.getstate(), np.random.get_state()[1].tolist()) == before  # noqa: NPY002


def test_the_data_are_split_once_and_for_all():
    splits = load_splits()
    sizes = [len(part.labels) for part in (splits.training, splits.validation, splits.test)]
    assert sizes == [1078, 359, 360]
    assert splits is load_splits()
    assert splits.validation.labels[:8].tolist() == [3, 0, 0, 3, 0, 7, 6, 0]
    rows = np.concatenate([splits.training.x, splits.validation.x, splits.test.x])
    assert len(np.unique(rows, axis=0)) == 1797
    assert np.abs(splits.training.x.mean(axis=0)).max() < 1e-12
    assert rows.max() <= 1.0
    assert rows.min() >= -1.0


@pytest.mark.parametrize("seed", range(20))
def test_every_config_of_the_space_can_be_trained(seed):
    config = space.sample(random.Random(seed))
    outcome = evaluate(config, seed)
    assert outcome.state is State.COMPLETE, outcome.failure
    assert 0.0 < outcome.value <= WORST
    assert len(outcome.reports) == EPOCHS or outcome.value == WORST


def test_a_config_that_diverges_ends_early_with_the_worst_loss():
    assert space.contains(DIVERGES)
    outcome = evaluate(DIVERGES)
    assert outcome.state is State.COMPLETE
    assert outcome.value == WORST
    assert len(outcome.reports) < EPOCHS


def test_a_loss_beyond_the_worst_is_cut_off_and_training_goes_on():
    reported = losses({**GOOD, "optimizer": "rmsprop", "lr": 1.0})
    assert len(reported) == EPOCHS
    assert reported[0] == WORST


def test_a_trial_can_be_stopped_between_epochs():
    outcome = evaluate(GOOD, stop_at=3)
    assert outcome.state is State.PRUNED
    assert [report.step for report in outcome.reports] == [1, 2, 3]
    assert [report.value for report in outcome.reports] == losses(GOOD)[:3]


def test_numpys_error_settings_do_not_leak_out_of_the_generator():
    before = np.geterr()
    curve = objective(DIVERGES, SimpleNamespace(seed=0))
    next(curve)
    assert np.geterr() == before


def test_a_score_counts_what_was_read_wrongly():
    *_, network = train(GOOD, 0)
    x, labels = load_splits().validation
    read = np.argmax(network.logits(x), axis=1)
    assert score(network, Part(x, read)).error == 0.0
    assert score(network, Part(x, (read + 1) % 10)).error == 1.0
    assert score(network, Part(x, labels)).error == float(np.mean(read != labels))


@pytest.mark.parametrize(
    ("config", "kind"),
    [
        ({"optimizer": "sgd", "lr": 0.1, "momentum": 0.9, "nesterov": True}, Momentum),
        ({"optimizer": "rmsprop", "lr": 0.1, "decay": 0.9}, RMSProp),
        ({"optimizer": "adam", "lr": 0.1, "momentum": 0.9, "decay": 0.99}, Adam),
    ],
    ids=["sgd", "rmsprop", "adam"],
)
def test_a_config_sets_every_number_of_its_rule(config, kind):
    rule = make_rule(config)
    assert type(rule) is kind
    given = {name: value for name, value in config.items() if name != "optimizer"}
    assert {name: getattr(rule, name) for name in given} == given


def test_activations_come_back_as_themselves():
    config = space.coerce({**GOOD, "activation": RELU})
    assert config["activation"] is RELU
    assert repr(config["activation"]) == "relu"


def test_a_search_finds_a_better_config_than_its_first_one():
    result = unitune.run(
        space, objective, backend="builtin", method="random", n_trials=12, seed=0, progress=False
    )
    assert [trial.state for trial in result.trials] == [State.COMPLETE] * 12
    assert result.best.value < result.trials[0].value
    assert list(objective(result.best.config, result.best))[-1] == result.best.value


def test_the_threads_of_linear_algebra_are_given_back_after_each_epoch():
    threadpoolctl = pytest.importorskip("threadpoolctl")
    load_splits()
    with threadpoolctl.threadpool_limits(2):
        before = [pool["num_threads"] for pool in threadpoolctl.threadpool_info()]
        next(objective(GOOD, SimpleNamespace(seed=0)))
        assert [pool["num_threads"] for pool in threadpoolctl.threadpool_info()] == before
