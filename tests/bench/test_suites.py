from __future__ import annotations

import dataclasses

import pytest
from toys import BOWL

from unitune.bench import suites
from unitune.bench.contenders import as_contender, read_contenders
from unitune.bench.suites import (
    SUITES,
    check_tasks,
    known_tasks,
    lack,
    listed_tasks,
    suite_of,
    tasks_named,
    tasks_of,
)
from unitune.errors import MissingLibraryError, OptionError, UnknownNameError

PLUGIN = """
    import dataclasses
    from toys import BOWL, HILL
    from unitune.hookspecs import hookimpl

    @hookimpl
    def unitune_tasks():
        yield dataclasses.replace(BOWL, name="mine", suites=("special",))
        needs = ("no_such_module",)
        yield dataclasses.replace(HILL, name="needy", suites=("special",), needs=needs)
"""


NAMED = ("smoke", "quick", "standard", "full")


@pytest.mark.parametrize("suite", [SUITES[name] for name in NAMED], ids=lambda suite: suite.name)
def test_every_suite_has_all_backends_and_all_families_of_methods(suite):
    found = [contender.find() for contender in read_contenders(suite.contenders)]
    backends = {spec.name for spec, _, _ in found}
    assert {"builtin", "optuna", "hyperopt", "skopt", "ray"} <= backends
    methods = {(method.name, scheduler) for _, method, scheduler in found}
    assert {("random", None), ("grid", None), ("random", "hyperband")} <= methods
    flagships = {spec.name for spec, method, _ in found if method.name == spec.flagship}
    assert flagships == {"optuna", "hyperopt", "skopt", "ray"}


@pytest.mark.parametrize("suite", NAMED)
def test_every_suite_has_tasks_with_and_without_a_resource(suite):
    found = tasks_of(suite)
    assert any(task.resource for task in found)
    assert any(task.resource is None for task in found)


@pytest.mark.parametrize("suite", ["tabular", "bbob", "mixint"])
def test_suites_of_other_libraries_have_no_resource_and_no_contender_that_needs_one(suite):
    assert not any(task.resource for task in listed_tasks(suite))
    contenders = read_contenders(SUITES[suite].contenders)
    assert not any(contender.scheduled for contender in contenders)
    assert {c.backend for c in contenders} == {"builtin", "optuna", "hyperopt", "skopt", "ray"}


def test_suites_are_no_smaller_than_the_minimum():
    sizes = {name: (suite.budget.n_trials, suite.seeds) for name, suite in SUITES.items()}
    least = {"smoke": (20, 2), "standard": (50, 5), "tabular": (100, 10)}
    assert all(sizes[n][0] >= trials and sizes[n][1] >= s for n, (trials, s) in least.items())


def test_a_suite_of_which_nothing_can_be_run_says_what_to_install(install):
    code = PLUGIN.replace("yield dataclasses.replace(BOWL", "dataclasses.replace(BOWL")
    install("my-tasks", code=code, entry="mine")
    with pytest.raises(MissingLibraryError, match="needs no_such_module"):
        tasks_of("special")
    assert [task.name for task in listed_tasks("special")] == ["needy"]


def test_larger_suites_hold_the_smaller_ones_contenders():
    sizes = [len(SUITES[name].contenders) for name in ("smoke", "standard", "full")]
    assert sizes == sorted(sizes)
    assert all(len(set(suite.contenders)) == len(suite.contenders) for suite in SUITES.values())


def test_a_plugin_may_bring_tasks_and_a_suite_of_its_own(install):
    install("my-tasks", code=PLUGIN, entry="mine")
    assert "mine" in known_tasks()
    assert [task.name for task in tasks_of("special")] == ["mine"]
    assert suite_of("special").contenders == SUITES["quick"].contenders


def test_a_task_that_lacks_something_is_left_out_of_its_suite_and_refused_by_name(install):
    install("my-tasks", code=PLUGIN, entry="mine")
    with pytest.raises(MissingLibraryError, match=r"needs no_such_module.*unitune\[benchmarks\]"):
        tasks_named(["needy"])
    assert "unitune[special]" in lack(
        dataclasses.replace(BOWL, needs=("no_such_module",), extra="special")
    )


def test_unknown_names_are_refused_with_the_nearest():
    with pytest.raises(UnknownNameError, match="'branin'"):
        tasks_named(["brannin"])
    with pytest.raises(UnknownNameError, match="'smoke'"):
        tasks_of("smok")


def test_a_benchmark_without_tasks_or_with_two_of_one_name_is_refused():
    with pytest.raises(OptionError, match="at least one task"):
        check_tasks([])
    with pytest.raises(OptionError, match="Two tasks are named 'bowl'"):
        check_tasks([BOWL, BOWL])


def test_tasks_may_be_given_by_their_names():
    assert [task.name for task in check_tasks(["branin", BOWL])] == ["branin", "bowl"]
    assert [task.name for task in check_tasks("branin")] == ["branin"]
    with pytest.raises(UnknownNameError, match="'branin'"):
        check_tasks(["brannin"])
    for nonsense in (3, [3]):
        with pytest.raises(OptionError, match="give"):
            check_tasks(nonsense)


def test_contenders_of_suites_are_named_as_they_are_written():
    for suite in suites.SUITES.values():
        assert all(as_contender(text).name == text for text in suite.contenders)
