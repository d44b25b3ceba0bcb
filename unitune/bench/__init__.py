"""Benchmarks: contenders × tasks × seeds at equal budget, kept, resumed, and put into tables."""

from unitune.bench.budget import Budget
from unitune.bench.contenders import Contender, as_contender
from unitune.bench.results import Results

__all__ = ["Budget", "Contender", "Results", "as_contender"]
