"""Findings that the tests of the report share; nothing changes them."""

from __future__ import annotations

import pytest
from analysis.made import RANDOM, made

from unitune.report.drawings import draw
from unitune.report.findings import find

# Names that would break out of HTML, of a script, of Markdown, of plotly's and of matplotlib's own
# markup, each also the name of a task.
HOSTILE = [
    "<script>document.title='taken'</script>",
    "</script><img src=x onerror=alert(1)>",
    "a\"b'c&d",
    "pipe|tick`\nnew line",
    "$x_1$ %{y} <b>bold</b>",
    "名前:ベイズ",
    "_hidden",
]


def hostile(**settings):
    skills = {RANDOM: 1.0, **{name: 2.0 + i for i, name in enumerate(HOSTILE)}}
    return made(skills, **{"tasks": HOSTILE, "seeds": 2, "n_trials": 5, **settings})


@pytest.fixture(scope="session")
def results():
    return made(tasks=4, seeds=3, n_trials=20, most=3, pruned=0.1, failed=0.1)


@pytest.fixture(scope="session")
def findings(results):
    return find(results)


@pytest.fixture(scope="session")
def drawn(findings):
    return draw(findings)


@pytest.fixture(scope="session")
def nasty():
    return find(hostile())


@pytest.fixture(scope="session")
def nasty_drawn(nasty):
    return draw(nasty)
