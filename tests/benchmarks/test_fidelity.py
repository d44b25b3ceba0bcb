from __future__ import annotations

import math
import random
import statistics
from types import SimpleNamespace

import pytest
from scipy.optimize import differential_evolution
from scipy.stats import spearmanr

from unitune_benchmarks.fidelity import (
    BOREHOLE,
    STEPS,
    BiasedHartmann,
    borehole,
    currin,
    rough_currin,
    tasks,
)
from unitune_benchmarks.functions import branin, hartmann

TASKS = {task.name: task for task in tasks()}
HALF = {
    "rw": 0.1,
    "r": 25_050.0,
    "Tu": 89_335.0,
    "Hu": 1050.0,
    "Tl": 89.55,
    "Hl": 760.0,
    "L": 1400.0,
    "Kw": 10_950.0,
}
TRUE = {
    "mf-hartmann3": hartmann,
    "mf-hartmann6": hartmann,
    "mf-hartmann6-misleading": hartmann,
    "mf-branin": branin,
    "mf-currin": currin,
    "mf-borehole": borehole,
}


@pytest.mark.parametrize("name", TASKS)
def test_the_value_after_the_most_steps_is_that_of_the_true_function(name):
    task = TASKS[name]
    for seed in range(20):
        config = task.space.sample(seed)
        curve = task.objective.curve(config)
        assert [step.step for step in curve] == list(range(1, STEPS + 1))
        assert curve[-1].value == TRUE[name](list(config.values()))
        assert all(step.seconds == 60.0 for step in curve)


@pytest.mark.parametrize("name", TASKS)
def test_the_optimum_is_that_of_the_true_function(name):
    task = TASKS[name]
    sign = 1 if task.mode == "min" else -1
    bounds = [(parameter.low, parameter.high) for parameter in task.space.values()]
    found = differential_evolution(
        lambda point: sign * TRUE[name](point), bounds, seed=1, tol=1e-10, popsize=8
    )
    assert sign * found.fun == pytest.approx(task.optimum, abs=1e-6)


def test_the_maxima_agree_with_their_cited_values():
    assert currin((13 / 60, 0.0)) == pytest.approx(13.798722, abs=1e-6)
    # radius and the upper heads at their most, the others at their least, or the other way round
    best = [0.15, 100.0, 115_600.0, 1110.0, 116.0, 700.0, 1120.0, 12_045.0]
    assert borehole(best) == pytest.approx(309.575588, abs=1e-6)
    assert TASKS["mf-currin"].optimum == pytest.approx(13.798722, abs=1e-6)
    assert TASKS["mf-borehole"].optimum == pytest.approx(309.575588, abs=1e-6)


def test_currin_at_its_edge_is_the_limit_from_inside():
    assert currin((0.3, 0.0)) == pytest.approx(currin((0.3, 1e-3)), rel=1e-12)
    assert math.isfinite(rough_currin((0.0, 0.0)))


def test_borehole_takes_its_parameters_by_name():
    given = TASKS["mf-borehole"].objective.curve(HALF)
    turned = TASKS["mf-borehole"].objective.curve(dict(reversed(HALF.items())))
    assert given == turned
    assert list(BOREHOLE) == list(TASKS["mf-borehole"].space)


@pytest.mark.parametrize(
    ("name", "least", "most"),
    [("mf-hartmann3", 0.8, 1.0), ("mf-hartmann6", 0.8, 1.0), ("mf-hartmann6-misleading", -1, 0.5)],
)
def test_early_values_agree_with_the_last_as_far_as_they_should(name, least, most):
    task = TASKS[name]
    curves = [task.objective.curve(task.space.sample(seed)) for seed in range(300)]
    early, last = [c[2].value for c in curves], [c[-1].value for c in curves]
    assert least < spearmanr(early, last).statistic < most


def test_a_config_has_one_curve_whatever_the_trials_seed():
    objective = BiasedHartmann()
    config = {"x1": 0.2, "x2": 0.4, "x3": 0.6}
    curves = [list(objective(config, SimpleNamespace(seed=seed))) for seed in (1, 2)]
    assert curves[0] == curves[1]
    assert curves[0] == [step.value for step in objective.curve(config)]


def test_the_noise_of_mf_hartmann_only_ever_adds():
    rng = random.Random(0)
    gaps = []
    for _ in range(50):
        config = {f"x{i}": rng.random() for i in (1, 2, 3)}
        noisy = BiasedHartmann(noise=1.0).curve(config)
        still = BiasedHartmann(noise=0.0).curve(config)
        gaps.append([a.value - b.value for a, b in zip(noisy, still, strict=True)])
    assert min(min(gap) for gap in gaps) >= 0.0
    assert all(gap[-1] == 0.0 for gap in gaps)
    assert statistics.mean(gap[0] for gap in gaps) > statistics.mean(gap[20] for gap in gaps) > 0
