"""Grid and random search on the two parameters that matter most."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from analysis.made import RANDOM, made

from unitune.report import stills
from unitune.report.drawings import draw
from unitune.report.findings import find
from unitune.report.projection import figure, importance

GRID = "builtin:grid"


def idle(stresses="one parameter decides, grid against random", **names):
    """Return a task one parameter of which decides, as a grid and as random search go about it."""
    skills = {RANDOM: 1.0, names.get("grid", GRID): 1.0}
    given = made(skills, tasks=1, seeds=2, n_trials=27)
    rng = np.random.default_rng(0)
    configs, losses = [], []
    for row in given.trials.itertuples():
        a, b, c = (row.number // 9 / 2, row.number // 3 % 3 / 2, row.number % 3 / 2)
        if row.contender == RANDOM:
            a, b, c = rng.random(3)
        configs.append(json.dumps({"<i>": b, "decides": a, "other": c, "kind": "x", "on": True}))
        losses.append((a - 0.88) ** 2 + 1e-4 * b)
    trials = given.trials.assign(config=configs, loss=losses, value=losses)
    return find(replace(given, trials=trials, tasks=given.tasks.assign(stresses=stresses)))


@pytest.fixture(scope="module")
def found():
    return idle()


def test_a_grid_tries_three_values_of_the_parameter_that_decides_random_search_a_new_one_each_time(
    found,
):
    drawn = figure(found)
    view = drawn.views[""]
    strokes = {found.contenders[t["c"]]: t["x"] for t in view["traces"] if t["role"] == "rug"}
    assert view["x"]["title"] == "decides"
    assert sorted(strokes[GRID]) == [0, 0.5, 1]
    assert len(strokes[RANDOM]) == 27
    assert f"{GRID} tried 3 values of decides in 27 trials: regret 0.0144." in view["note"]
    assert "decides explains 9" in drawn.about


def test_every_trial_of_one_run_is_a_mark(found):
    marks = [t for t in figure(found).views[""]["traces"] if t["role"] == "points"]
    assert [len(t["x"]) for t in marks] == [27, 27]
    assert all(len(t["customdata"]) == 27 for t in marks)


def test_importance_is_the_share_that_a_parameter_explains():
    import pandas as pd

    rng = np.random.default_rng(1)
    a, b = rng.random((2, 600))
    shares = importance(pd.DataFrame({"config.b": b, "config.a": a, "loss": a}))
    assert list(shares) == ["a", "b"]
    assert shares["a"] == pytest.approx(35 / 36, abs=0.01)
    assert shares["b"] < 0.05
    assert importance(pd.DataFrame({"config.a": a, "loss": 0.0})) == {"a": 0.0}


def test_it_is_drawn_only_where_a_task_is_made_for_it_and_both_ran():
    assert figure(idle(stresses="something else")) is None
    assert figure(idle(grid="builtin:sobol")) is None


def test_it_is_among_the_figures_and_the_stills(found):
    drawn = draw(found)
    assert "projection" in [one.name for one in drawn]
    canvas = stills.still(found, drawn.projection)
    shown = [text.get_text() for text in canvas.legends[0].get_texts()]
    assert sorted(shown) == sorted(found.labels)
