"""The report as Markdown."""

from __future__ import annotations

import re
from dataclasses import replace

from analysis.made import made
from markdown_it import MarkdownIt

from unitune.report.markdown import as_markdown, write_markdown


def rendered(text):
    return MarkdownIt("commonmark", {"html": True}).enable("table").render(text)


def test_the_ranking_is_a_table_with_a_line_a_contender(findings):
    page = rendered(as_markdown(findings))
    ranking = page[page.index("<h2>Ranking") : page.index("<h2>Which")]
    assert ranking.count("<tr>") == 4
    for label in findings.labels:
        assert label in ranking


def test_every_row_of_every_table_has_as_many_cells_as_its_head(findings, nasty):
    for found in (findings, nasty):
        page = rendered(as_markdown(found))
        for table in re.findall(r"<table>.*?</table>", page, re.DOTALL):
            head, *rows = re.findall(r"<tr>.*?</tr>", table, re.DOTALL)
            assert {row.count("<td") for row in rows} == {head.count("<th")}


def test_names_with_markup_are_text(nasty):
    page = rendered(as_markdown(nasty))
    assert not re.search(r"<(script|img|b)\b", page)
    assert "document.title='taken'" in page
    assert "名前:ベイズ" in page
    assert "$x_1$ %{y}" in page


def test_figures_and_files_are_linked(findings):
    text = as_markdown(
        findings,
        [("critical_difference", "Ranks"), ("regret", "Regret [x]")],
        [("tables/runs.csv", "one row a run")],
    )
    page = rendered(text)
    assert '<img src="figures/critical_difference.png" alt="Ranks"' in page
    assert '<img src="figures/regret.png" alt="Regret [x]"' in page
    assert '<a href="tables/runs.csv">' in page


def test_a_command_with_backticks_stays_in_its_block(findings):
    about = {**findings.about, "command": "unitune bench ```x``` `y`"}
    found = replace(findings, given=replace(findings.given, about=about))
    assert "<code>unitune bench ```x``` `y`\n</code>" in rendered(as_markdown(found))


def test_it_is_written_where_it_is_asked_for(tmp_path):
    path = write_markdown(made(tasks=1, seeds=2, n_trials=4), tmp_path / "new" / "report.md")
    assert path.read_text(encoding="utf-8").startswith("# 3 contenders on 1 task")


def test_commands_and_what_was_set_aside_are_told(findings):
    words = {"commands": ["unitune bench a", "unitune bench b"], "set_aside": {"a|b": 2}}
    given = replace(findings.given, about={**findings.about, "command": "", **words})
    page = rendered(as_markdown(replace(findings, given=given)))
    assert "<code>unitune bench a\nunitune bench b\n</code>" in page
    assert "<li>a|b: 2 runs</li>" in page
