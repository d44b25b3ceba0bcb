"""The smallest honest adapter: a library that takes floats in a box, and the core does the rest."""

from __future__ import annotations

from hill import Hill

from unitune.backend import Proposal, Study
from unitune.capabilities import BackendSpec, Method
from unitune.hookspecs import hookimpl


class HillStudy(Study):
    native = None  # the library's own object, in every instance

    def __init__(self, problem, spread=0.1):
        box = [(target.low, target.high) for target in problem.translation.targets.values()]
        self.problem, self.native = problem, Hill(box, seed=problem.seed, spread=spread)

    def ask(self):
        names = self.problem.translation.targets
        return self.inject(dict(zip(names, self.native.ask(), strict=True)))

    def inject(self, values):
        return Proposal(values, list(values.values()))

    def tell(self, token, outcome):
        if outcome.value is not None:
            self.native.tell(token, self.problem.loss(outcome.value))


@hookimpl
def unitune_backends():
    method = Method("climb", frozenset({"float/linear"}))
    return [BackendSpec("minimal", "minimal:HillStudy", methods=(method,))]
