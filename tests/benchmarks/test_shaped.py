from __future__ import annotations

import statistics

import pytest
from scipy.optimize import differential_evolution

import unitune
from unitune_benchmarks import shaped

BEST = {
    "scales": shaped.BEST_SCALES,
    "mixed": shaped.BEST_MIXED,
    "conditional": shaped.BEST_CONDITIONAL,
    "rastrigin-mixed": shaped.BEST_WHOLE,
    "unimportant": shaped.BEST_IDLE,
}
TASKS = {task.name: task for task in shaped.tasks()}


@pytest.mark.parametrize("name", TASKS)
def test_the_optimum_is_taken_at_the_config_written_beside_it(name):
    task = TASKS[name]
    assert task.space.contains(BEST[name])
    assert task.load()(BEST[name]) == pytest.approx(task.optimum, abs=1e-9)


@pytest.mark.parametrize("name", TASKS)
def test_no_config_is_better(name):
    task = TASKS[name]
    objective = task.load()
    values = [objective(task.space.sample(seed)) for seed in range(2000)]
    assert min(values) > task.optimum
    assert all(type(value) is float for value in values)

    def from_unit(position):
        config = {}
        for unit, (parameter_name, parameter) in zip(position, task.space.items(), strict=True):
            if task.space.is_active(parameter_name, config):
                config[parameter_name] = parameter.quantile(unit)
        return objective(config)

    found = differential_evolution(
        from_unit, [(0.0, 1.0)] * len(task.space), seed=0, maxiter=60, polish=False
    )
    assert -1e-9 <= found.fun < 0.3


def test_a_linear_scale_hides_the_best_scales():
    space, objective = shaped.scales, shaped.scales_loss
    flat = unitune.Space({"lr": unitune.Float(1e-6, 1.0), "beta": unitune.Float(0.5, 0.9999)})
    on_scales = [min(objective(space.sample(50 * s + i)) for i in range(50)) for s in range(20)]
    linear = [min(objective(flat.sample(50 * s + i)) for i in range(50)) for s in range(20)]
    assert statistics.median(on_scales) < 0.1 * statistics.median(linear)


def best_of(method, n_trials, seed):
    task = TASKS["unimportant"]
    result = unitune.run(
        task.space,
        task.load(),
        backend="builtin",
        method=method,
        n_trials=n_trials,
        seed=seed,
        progress=False,
    )
    assert len(result.trials) == n_trials
    return result.best.value


@pytest.mark.parametrize("n_trials", [27, 64])
def test_random_beats_grid_where_one_parameter_decides(n_trials):
    grid = best_of("grid", n_trials, 0)
    random = [best_of("random", n_trials, seed) for seed in range(20)]
    assert sum(value < grid for value in random) >= 19
    assert statistics.mean(random) < 0.5 * grid


def test_grid_beats_nothing_by_luck_at_any_size():
    nearest = [
        min(abs(v / (points - 1) - shaped.BEST_IDLE["x1"]) for v in range(points))
        for points in range(2, 7)
    ]
    assert min(nearest) > 0.07
