"""The figures as PNG and SVG."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest
from analysis.made import RANDOM, made

from unitune.report import stills
from unitune.report.drawings import draw
from unitune.report.findings import find
from unitune.report.palette import LIGHT


@pytest.fixture(scope="module")
def written(findings, drawn, tmp_path_factory):
    folder = tmp_path_factory.mktemp("stills")
    return folder, stills.write_figures(findings, drawn, folder)


def test_every_figure_is_a_png_and_an_svg(written):
    folder, images = written
    names = [name for name, _ in images]
    assert names[0] == "critical_difference"
    assert {"regret", "ranks", "solved", "wall_clock", "overhead", "price", "rungs"} < set(names)
    assert {"scores", "tasks"} < set(names)
    for name in names:
        assert (folder / f"{name}.png").read_bytes().startswith(b"\x89PNG")
        ET.parse(folder / f"{name}.svg")


def test_contenders_have_the_colours_of_the_page(findings, drawn):
    canvas = stills.still(findings, drawn.progress[0])
    colours = {line.get_label(): line.get_color() for line in canvas.axes[0].get_lines()}
    assert colours == {
        label: LIGHT[look.colour]
        for label, look in zip(findings.labels, findings.looks, strict=True)
    }


def test_no_global_state_of_matplotlib_is_touched(findings, drawn):
    before = dict(mpl.rcParams)
    stills.still(findings, drawn.costs[1])
    stills.critical_difference(findings, findings.main)
    assert dict(mpl.rcParams) == before
    assert plt.get_fignums() == []


def test_names_are_shown_as_they_are_whatever_is_in_them(nasty, nasty_drawn, tmp_path):
    images = stills.write_figures(nasty, nasty_drawn, tmp_path)
    canvas = stills.still(nasty, nasty_drawn.progress[0])
    shown = [text.get_text() for text in canvas.legends[0].get_texts()]
    assert r"\$x_1\$ %{y} <b>bold</b>" in shown
    assert " _hidden" in shown
    for name, _ in images:
        ET.parse(tmp_path / f"{name}.svg")


def test_the_ledger_says_whose_it_is(findings, drawn):
    canvas = stills.still(findings, drawn.rungs)
    assert canvas.axes[0].get_title(loc="left").endswith(f": {findings.labels[0]}")


def test_mean_ranks_have_a_title_two_decimals_and_the_critical_difference(findings):
    canvas = stills.critical_difference(findings, findings.main)
    separation = findings.main.verdict.separation
    assert canvas.get_suptitle() == "Mean ranks over 4 tasks"
    assert canvas.get_supxlabel().startswith("mean rank, 1 is best")
    assert f"CD = {separation.critical_difference:.2f}" in canvas.get_supxlabel()
    shown = {text.get_text() for text in canvas.axes[0].texts}
    name, rank = findings.contenders[0], separation.ranks[findings.contenders[0]]
    assert f"{findings.label(name)} ({rank:.2f})" in shown


def test_scores_have_a_key_and_name_the_leaders_that_are_switched_off(findings):
    canvas = stills.score_map(replace(findings, hidden=frozenset({0})))
    ax, key = canvas.axes
    assert [tick.get_text() for tick in key.get_xticklabels()][-1] == "1: best value known"
    assert f"★ {findings.labels[0]}" in [text.get_text() for text in ax.texts]


def test_of_more_tasks_than_fit_the_first_are_drawn_and_this_is_said(findings, drawn, monkeypatch):
    whole = stills.small_multiples(findings, drawn.drill[0])
    assert len(whole.axes) == 4
    assert whole.get_suptitle() == "Regret against trials, task by task"
    assert stills.MOST_TASKS > 32
    monkeypatch.setattr(stills, "MOST_TASKS", 3)
    monkeypatch.setattr(stills, "MOST_ROWS", 2)
    canvas = stills.small_multiples(findings, drawn.drill[0])
    assert canvas.get_suptitle() == "Regret against trials, task by task: the first 3 of 4"
    scores = stills.score_map(findings)
    assert scores.get_suptitle() == "Score by task and contender: the first 2 of 4"


def test_contenders_that_are_switched_off_are_not_drawn(findings, drawn):
    found = replace(findings, hidden=frozenset({0}))
    canvas = stills.still(found, drawn.progress[0])
    assert len(canvas.axes[0].get_lines()) == 2


def test_one_contender_on_one_task_has_figures_too(tmp_path):
    found = find(made({RANDOM: 1.0}, tasks=1, seeds=1, n_trials=4))
    names = [name for name, _ in stills.write_figures(found, draw(found), tmp_path)]
    assert "critical_difference" not in names
    assert {"scores", "tasks", "overhead"} <= set(names)


def test_in_a_budget_of_seconds_regret_is_drawn_against_seconds(findings, drawn):
    verdict = replace(findings.main.verdict, budget="9 seconds")
    timed = replace(findings, main=replace(findings.main, verdict=verdict))
    canvas = stills.small_multiples(timed, drawn.drill[0])
    assert canvas.get_suptitle() == "Regret against seconds, task by task"
    task = findings.tasks[0]
    seconds = drawn.drill[0].views[f"{task}|seconds"]["traces"]
    ends = {line.get_xdata()[-1] for line in canvas.axes[0].get_lines()}
    assert ends & {trace["x"][-1] for trace in seconds if trace["role"] == "line"}
