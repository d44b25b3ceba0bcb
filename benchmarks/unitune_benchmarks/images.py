"""scikit-learn's handwritten digits: 1797 images of 8 by 8 pixels, split once and for all."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np

from unitune_benchmarks.network import Array, Labels


class Part(NamedTuple):
    """Some of the examples: pixels scaled to unit range and centred, one row each; classes."""

    x: Array
    labels: Labels


@dataclass(frozen=True, slots=True)
class Splits:
    """The three parts of the data."""

    training: Part
    validation: Part
    test: Part


@cache
def load_splits() -> Splits:
    """Return the data, always split in the same way: 60 %, 20 % and 20 %."""
    from sklearn.datasets import load_digits

    pixels, labels = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(labels))
    first, second = len(order) * 60 // 100, len(order) * 80 // 100
    parts = order[:first], order[first:second], order[second:]
    x = pixels / 16.0
    x -= x[parts[0]].mean(axis=0)  # the mean of the training part: the others stay unseen
    return Splits(*(Part(x[rows], labels[rows]) for rows in parts))
