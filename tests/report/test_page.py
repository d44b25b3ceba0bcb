"""The report as one HTML file."""

from __future__ import annotations

import builtins
import itertools
import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from analysis.made import made
from report.conftest import HOSTILE

from unitune.errors import MissingLibraryError
from unitune.report.drawings import draw
from unitune.report.page import environment, html, write_html

VOID = {"meta", "link", "br", "img", "input", "hr", "path", "circle"}


class Reader(HTMLParser):
    """Collects elements, attributes and texts, and checks that elements are closed in order."""

    def __init__(self):
        super().__init__()
        self.open, self.tags, self.ids, self.wrong, self.data = [], [], [], [], {}
        self.attributes, self.texts = [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        self.ids += [value for name, value in attrs if name == "id"]
        if tag not in VOID:
            self.open.append((tag, dict(attrs)))

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)

    def handle_endtag(self, tag):
        if tag in VOID:
            return
        if not self.open or self.open[-1][0] != tag:
            self.wrong.append((tag, self.getpos()))
        else:
            self.open.pop()

    def handle_data(self, data):
        if self.open and self.open[-1][0] == "script":
            self.data[self.open[-1][1].get("id", "")] = data
        elif self.open and self.open[-1][0] != "style":
            self.texts.append(data)


def read(page):
    reader = Reader()
    reader.feed(page)
    reader.close()
    return reader


@pytest.fixture(scope="module")
def page(findings, drawn):
    return html(findings, drawn, [("tables/runs.csv", "one row a run")])


@pytest.fixture(scope="module")
def nasty_page(nasty, nasty_drawn):
    return html(nasty, nasty_drawn)


@pytest.mark.parametrize("name", ["page", "nasty_page"])
def test_elements_are_closed_in_order_and_ids_are_unique(name, request):
    reader = read(request.getfixturevalue(name))
    assert reader.wrong == []
    assert reader.open == []
    assert len(set(reader.ids)) == len(reader.ids)


def test_names_with_markup_are_text_and_nothing_else(nasty_page):
    reader = read(nasty_page)
    assert "img" not in reader.tags
    assert reader.tags.count("script") == 3
    assert not [name for name, _ in reader.attributes if name.startswith("on")]
    texts = " ".join("".join(reader.texts).split())
    for name in HOSTILE:
        assert " ".join(name.split())[:40] in texts


def test_the_data_block_is_json_that_holds_every_figure(page, drawn):
    data = json.loads(read(page).data["report-data"])
    assert set(data["figures"]) == {figure.name for figure in drawn}
    assert [c["label"] for c in data["contenders"]] == ["optuna:tpe", "skopt:gp", "builtin:random"]


def test_a_view_that_two_figures_have_is_held_once(page):
    figures = json.loads(read(page).data["report-data"])["figures"]
    assert figures["wall_clock"]["views"][""] == {"of": ["regret", "seconds"]}
    assert figures["regret"]["views"]["seconds"]["traces"]


def test_every_figure_has_its_place_a_caption_and_a_description(page, drawn):
    reader = read(page)
    places = [value for name, value in reader.attributes if name == "data-figure"]
    assert sorted(places) == sorted(figure.name for figure in drawn)
    labels = [value for name, value in reader.attributes if name == "aria-label"]
    for figure in drawn:
        assert f"{figure.title}. {figure.about}" in labels


def test_nothing_is_loaded_from_elsewhere(page):
    reader = read(page)
    outside = [
        value
        for name, value in reader.attributes
        if name in ("src", "href") and re.match(r"(https?:)?//", value or "")
    ]
    assert outside == []
    (policy,) = (v for n, v in reader.attributes if n == "content" and "default-src" in v)
    assert policy.split("; ") == [
        "default-src 'none'",
        "script-src 'unsafe-inline'",
        "style-src 'unsafe-inline'",
        "img-src data: blob:",
    ]


def test_links_within_the_page_lead_somewhere(page):
    reader = read(page)
    targets = {v[1:] for n, v in reader.attributes if n == "href" and (v or "").startswith("#")}
    assert targets <= set(reader.ids)
    assert {"summary", "ranking", "progress", "drill-down", "reproduce"} <= targets


def test_headings_go_down_one_level_at_a_time(page):
    levels = [int(tag[1]) for tag in read(page).tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_it_tells_how_to_reproduce_it_and_where_the_tables_lie(page):
    assert "unitune bench --suite made" in page
    assert '<a href="tables/runs.csv">' in page
    assert "n_startup_trials = 10" in page
    assert "x86_64" in page


def test_every_task_has_its_expected_running_times(page, findings):
    reader = read(page)
    labels = [value for name, value in reader.attributes if name == "aria-label"]
    assert labels.count("Expected running times") == len(findings.tasks)
    assert "Epochs that a contender spends on average" in page


def test_a_page_by_itself_names_no_files(findings, drawn):
    assert "The raw results were not written beside this file" in html(findings, drawn)


def test_a_page_of_small_results_is_little_more_than_its_library(page, nasty_page):
    assert len(page.encode()) < 2_200_000
    assert len(nasty_page.encode()) < 2_500_000


def test_it_is_written_where_it_is_asked_for(tmp_path):
    path = write_html(made(tasks=1, seeds=2, n_trials=4), tmp_path / "new" / "page.html")
    assert path == tmp_path / "new" / "page.html"
    assert path.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_commands_other_setups_and_early_ends_are_told(findings):
    words = {"commands": ["unitune bench a", "unitune bench <b>"], "set_aside": {"<i>": 2}}
    runs = findings.given.runs.assign(reason="exhausted", trials=4)
    given = replace(findings.given, runs=runs, about={**findings.about, "command": "", **words})
    page = html(replace(findings, given=given), draw(findings))
    assert "<pre><code>unitune bench a\nunitune bench &lt;b&gt;</code></pre>" in page
    assert "<li>&lt;i&gt;: 2 runs</li>" in page
    assert page.count('<span class="mark ">exhausted on 4 of 4 tasks</span>') == 3


def test_without_jinja2_the_install_command_is_told(monkeypatch):
    real = builtins.__import__

    def refuse(name, *args, **kwargs):
        if name == "jinja2":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(MissingLibraryError, match=r"pip install 'unitune\[report\]'"):
        environment()
