"""No optimum sits at the middle of a scale, where some libraries look first."""

from __future__ import annotations

import pytest

from unitune import Categorical, Float, Int
from unitune_benchmarks import fidelity, shaped, synthetic
from unitune_benchmarks.functions import get_function

# As shares of a scale: what is nearer to the middle than this, is there.
NEAR = 0.01
TASKS = {task.name: task for home in (synthetic, shaped, fidelity) for task in home.tasks()}


def numbered(point):
    return {f"x{i}": value for i, value in enumerate(point, start=1)}


MINIMISERS = {
    **{task.name: numbered(task.objective.minimiser()) for task in synthetic.tasks()},
    "scales": shaped.BEST_SCALES,
    "mixed": shaped.BEST_MIXED,
    "conditional": shaped.BEST_CONDITIONAL,
    "rastrigin-mixed": shaped.BEST_WHOLE,
    "unimportant": shaped.BEST_IDLE,
    "mf-hartmann3": numbered(get_function("hartmann3").minimiser),
    "mf-hartmann6": numbered(get_function("hartmann6").minimiser),
    "mf-hartmann6-misleading": numbered(get_function("hartmann6").minimiser),
    "mf-branin": numbered(get_function("branin").minimiser),
    "mf-currin": {"x1": 13 / 60, "x2": 0.0},
    "mf-borehole": {
        "rw": 0.15,
        "r": 100.0,
        "Tu": 115_600.0,
        "Hu": 1110.0,
        "Tl": 116.0,
        "Hl": 700.0,
        "L": 1120.0,
        "Kw": 12_045.0,
    },
}


def place(parameter, value):
    """Return where on its scale a value lies, from 0 to 1; None where there is no order."""
    if isinstance(parameter, Float | Int):
        return parameter.position(value)
    if isinstance(parameter, Categorical) and parameter.ordered:
        return parameter.choices.index(value) / (len(parameter.choices) - 1)
    return None


def test_every_task_made_of_a_formula_is_looked_at():
    assert MINIMISERS.keys() == TASKS.keys()


@pytest.mark.parametrize("name", TASKS)
def test_no_optimum_sits_at_the_middle_of_a_scale(name):
    task, best = TASKS[name], MINIMISERS[name]
    places = {key: place(task.space[key], value) for key, value in best.items()}
    middle = [key for key, at in places.items() if at is not None and abs(at - 0.5) < NEAR]
    assert middle == []


@pytest.mark.parametrize("name", TASKS)
def test_the_best_config_has_the_best_value(name):
    task, best = TASKS[name], MINIMISERS[name]
    objective = task.load()
    value = objective(best) if task.resource is None else objective.curve(best)[-1].value
    assert value == pytest.approx(task.optimum, rel=1e-4, abs=1e-6)
