from __future__ import annotations

import pandas as pd
import pytest
from spaces import MIXED, mixed_loss
from strangers import smallest

import unitune
from unitune.errors import ObjectiveError, OptionError, UnknownNameError
from unitune.space import Float, Space

LINE = Space({"x": Float(0.0, 1.0)})
BUILTIN = ["builtin:random", "builtin:grid"]


def compare(contenders=BUILTIN, objective=lambda config: config["x"], **settings):
    given = {"n_trials": 5, "progress": False, **settings}
    return unitune.compare(LINE, objective, contenders, **given)


def test_every_contender_makes_a_run_of_the_same_size_for_every_seed():
    comparison = compare(seeds=3, n_trials=7)
    frame = comparison.frame()
    assert len(frame) == 6
    assert set(frame["trials"]) == {7}
    assert frame.groupby("contender")["seed"].apply(list).tolist() == [[0, 1, 2], [0, 1, 2]]


def test_the_table_has_one_row_a_contender_the_best_first():
    table = compare().table()
    assert table["contender"].tolist() == ["builtin:grid", "builtin:random"]
    assert compare(mode="max").table()["best"].is_monotonic_decreasing
    assert {"best", "wall", "overhead", "trials"} <= set(table.columns)


def test_several_seeds_give_medians_and_extremes():
    comparison = compare(["builtin:random"], seeds=[4, 5, 6])
    best = comparison.frame()["best"]
    row = comparison.table().iloc[0]
    assert (row["lowest"], row["best"], row["highest"]) == (best.min(), best.median(), best.max())
    assert "3 seeds (medians)" in str(comparison)


def test_overhead_is_the_wall_clock_without_the_evaluations():
    frame = compare().frame()
    assert (frame["overhead"] + frame["evaluate"] - frame["wall"]).abs().max() < 1e-9


def test_the_text_names_contenders_and_the_csv_has_the_same_figures(tmp_path):
    comparison = compare()
    assert "builtin:random" in str(comparison)
    assert "smaller is better" in str(comparison)
    written = pd.read_csv(comparison.to_csv(tmp_path / "deep" / "runs.csv"))
    assert written["best"].tolist() == comparison.frame()["best"].tolist()


def test_options_reach_their_contender_only():
    comparison = compare(options={"builtin:grid": {"points": 3}})
    counts = {entry.contender: len(entry.result.trials) for entry in comparison.entries}
    assert counts == {"builtin:random": 5, "builtin:grid": 3}


def test_composed_proposals_are_marked():
    comparison = unitune.compare(
        MIXED, mixed_loss, ["hyperopt:grid", "hyperopt:random"], n_trials=4, progress=False
    )
    proposals = comparison.frame().set_index("contender")["proposals"]
    assert proposals["hyperopt:grid"] == "composed (builtin:grid)"
    assert proposals["hyperopt:random"] == "native"


def test_a_contender_that_cannot_run_is_refused_before_anything_runs():
    called = []
    with pytest.raises(UnknownNameError):
        compare(["builtin:random", "builtin:magic"], called.append)
    assert called == []


@pytest.mark.parametrize(
    ("contenders", "settings"),
    [([], {}), (BUILTIN, {"seeds": 0}), (BUILTIN, {"options": {"optuna:tpe": {}}})],
)
def test_nonsense_is_refused(contenders, settings):
    with pytest.raises(OptionError):
        compare(contenders, **settings)


def test_a_broken_objective_ends_the_comparison():
    with pytest.raises(ObjectiveError):
        compare(objective=lambda config: 1 / 0)


def test_a_library_that_fails_keeps_its_line_and_the_others_go_on(install):
    code = smallest("frail", "frail_tuner").replace(
        "self.told.append((token, outcome))",
        "self.told.append((token, outcome)); 1 / (len(self.told) < 3)",
    )
    install("frail-tuner", code=code, entry="frail")
    frame = compare(["frail:random", "builtin:random"]).frame().set_index("contender")
    assert frame.loc["frail:random", "trials"] == 2
    assert "ZeroDivisionError" in frame.loc["frail:random", "error"]
    assert frame.loc["builtin:random", "trials"] == 5


def test_ctrl_c_returns_the_runs_so_far():
    calls = []

    def objective(config):
        calls.append(config)
        if len(calls) == 8:
            raise KeyboardInterrupt
        return config["x"]

    comparison = compare(objective=objective, seeds=5)
    assert [len(entry.result.trials) for entry in comparison.entries] == [5, 2]
