"""A library of a stranger: it takes a box of floats, is asked and told, and has no idea of us."""

from __future__ import annotations

import random


class Hill:
    """Draws at random at first, then mostly near the best point."""

    def __init__(self, box, *, seed, spread=0.1, start=5):
        self.box = list(box)
        self.spread, self.start = spread, start
        self.told = []
        self.rng = random.Random(seed)

    def ask(self):
        if len(self.told) < self.start or self.rng.random() < 0.2:
            return [self.rng.uniform(low, high) for low, high in self.box]
        best, _ = min(self.told, key=lambda told: told[1])
        return [self.near(x, *ends) for x, ends in zip(best, self.box, strict=True)]

    def tell(self, point, loss):
        self.told.append((point, loss))

    def near(self, x, low, high):
        while True:
            drawn = self.rng.gauss(x, self.spread * (high - low))
            if low <= drawn <= high:
                return drawn
