"""All figures of a report."""

from __future__ import annotations

from unitune.report.drawings import draw
from unitune.report.findings import find
from unitune.report.texts import script


def test_names_are_different_and_every_start_has_its_view(drawn):
    figures = list(drawn)
    assert len({figure.name for figure in figures}) == len(figures)
    for figure in figures:
        # 'y' is made in the page, of the same view
        start = "|".join(c.options[0][0] for c in figure.controls if c.name != "y")
        assert start in figure.views


def test_every_figure_can_be_written_into_the_page(drawn, nasty_drawn):
    for made in (drawn, nasty_drawn):
        assert script([figure.as_data() for figure in made])


def test_the_second_comparison_has_figures_of_its_own(results):
    from report.test_findings import without

    found = draw(find(without(results, "skopt:gp", ["task-0", "task-1", "task-2"])))
    assert [figure.name for figure in found.also] == ["regret_also", "ranks_also", "solved_also"]


def test_without_a_second_comparison_or_schedules_there_are_none(nasty_drawn):
    assert nasty_drawn.also == ()
    assert nasty_drawn.rungs is None
