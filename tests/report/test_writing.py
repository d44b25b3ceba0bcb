"""The whole report in a folder."""

from __future__ import annotations

import os
import random
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from analysis.made import RANDOM, made

from unitune.report import write
from unitune.report.drawings import draw
from unitune.report.findings import find
from unitune.report.markdown import as_markdown
from unitune.report.page import html


@pytest.fixture(scope="module")
def small():
    return made(tasks=2, seeds=2, n_trials=6, most=3, pruned=0.2)


@pytest.fixture(scope="module")
def folder(small, tmp_path_factory):
    """Return where the report was written, from a current directory of its own."""
    home, place = Path.cwd(), tmp_path_factory.mktemp("reports")
    os.chdir(place)
    try:
        page = write(small, place / "report")
    finally:
        os.chdir(home)
    assert page == place / "report" / "report.html"
    return page.parent


def test_a_folder_holds_every_form_of_the_report(folder):
    found = sorted(path.name for path in folder.iterdir())
    assert found == ["figures", "report.html", "report.md", "tables"]
    text = (folder / "report.md").read_text(encoding="utf-8")
    page = (folder / "report.html").read_text(encoding="utf-8")
    figures = list((folder / "figures").glob("*.png"))
    tables = list((folder / "tables").glob("*.csv"))
    assert all(f"(figures/{path.name})" in text for path in figures)
    assert all(f'href="tables/{path.name}"' in page for path in tables)
    assert len(figures) > 8
    assert len(tables) > 8


def test_a_page_beside_saved_results_leads_to_them_and_to_nothing_else(small, tmp_path):
    small.save(tmp_path)
    text = write(small, tmp_path).read_text(encoding="utf-8")
    links = re.findall(r'<a href="([^"#]+)"', text)
    assert links == ["runs.parquet", "trials.parquet", "rungs.parquet", "tasks.parquet"]
    assert all((tmp_path / link).exists() for link in links)
    assert (tmp_path / "tables" / "ranking.csv").exists()


def test_saved_results_of_an_earlier_state_are_not_led_to(small, tmp_path):
    replace(small, trials=small.trials[:-1]).save(tmp_path)
    text = write(small, tmp_path).read_text(encoding="utf-8")
    assert 'href="trials.parquet"' not in text
    assert 'href="tables/trials.csv"' in text


def test_nothing_lands_in_the_current_directory(folder):
    assert [path.name for path in folder.parent.iterdir()] == ["report"]


def test_the_same_results_give_the_same_files_and_leave_global_random_state_alone(
    small, folder, tmp_path
):
    random.seed(1)
    before = random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
    write(small, tmp_path)
    assert (random.getstate(), np.random.get_state()[1].tolist()) == before  # noqa: NPY002
    for path in folder.rglob("*"):
        # of an SVG the names of its parts differ
        if path.is_file() and path.suffix != ".svg":
            assert path.read_bytes() == (tmp_path / path.relative_to(folder)).read_bytes(), path


@pytest.mark.parametrize(
    "settings",
    [
        {"tasks": 1, "seeds": 1, "n_trials": 1},
        {"tasks": 1, "seeds": 3},
        {"tasks": 3, "seeds": 1},
        {"optimum": None, "proven": False},
        {"mode": "max"},
        {"failed": 1.0},
        {"failed": 0.7, "noisy": True, "workers": 4},
        {"skills": {RANDOM: 1.0}},
    ],
    ids=str,
)
def test_thin_results_are_reported_as_far_as_they_go(settings):
    found = find(made(**{"tasks": 2, "seeds": 2, "n_trials": 6, **settings}))
    for text in (html(found, draw(found)), as_markdown(found)):
        assert "What cannot be said" in text
        assert "nan" not in text.partition('id="report-data"')[0].replace("nano", "").split()
