"""Colours, strokes and marks of the contenders."""

from __future__ import annotations

import itertools
import re

import numpy as np
import pytest

from unitune.report.page import ASSETS
from unitune.report.palette import DARK, GREY, HUES, LIGHT, looks

# Machado, Oliveira and Fernandes, "A physiologically-based model for simulation of color vision
# deficiency", IEEE TVCG 15(6), 2009: the matrices of severity 1.
SIGHTS = {
    "full": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritanopia": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}


def linear(colour):
    values = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def lab(rgb):
    matrix = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    xyz = np.array(matrix) @ np.clip(rgb, 0, 1) / np.array([0.9505, 1.0, 1.089])
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def contrast(first, second):
    weights = np.array([0.2126, 0.7152, 0.0722])
    high, low = sorted((weights @ linear(c) for c in (first, second)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("sight", SIGHTS)
@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_any_two_colours_can_be_told_apart_whatever_the_sight(palette, sight):
    seen = [lab(SIGHTS[sight] @ linear(colour)) for colour in palette]
    assert min(np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2)) > 10


@pytest.mark.parametrize(("palette", "theme"), [(LIGHT, "light"), (DARK, "dark")])
def test_every_colour_stands_out_from_its_paper(palette, theme):
    style = (ASSETS / "report.css").read_text(encoding="utf-8")
    papers = re.findall("--card: (#[0-9a-f]{6})", style)
    paper = papers[0 if theme == "light" else 1]
    assert min(contrast(colour, paper) for colour in palette) >= 3


def test_thirty_two_contenders_all_look_different():
    found = looks([f"library:{i}" for i in range(32)])
    assert len({(look.colour, look.dash) for look in found}) == 32
    assert len({(look.colour, look.stroke) for look in found}) == 32
    assert len({(look.colour, look.symbol) for look in found}) == 32


def test_the_first_eight_differ_by_hue_and_random_search_is_grey():
    found = looks([*(f"library:{i}" for i in range(4)), "builtin:random", "other", "and", "so"])
    assert [look.colour for look in found] == [0, 1, 2, 3, GREY, 4, 5, 6]
    assert {look.dash for look in found} == {"solid"}
    assert GREY == HUES == len(LIGHT) - 1 == len(DARK) - 1
