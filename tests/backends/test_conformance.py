"""Every shipped backend passes the conformance kit; its gaps are listed with their reasons."""

# ruff: noqa: RUF012 - settings of a suite, which nobody changes

from __future__ import annotations

import pytest

from unitune.testing import BackendSuite, ServiceSuite


class TestBuiltin(BackendSuite):
    backend = "builtin"

    def told(self, native):
        return len(native.outcomes)


class TestOptuna(BackendSuite):
    backend = "optuna"
    options = {"gp": {"n_startup_trials": 4}, "nsga2": {"population_size": 10}}
    startup = {"tpe": 10, "gp": 4, "cmaes": 1, "nsga2": 10}
    beyond = {"gp": 3}
    lesson = {"gp": 10}
    cost_trials = {"gp": 20}

    def told(self, native):
        return sum(trial.state.is_finished() for trial in native.trials)


class TestHyperopt(BackendSuite):
    backend = "hyperopt"
    methods = ("random", "tpe", "anneal", "grid")
    startup = {"tpe": 20, "anneal": 1}
    draws = 1000
    cost_trials = 200

    def told(self, native):
        return sum(doc["state"] == 2 for doc in native.trials)


CHEAP = {"n_points": 200, "n_initial_points": 4}


class TestSkopt(BackendSuite):
    backend = "skopt"
    options = {name: CHEAP for name in ("gp", "gp_fast", "forest", "rf", "gbrt")}
    startup = 4
    beyond = 3
    lesson = 12
    cost_trials = 20

    def told(self, native):
        return len(native.x_iters)


@pytest.fixture(scope="module")
def one_ray():
    from clusters import local_ray  # imports Ray, which is left out with its tests

    with local_ray():
        yield


@pytest.mark.ray
@pytest.mark.usefixtures("one_ray")
class TestRay(ServiceSuite):
    backend = "ray"
    startup = 10
    beyond = 3
    settings = {"workers": 2}
