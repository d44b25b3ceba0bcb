from __future__ import annotations

import dataclasses
import os
import subprocess
import sys

import pytest
from strangers import smallest
from toys import BOWL, HILL, broken

from unitune.bench.budget import Budget
from unitune.bench.cells import Cell, Design
from unitune.bench.contenders import as_contender
from unitune.bench.running import make, make_or_fail
from unitune.errors import BackendError, ObjectiveError

DESIGN = Design(Budget(n_trials=8))
PREPARED = """
import sys
from toys import BOWL
from unitune.bench.budget import Budget
from unitune.bench.cells import Cell, Design
from unitune.bench.contenders import as_contender
from unitune.bench.running import make, prepare
cell = Cell(BOWL, as_contender(sys.argv[1]), seed=0, design=Design(Budget(n_trials=24)))
prepare(cell)
before = set(sys.modules)
make(cell)
print(sorted(set(sys.modules) - before))
"""


def cell(contender="builtin:random", task=BOWL):
    return Cell(task, as_contender(contender), seed=0, design=DESIGN)


def test_a_cell_leaves_a_result_the_ends_of_its_trials_and_what_its_library_was_given():
    ran = make(cell("optuna:tpe(n_startup_trials=3)"))
    assert (len(ran.result.trials), ran.error) == (8, None)
    assert sorted(ran.ends) == list(range(8))
    assert list(ran.ends.values()) == sorted(ran.ends.values())
    used = ran.effective["TPESampler"]
    assert (used["n_startup_trials"], used["n_ei_candidates"]) == (3, 24)
    assert "seed" not in used


def test_paired_runs_begin_with_the_same_configs_and_have_the_same_trial_seeds():
    one, other = make(cell()).result, make(cell("optuna:tpe")).result
    assert [t.config for t in one.trials[:2]] == [t.config for t in other.trials[:2]]
    assert [t.initial for t in one.trials] == [True, True, *[False] * 6]
    assert one.trials[2].config != other.trials[2].config
    assert [t.seed for t in one.trials] == [t.seed for t in other.trials]


@pytest.mark.parametrize("contender", ["optuna:tpe", "hyperopt:tpe", "skopt:forest"])
def test_a_run_imports_nothing_once_its_cell_is_prepared(contender):
    done = subprocess.run(
        [sys.executable, "-c", PREPARED, contender],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "[]\n", done.stderr


def test_a_named_objective_is_loaded():
    assert make(cell(task=HILL)).result.mode == "max"


def test_a_broken_objective_raises_or_is_an_outcome():
    wrong = dataclasses.replace(BOWL, objective=broken)
    with pytest.raises(ObjectiveError):
        make(cell(task=wrong))
    ran = make_or_fail(cell(task=wrong))
    assert "nothing works here" in ran.error
    assert len(ran.result.trials) == 3


def test_an_objective_that_cannot_be_imported_is_an_outcome():
    ran = make_or_fail(cell(task=dataclasses.replace(BOWL, objective="nowhere:objective")))
    assert "nowhere" in ran.error
    assert ran.result is None


def test_a_library_that_fails_keeps_what_it_did(install):
    code = smallest("frail", "frail_bench").replace(
        "self.told.append((token, outcome))",
        "self.told.append((token, outcome)); 1 / (len(self.told) < 3)",
    )
    install("frail-bench", code=code, entry="frail")
    ran = make(cell("frail:random"))
    assert len(ran.result.trials) == 3  # the one it could not learn is kept too
    assert "ZeroDivisionError" in ran.error


def test_a_library_that_leaves_nothing_raises(monkeypatch):
    def fail(*_, **__):
        raise BackendError("nothing at all")

    monkeypatch.setattr("unitune.bench.running.run", fail)
    with pytest.raises(BackendError):
        make(cell())
    assert make_or_fail(cell()).error == "BackendError: nothing at all"


@pytest.mark.parametrize(
    ("contender", "option", "counted"),
    [
        ("optuna:tpe", "n_startup_trials", True),
        ("hyperopt:tpe", "n_startup_jobs", True),
        ("skopt:forest", "n_initial_points", False),
    ],
)
def test_libraries_count_the_shared_configs_as_start_up_as_is_written(contender, option, counted):
    """With so many start-up trials, which own proposals are those of a random start?"""

    def proposed(startup):
        design = Design(Budget(n_trials=8))  # of which two are shared
        one = Cell(BOWL, as_contender(f"{contender}({option}={startup})"), seed=0, design=design)
        return [trial.config for trial in make(one).result.trials][2:]

    random = proposed(100)
    same = [mine == theirs for mine, theirs in zip(proposed(4), random, strict=True)]
    own = 2 if counted else 4
    assert all(same[:own])
    assert not any(same[own:])
