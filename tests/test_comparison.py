from __future__ import annotations

import sys

import pandas as pd
import pytest
from spaces import MIXED, mixed_loss
from strangers import TELLTALE, smallest
from toys import BOWL, CURVES, HILL

import unitune
from unitune.bench.contenders import Contender
from unitune.bench.results import COLUMNS
from unitune.errors import CallbackError, ObjectiveError, OptionError, UnknownNameError
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
    ("contenders", "settings", "sentence"),
    [
        ([], {}, "at least one contender"),
        (None, {}, "contenders=None: give those to compare in a list"),
        (5, {}, "contenders=5: give those to compare in a list"),
        ([None], {}, "The contender None is not of the form"),
        (BUILTIN, {"seeds": 0}, "seeds=0: give a whole number from 1 on"),
        (BUILTIN, {"seeds": True}, "seeds=True"),
        (BUILTIN, {"seeds": None}, "seeds=None"),
        (BUILTIN, {"seeds": "12"}, "seeds='12'"),
        (BUILTIN, {"seeds": []}, "seeds= is empty"),
        (BUILTIN, {"seeds": [1, 1]}, "seeds= has 1 twice"),
        (BUILTIN, {"seed": 3}, "seed= is not the same for all contenders: give seeds="),
        (BUILTIN, {"method": "tpe"}, "method= is not the same for all contenders"),
        (BUILTIN, {"worker": 2}, "compare takes no worker=. Did you mean 'workers'"),
        (BUILTIN, {"callbacks": 5}, "callbacks=5: give a list"),
        (BUILTIN, {"options": {"optuna:tpe": {}}}, "not among the contenders"),
    ],
)
def test_nonsense_is_refused_before_anything_runs(contenders, settings, sentence):
    called = []
    with pytest.raises(OptionError, match=sentence):
        compare(contenders, called.append, **settings)
    assert called == []


@pytest.mark.parametrize(
    ("contenders", "settings", "sentence"),
    [
        (BUILTIN, {"n_trials": "5"}, "A budget is"),
        (BUILTIN, {"n_trials": 2.5}, "n_trials=2.5: give a whole number"),
        (BUILTIN, {"n_trials": None, "timeout": "a"}, "A budget is"),
        (BUILTIN, {"n_trials": None, "max_resource": 2.5, "resource": (1, 3)}, "max_resource=2.5"),
        (BUILTIN, {"n_trials": None, "max_resource": 5}, "give resource="),
        (BUILTIN, {"tasks": [BOWL]}, "give either these or those"),
        (["builtin:random", "optuna:tpe(magic=1)"], {}, r"optuna:tpe\(magic=1\) cannot be opened"),
        (["builtin:random=optuna:tpe"], {}, "is that of plain random search"),
    ],
)
def test_what_no_contender_could_run_with_is_refused_too(contenders, settings, sentence):
    called = []
    with pytest.raises(OptionError, match=sentence):
        compare(contenders, called.append, **settings)
    assert called == []


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
    assert frame.loc["frail:random", "trials"] == 3  # the one it could not learn is kept too
    assert "ZeroDivisionError" in frame.loc["frail:random", "error"]
    assert frame.loc["builtin:random", "trials"] == 5


def test_plugins_that_are_not_to_take_part_are_not_looked_at(install):
    install("mine-tuner", code=smallest("mine", "mine_tuner"), entry="mine")
    install("other-tuner", code=smallest("other", "other_tuner"), entry="other")
    sentence = r"other-tuner 1\.0\) was not asked: left out of this run"
    for options in ({}, {"options": {"other:random": {"loud": True}}}):
        with pytest.raises(UnknownNameError, match=sentence):
            compare(["mine:random", "other:random"], plugins=["mine-tuner"], **options)
        assert "other_tuner" not in sys.modules
    comparison = compare(["mine:random"], plugins=iter(["mine-tuner"]))
    assert set(comparison.results.runs["backend"]) == {"mine", "builtin"}
    assert "other_tuner" not in sys.modules
    assert len(compare(["mine:random", "other:random"]).entries) == 3
    assert "other_tuner" in sys.modules


def test_plugins_that_are_not_to_take_part_must_be_named_rightly(install):
    install("mine-tuner", code=TELLTALE, entry="mine")
    with pytest.raises(UnknownNameError, match=r"'mine-tunr'.*Did you mean 'mine-tuner'"):
        compare(plugins=["mine-tunr"])
    assert "mine_tuner" not in sys.modules


def test_ctrl_c_returns_the_runs_so_far():
    calls = []

    def objective(config):
        calls.append(config)
        if len(calls) == 8:
            raise KeyboardInterrupt
        return config["x"]

    comparison = compare(objective=objective, seeds=5)
    assert [len(entry.result.trials) for entry in comparison.entries] == [5, 2]


class Tracker:
    """Counts trials, and fails when it is closed if it is told to."""

    def __init__(self, error=None):
        self.calls, self.error = [], error

    def __call__(self, trial, run):
        self.calls.append(trial.number)

    def close(self):
        self.calls.append("closed")
        if self.error is not None:
            raise self.error


def test_callbacks_follow_every_run_and_are_closed_after_the_last():
    tracker = Tracker()
    compare(callbacks=[tracker], n_trials=2, seeds=2)
    assert tracker.calls == [0, 1] * 4 + ["closed"]


def test_a_callback_that_cannot_be_closed_leaves_the_comparison_in_its_error():
    with pytest.raises(CallbackError, match="disk full") as caught:
        compare(callbacks=[Tracker(OSError("disk full"))])
    assert len(caught.value.result.entries) == 2


def test_callbacks_are_closed_when_the_objective_is_broken_and_not_when_nothing_is_run():
    broken, refused = Tracker(), Tracker()
    with pytest.raises(ObjectiveError):
        compare(objective=lambda config: config["y"], callbacks=[broken])
    assert broken.calls == [0, 1, 2, "closed"]
    with pytest.raises(UnknownNameError):
        compare(["builtin:rundom"], callbacks=[refused])
    assert refused.calls == []


def test_the_baseline_joins_in_unless_it_is_not_wanted():
    assert set(compare(["builtin:grid"]).frame()["contender"]) == set(BUILTIN)
    alone = compare(["builtin:grid"], baseline=False)
    assert set(alone.frame()["contender"]) == {"builtin:grid"}


def test_contenders_begin_with_the_same_configs_unless_they_are_unpaired():
    def begins(**settings):
        entries = compare(["builtin:random", "optuna:tpe"], n_trials=8, **settings).entries
        return [[trial.config for trial in entry.result.trials][:2] for entry in entries]

    one, other = begins()
    assert one == other
    one, other = begins(paired=False)
    assert one != other


def test_a_seed_is_that_of_the_run_itself():
    entries = compare(seeds=[4, 7]).entries
    assert [entry.result.seed for entry in entries] == [4, 4, 7, 7]


def test_tasks_take_the_place_of_a_space_and_an_objective():
    comparison = unitune.compare(
        tasks=[BOWL, HILL], contenders=BUILTIN, n_trials=6, seeds=2, progress=False
    )
    frame, table = comparison.frame(), comparison.table()
    assert frame.groupby(["task", "contender"]).size().tolist() == [2] * 4
    assert table["task"].tolist() == ["bowl", "bowl", "hill", "hill"]
    assert "2 contenders, 2 seeds" in str(comparison)
    assert [entry.result.mode for entry in comparison.entries] == ["min", "min", "max", "max"] * 2


def test_tasks_may_be_given_by_their_names():
    comparison = unitune.compare(
        tasks=["branin"], contenders=BUILTIN[:1], n_trials=2, progress=False
    )
    assert [entry.task for entry in comparison.entries] == ["branin"]


def test_a_task_may_come_first_and_contenders_may_stop_trials_early():
    comparison = unitune.compare(
        CURVES, ["builtin:hyperband", "builtin:random+asha"], n_trials=9, progress=False
    )
    runs = comparison.results.runs.set_index("contender")
    assert runs.loc["builtin:hyperband", "stops"] == "composed"
    assert runs.loc["builtin:random", "resource"] == 9 * 27
    assert 8 * 27 <= runs.loc["builtin:hyperband", "resource"] <= 9 * 27
    assert runs.loc["builtin:random+asha", "resource"] >= 9 * 27
    assert "builtin:random" not in set(comparison.results.rungs["contender"])


def test_a_scheduler_for_all_is_given_to_those_that_have_none():
    comparison = unitune.compare(
        CURVES.space,
        CURVES.load(),
        ["builtin:random", "builtin:hyperband"],
        n_trials=9,
        resource=(1, 27),
        scheduler="asha",
        scheduler_options={"eta": 9},
        progress=False,
    )
    runs = comparison.results.runs.set_index("contender")
    assert runs["scheduler"].to_dict() == {
        "builtin:random": "asha",
        "builtin:hyperband": "hyperband",
    }


def test_records_take_part_under_their_names():
    mine = Contender("mine", "builtin", method="grid", options={"points": 3})
    assert compare([mine, "builtin:random"]).frame()["trials"].tolist() == [3, 5]


@pytest.mark.parametrize(
    ("budget", "words"),
    [({"timeout": 0.2}, "0.2 seconds"), ({"timeout": 9.0, "n_trials": 3}, "3 trials")],
)
def test_a_timeout_is_the_budget_where_there_is_no_other(budget, words):
    comparison = unitune.compare(
        LINE, lambda config: config["x"], BUILTIN[:1], progress=False, **budget
    )
    assert comparison.about["budget"] == words
    reason = "timeout" if "n_trials" not in budget else "n_trials"
    assert [entry.result.reason for entry in comparison.entries] == [reason]


def test_the_results_are_the_tables_that_reports_are_made_of():
    comparison = compare(seeds=2)
    results = comparison.results
    assert all(list(getattr(results, name)) == list(COLUMNS[name]) for name in COLUMNS)
    assert results.runs["best"].tolist() == comparison.frame()["best"].tolist()
    assert len(results.trials) == comparison.frame()["trials"].sum()
    assert results.tasks["task"].tolist() == ["objective"]
    assert results.about["seeds"] == [0, 1]


def test_a_comparison_becomes_a_page(monkeypatch, tmp_path):
    given = []

    def write_html(results, path):
        given.append(results)
        return path

    monkeypatch.setattr("unitune.report.write_html", write_html)
    comparison = compare()
    assert comparison.to_html(tmp_path / "report.html") == tmp_path / "report.html"
    assert given[0].runs["best"].tolist() == comparison.frame()["best"].tolist()


def test_a_contender_that_cannot_run_on_a_task_is_refused_before_anything_runs():
    with pytest.raises(OptionError, match="resource="):
        unitune.compare(BOWL, ["builtin:hyperband"], n_trials=3, progress=False)
