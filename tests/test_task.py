from __future__ import annotations

import dataclasses

import pytest

from unitune import Float, Space
from unitune.errors import OptionError, UnituneError
from unitune.task import Task

SPACE = Space({"x": Float(0.0, 1.0)})


def square(config):
    return config["x"] ** 2


def test_an_objective_that_is_given_is_the_objective():
    assert Task("square", SPACE, objective=square).load() is square


def test_an_objective_that_is_named_is_loaded():
    assert Task("root", SPACE, objective="math:sqrt").load()(4.0) == 2.0


@pytest.mark.parametrize(
    "name", ["no_such_module:objective", "math:no_such_function", "math", ":sqrt", "math:"]
)
def test_an_objective_that_is_not_there_is_refused(name):
    task = Task("broken", SPACE, objective=name)
    with pytest.raises(OptionError, match="Task 'broken' names its objective") as caught:
        task.load()
    assert isinstance(caught.value, UnituneError)
    assert repr(name) in str(caught.value)


def test_nothing_is_loaded_before_it_is_asked_for():
    assert Task("broken", SPACE, objective="no_such_module:objective").name == "broken"


def test_a_task_is_a_value():
    task = Task("square", SPACE, objective=square, optimum=0.0)
    with pytest.raises(dataclasses.FrozenInstanceError):
        task.optimum = 1.0
    assert dataclasses.replace(task, optimum=1.0).optimum == 1.0
    with pytest.raises(TypeError):
        Task("square", SPACE, square)


def test_by_itself_nothing_is_claimed_of_a_task():
    task = Task("square", SPACE, objective=square)
    assert (task.mode, task.optimum, task.proven, task.resource) == ("min", None, False, None)
    assert (task.suites, task.needs, task.extra, task.version) == ((), (), None, 1)
