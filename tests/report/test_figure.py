"""What a figure of the page is."""

from __future__ import annotations

from unitune.report.figure import Control, Figure, axis, floor_of


def test_a_figure_tells_the_page_its_views_and_what_is_chosen_at_the_start():
    control = Control("x", "Against", (("trials", "Trials"), ("seconds", "Wall-clock")))
    figure = Figure(
        "f", "Title", "About", views={"trials": {}}, controls=(control,), log={"x": True}
    )
    assert figure.as_data() == {
        "views": {"trials": {}},
        "controls": [{"name": "x", "value": "trials"}],
        "log": {"x": True},
        "extras": {},
    }


def test_only_a_fixed_axis_has_a_type():
    assert axis("value") == {"title": "value", "axis": {}}
    assert axis("", kind="category", autorange="reversed") == {
        "title": "",
        "type": "category",
        "axis": {"autorange": "reversed"},
    }


def test_the_floor_lies_below_every_value_above_zero():
    assert floor_of([0.0, -1.0, 1e-3], [5.0]) == 5e-4
    assert floor_of([], [0.0, float("inf")]) == 1e-12
