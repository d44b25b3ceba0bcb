"""How one view of a figure is put on matplotlib's axes."""

from __future__ import annotations

import pytest

from unitune.report import plotting
from unitune.report.figure import axis


@pytest.fixture
def ax():
    return plotting.blank(4, 3).add_subplot()


def view(*traces, **more):
    return {"traces": traces, "x": axis("x"), "y": axis("y"), **more}


def test_steps_are_drawn_as_steps_and_zeros_at_the_floor(findings, ax):
    traces = [{"c": 0, "role": "line", "name": "n", "shape": "hv", "x": [1, 2], "y": [1.0, 0.0]}]
    plotting.draw_traces(findings, ax, traces, view(floor=0.25))
    (line,) = ax.get_lines()
    assert line.get_drawstyle() == "steps-post"
    assert line.get_ydata().tolist() == [1.0, 0.25]


def test_parts_of_a_bar_are_stacked(findings, ax):
    bar = {"role": "bar", "by": [0, 1], "y": ["a", "b"], "name": "n"}
    traces = [{**bar, "part": "suggest", "x": [1, 2]}, {**bar, "part": "evaluate", "x": [3, 4]}]
    plotting.draw_traces(findings, ax, traces, view(layout={"barmode": "stack"}))
    boxes = [patch.get_bbox() for patch in ax.patches]
    assert [box.x0 for box in boxes] == [0, 0, 1, 2]
    assert [box.x1 for box in boxes] == [1, 2, 4, 6]


def test_bars_of_a_group_stand_beside_each_other(findings, ax):
    bar = {"role": "bar", "y": ["a"], "name": "n", "x": [2]}
    traces = [{**bar, "part": "idle"}, {**bar, "part": "evaluate"}]
    plotting.draw_traces(findings, ax, traces, view(layout={"barmode": "group"}))
    first, second = (patch.get_bbox() for patch in ax.patches)
    assert first.y1 <= second.y0
    assert first.x0 == second.x0 == 0


def test_axes_are_logarithmic_or_turned_round_as_the_view_asks(findings, ax):
    asked = {"x": axis("x"), "y": axis("y", autorange="reversed")}
    plotting.set_axes(ax, asked, {"x": True})
    assert ax.get_xscale() == "log"
    assert ax.yaxis_inverted()


@pytest.mark.parametrize(
    ("high", "labels"), [(1000, ["1", "10", "100", "1000"]), (8, ["1", "2", "5"])]
)
def test_powers_of_ten_are_labelled_and_more_only_where_there_are_few(ax, high, labels):
    ax.set_xscale("log")
    ax.set_xlim(1, high)
    plotting.set_log_ticks(ax)
    ax.figure.draw_without_rendering()
    low, top = ax.get_xlim()
    shown = [t for t in ax.get_xticklabels() if low <= t.get_position()[0] <= top]
    assert [text.get_text() for text in shown] == labels
    assert not any(text.get_text() for text in ax.get_xticklabels(minor=True))


@pytest.mark.parametrize(("text", "shown"), [("$x$", r"\$x\$"), ("_x", " _x"), ("x_1", "x_1")])
def test_texts_are_no_formulas_and_are_not_hidden(text, shown):
    assert plotting.plain(text) == shown
