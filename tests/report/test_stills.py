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


def test_contenders_that_are_switched_off_are_not_drawn(findings, drawn):
    found = replace(findings, hidden=frozenset({0}))
    canvas = stills.still(found, drawn.progress[0])
    assert len(canvas.axes[0].get_lines()) == 2


def test_one_contender_on_one_task_has_figures_too(tmp_path):
    found = find(made({RANDOM: 1.0}, tasks=1, seeds=1, n_trials=4))
    names = [name for name, _ in stills.write_figures(found, draw(found), tmp_path)]
    assert "critical_difference" not in names
    assert {"scores", "tasks", "overhead"} <= set(names)
