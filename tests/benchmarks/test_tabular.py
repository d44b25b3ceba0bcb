from __future__ import annotations

import importlib.util
import pickle
from pathlib import Path
from types import SimpleNamespace

import pytest

import unitune
from unitune import Bool, Categorical, Const, Float, Int, Space
from unitune.errors import OptionError
from unitune.trial import State
from unitune_benchmarks.networks import EPOCHS
from unitune_benchmarks.recording import table_from_result
from unitune_benchmarks.replay import RecordedFailure, Replayable, Step
from unitune_benchmarks.tables import Row, Table, TableError
from unitune_benchmarks.tabular import grid_space, make_task, shipped, tasks

GRID = Space(
    {
        "lr": Float(1e-4, 1.0, scale="log"),
        "layers": Int(1, 3),
        "units": Int(8, 64, when={"layers": [2, 3]}),
        "act": Categorical(["relu", "tanh", "swish"]),
        "flag": Bool(),
        "fixed": Const(3),
    }
)


def full_grid():
    """Two rates; one layer, or two with two sizes; two activations; no flag."""
    for lr in (0.001, 0.1):
        for hidden in ({"layers": 1}, {"layers": 2, "units": 8}, {"layers": 2, "units": 32}):
            for act in ("relu", "swish"):
                yield {"lr": lr, **hidden, "act": act, "flag": False, "fixed": 3}


def rows(configs, **more):
    return [
        Row(config, (Step(1, 9.0, 1.0), Step(2, config["lr"] + n / 100, 2.0)), seed=n, **more)
        for n, config in enumerate(configs)
    ]


def search(task, n_trials, **more):
    return unitune.run(
        task.space, task.load(), mode=task.mode, n_trials=n_trials, seed=1, progress=False, **more
    )


def test_a_full_grid_keeps_its_parameters_with_the_recorded_values():
    task = make_task(Table(GRID, rows(full_grid()), name="t", unit="epochs"))
    assert task.space.size == 12
    assert task.space["lr"].choices == (0.001, 0.1)
    assert task.space["lr"].ordered
    assert task.space["units"].choices == (8, 32)
    assert task.space["act"].choices == ("relu", "swish")
    assert task.space["flag"].value is False
    assert sorted(map(str, task.space.grid())) == sorted(
        str(task.space.coerce(config)) for config in full_grid()
    )
    assert (task.optimum, task.proven, task.resource) == (0.001, True, (1, 2))
    assert (task.unit, task.noisy) == ("epochs", False)


@pytest.mark.parametrize("left_out", [0, 5, 11])
def test_a_grid_with_a_hole_is_counted_through(left_out):
    configs = list(full_grid())
    del configs[left_out]
    table = Table(GRID, rows(configs), name="t")
    assert grid_space(table) is None
    task = make_task(table)
    assert dict(task.space) == {"row": Int(0, 10)}
    with pytest.raises(TableError, match="no full grid"):
        make_task(table, space="grid")


def test_an_index_answers_for_the_config_it_counts():
    table = Table(GRID, rows(full_grid()), name="t")
    task = make_task(table, space="index")
    for place, config in enumerate(full_grid()):
        curve = task.objective.curve({"row": place})
        assert curve == list(table.find(config)[0].steps)


def test_the_recorded_search_can_be_run_again():
    space = {"x": Float(0.0, 1.0)}

    def objective(config, trial):
        for step in (1, 2, 3):
            yield config["x"] / step + trial.seed % 7

    real = unitune.run(
        space, objective, backend="builtin", method="random", n_trials=8, seed=3, progress=False
    )
    task = make_task(table_from_result(real, name="t"), space="recorded")
    assert not task.proven
    again = unitune.run(
        task.space, task.load(), backend="builtin", method="random", n_trials=8, seed=3,
        progress=False,
    )  # fmt: skip
    assert [t.config for t in again.trials] == [t.config for t in real.trials]
    assert [t.reports for t in again.trials] == [t.reports for t in real.trials]
    other = search(task, 2, backend="builtin", method="random")
    assert [t.state for t in other.trials] == [State.FAILED] * 2
    assert other.trials[0].failure.kind == "NotRecordedError"


@pytest.mark.parametrize("mode", ["min", "max"])
def test_a_search_over_the_whole_grid_finds_the_optimum(mode):
    task = make_task(Table(GRID, rows(full_grid()), name="t", mode=mode))
    result = search(task, 12, backend="builtin", method="grid")
    assert result.best.value == task.optimum
    assert len({str(trial.config) for trial in result.trials}) == 12


def test_recorded_seconds_are_there_for_virtual_time():
    task = make_task(Table(GRID, rows(full_grid()), name="t"))
    assert isinstance(task.objective, Replayable)
    curve = task.objective.curve(next(full_grid()), 5)
    assert curve == [Step(1, 9.0, 1.0), Step(2, 0.001, 2.0)]
    assert [(step, value, seconds) for step, value, seconds in curve] == [
        (1, 9.0, 1.0),
        (2, 0.001, 2.0),
    ]


def test_repeats_make_a_task_noisy_and_their_mean_its_optimum():
    configs = list(full_grid())
    table = Table(GRID, [*rows(configs), *rows(configs)[::-1]], name="t")
    task = make_task(table)
    assert (task.noisy, task.proven) == (True, False)
    assert task.optimum == pytest.approx(0.001)


def test_what_failed_fails_again_and_what_was_pruned_is_not_in_the_space():
    first, second, third, *_ = full_grid()
    kept = [
        *rows([first]),
        *rows([second], state=State.FAILED, failure="ValueError: no"),
        Row(third, (Step(1, 5.0, 1.0),), state=State.PRUNED),
        Row({**third, "lr": 0.5}, (), state=State.INFEASIBLE, failure="too large"),
    ]
    table = Table(GRID, kept, name="t")
    task = make_task(table, space="index")
    assert task.space["row"].high == 2
    result = search(task, 3, backend="builtin", method="grid")
    assert [trial.state for trial in result.trials] == [
        State.COMPLETE,
        State.FAILED,
        State.INFEASIBLE,
    ]
    assert [report.value for report in result.trials[1].reports] == [9.0, 0.001]
    assert "ValueError: no" in result.trials[1].failure.message
    recorded = make_task(table, space="recorded").objective
    with pytest.raises(RecordedFailure, match="pruned when it was recorded") as caught:
        recorded.curve(third)
    assert caught.value.steps == [Step(1, 5.0, 1.0)]


def test_a_table_without_a_whole_curve_makes_no_task():
    table = Table(
        GRID, [Row(next(full_grid()), (Step(1, 5.0, 1.0),), state=State.PRUNED)], name="t"
    )
    with pytest.raises(TableError, match="ran to its end"):
        make_task(table, space="recorded")


def test_an_unknown_kind_of_space_is_refused():
    with pytest.raises(OptionError, match="'grid', 'index' or 'recorded'"):
        make_task("digits-grid", space="nearest")


def test_an_unknown_table_is_refused():
    with pytest.raises(TableError, match="ships no table 'digit'"):
        shipped("digit")


def test_the_task_can_be_sent_to_another_process():
    for table in (Table(GRID, rows(full_grid()), name="t"), "digits-grid"):
        task = make_task(table)
        copy = pickle.loads(pickle.dumps(task.objective))
        config = task.space.sample(0)
        assert copy.curve(config) == task.objective.curve(config)


@pytest.fixture(scope="module")
def script():
    path = Path(__file__).parents[2] / "benchmarks" / "record_digits.py"
    spec = importlib.util.spec_from_file_location("record_digits", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_table_that_comes_along_is_a_full_grid_of_whole_curves(script):
    (task,) = tasks()
    table = shipped("digits-grid")
    assert len(table.rows) == task.space.size == script.space.size == 432
    assert dict(task.space) == dict(script.space)
    assert {len(row.steps) for row in table.rows} == {EPOCHS}
    assert all(step.seconds > 0 for row in table.rows for step in row.steps)
    assert task.resource == (1, EPOCHS)
    assert task.proven


def test_the_table_that_comes_along_holds_what_training_gives(script):
    # Of low learning rates: high ones amplify how processors round.
    for row in shipped("digits-grid").rows[17:216:80]:
        trial = SimpleNamespace(seed=row.seed)
        values = list(script.objective(row.config, trial))
        assert [step.value for step in row.steps] == pytest.approx(values, rel=1e-3)


def test_rounding_keeps_six_digits_and_microseconds(script):
    exact = Table(
        Space({"x": Int(0, 1)}), [Row({"x": 0}, (Step(1, 1.23456789, 0.12345678),))], name="t"
    )
    assert script.rounded(exact).rows[0].steps == (Step(1, 1.23457, 0.123457),)
