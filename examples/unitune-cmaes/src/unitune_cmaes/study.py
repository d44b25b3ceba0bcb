"""CMA-ES in the unit cube, asked and told."""

import math

import numpy as np
from cmaes import CMA

from unitune.backend import Proposal, Study


class CmaesStudy(Study):
    """Collects a generation of results, and tells them to the library at once."""

    def __init__(self, problem, sigma=0.3, population_size=None):
        self.problem, self.boxes, self.generation = problem, problem.translation.targets, []
        # The library wants two dimensions at least.
        bounds = np.tile([0.0, 1.0], (max(2, len(self.boxes)), 1))
        settings = {"seed": problem.seed, "population_size": population_size}
        self.optimizer = CMA(bounds.mean(axis=1), sigma, bounds, **settings)

    def ask(self):
        point = self.optimizer.ask()
        pairs = zip(self.boxes.items(), point.tolist(), strict=False)
        return Proposal({name: box.quantile(u) for (name, box), u in pairs}, point)

    def inject(self, values):
        point = np.full(self.optimizer.dim, 0.5)
        point[: len(values)] = [box.position(values[name]) for name, box in self.boxes.items()]
        return Proposal(values, point)

    def tell(self, token, outcome):
        # The library goes by ranks: what failed comes last.
        loss = math.inf if outcome.value is None else self.problem.loss(outcome.value)
        self.generation.append((token, loss))
        if len(self.generation) == self.optimizer.population_size:
            self.optimizer.tell(self.generation)
            self.generation = []

    @property
    def native(self):
        return self.optimizer
