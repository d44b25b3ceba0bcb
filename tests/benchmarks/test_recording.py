from __future__ import annotations

import time

import pytest

import unitune
from unitune.trial import State
from unitune_benchmarks.recording import table_from_result, table_from_study
from unitune_benchmarks.tabular import make_task

SPACE = {"x": unitune.Int(0, 5), "kind": unitune.Categorical(["a", "b"])}


def objective(config):
    if config["x"] == 5:
        raise unitune.Infeasible("five is too many")
    for step in (1, 2, 3):
        if config["x"] == 4 and step == 3:
            raise ValueError("four breaks")
        time.sleep(0.02 if step == 2 else 0.0)
        yield float(config["x"]) / step


def run(function=objective, **more):
    return unitune.run(
        SPACE, function, backend="builtin", method="grid", n_trials=12, progress=False, **more
    )


def test_a_result_becomes_a_table():
    result = run(mode="max")
    table = table_from_result(result, name="mine", unit="epochs")
    assert (table.name, table.mode, table.unit) == ("mine", "max", "epochs")
    assert "12 trials of builtin:grid" in table.source
    assert len(table.rows) == 12
    for trial, row in zip(result.trials, table.rows, strict=True):
        assert row.config == trial.config
        assert [(s.step, s.value) for s in row.steps] == [(r.step, r.value) for r in trial.reports]
        assert (row.seed, row.state) == (trial.seed, trial.state)
        assert sum(step.seconds for step in row.steps) == pytest.approx(
            trial.evaluate if row.steps else 0.0
        )
    assert [row.state for row in table.rows[-4:]] == [State.FAILED] * 2 + [State.INFEASIBLE] * 2
    assert table.rows[8].failure == "ValueError: four breaks"


def test_a_function_that_reports_nothing_has_a_single_step():
    table = table_from_result(run(lambda config: config["x"] ** 2), name="squares")
    assert [row.steps[0].value for row in table.rows[::2]] == [0, 1, 4, 9, 16, 25]
    assert {len(row.steps) for row in table.rows} == {1}
    assert all(row.steps[0].seconds > 0 for row in table.rows)


def test_a_study_in_a_journal_knows_what_every_step_took(tmp_path):
    kept = {"storage": str(tmp_path / "runs.db"), "study": "mine"}
    result = run(**kept)
    table = table_from_study(**kept)
    assert (table.name, table.mode) == ("mine", "min")
    assert [row.config for row in table.rows] == [trial.config for trial in result.trials]
    for row in table.rows[:8]:
        first, slow, last = (step.seconds for step in row.steps)
        assert slow >= 0.02
        assert min(first, last) > 0
    of_result = table_from_result(result, name="mine")
    assert [[s[:2] for s in row.steps] for row in table.rows] == [
        [s[:2] for s in row.steps] for row in of_result.rows
    ]


def test_choices_that_json_cannot_hold_need_the_space(tmp_path):
    space = unitune.Space({"f": unitune.Categorical([max, min])})
    kept = {"storage": str(tmp_path / "runs.db"), "study": "mine"}
    unitune.run(
        space,
        lambda config: float(config["f"](1, 2)),
        backend="builtin",
        method="grid",
        n_trials=2,
        progress=False,
        **kept,
    )
    table = table_from_study(**kept, space=space)
    assert [row.config["f"] for row in table.rows] == [max, min]


def test_a_space_with_constraints_is_recorded_without_them(tmp_path):
    space = unitune.Space(SPACE, constraints={"few": lambda config: config["x"] < 3})
    kept = {"storage": str(tmp_path / "runs.db"), "study": "mine"}
    unitune.run(
        space, objective, backend="builtin", method="grid", n_trials=6, progress=False, **kept
    )
    table = table_from_study(**kept)
    assert table.space.constraints == ()
    assert len(make_task(table).space["x"].choices) == 3


def test_trials_that_paused_and_went_on_are_recorded_whole(tmp_path):
    def falling(config):
        for step in range(1, 10):
            yield config["x"] + 1.0 / step

    kept = {"storage": str(tmp_path / "runs.db"), "study": "mine"}
    result = unitune.run(
        {"x": unitune.Float(0.0, 1.0)},
        falling,
        backend="builtin",
        method="random",
        scheduler="unitune:hyperband",
        resource=(1, 9),
        n_trials=20,
        seed=0,
        progress=False,
        **kept,
    )
    table = table_from_study(**kept)
    states = {row.state for row in table.rows}
    assert states == {State.COMPLETE, State.PRUNED}
    for trial, row in zip(result.trials, table.rows, strict=True):
        assert [step.step for step in row.steps] == list(range(1, len(row.steps) + 1))
        assert [(s.step, s.value) for s in row.steps] == [(r.step, r.value) for r in trial.reports]
        assert all(step.seconds >= 0 for step in row.steps)
    whole = [row for row in table.rows if row.state is State.COMPLETE]
    assert table.configs == [row.config for row in whole]
    assert {len(row.steps) for row in whole} == {9}
