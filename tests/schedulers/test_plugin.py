"""How unitune's own schedulers are listed."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

from unitune.backend import Scheduling
from unitune.errors import OptionError
from unitune.schedulers import Scheduler, Verdict
from unitune.schedulers.plugin import unitune_schedulers

SPECS = {spec.name: spec for spec in unitune_schedulers()}


def load(spec):
    module, _, name = spec.target.partition(":")
    return getattr(importlib.import_module(module), name)


def test_each_has_a_name_of_its_own():
    assert list(SPECS) == ["median", "asha", "successive_halving", "hyperband", "patience"]
    assert len(unitune_schedulers()) == len(SPECS)


@pytest.mark.parametrize("name", SPECS)
def test_what_is_listed_is_true(name):
    spec, scheduler = SPECS[name], load(SPECS[name])
    assert issubclass(scheduler, Scheduler)
    assert spec.about
    assert scheduler.open(Scheduling(name, resource=(1, 9))).begin(0) in (1, 9)
    if spec.resource:
        with pytest.raises(OptionError, match="needs to know"):
            scheduler.open(Scheduling(name))
    else:
        assert scheduler.open(Scheduling(name)).begin(0) is None


@pytest.mark.parametrize("name", SPECS)
def test_whether_it_pauses_is_listed(name):
    pausing = {"variant": "promotion"} if name == "asha" else {}
    scheduling = Scheduling(name, resource=(1, 9), options=pausing)
    scheduler = load(SPECS[name]).open(scheduling)
    for number in range(9):
        scheduler.begin(number)
    verdicts = {scheduler.report(number, 1, number) for number in range(9)}
    assert (Verdict.PAUSE in verdicts) is SPECS[name].pauses


def test_the_contract_is_imported_without_the_rules_and_without_numpy():
    code = (
        "import sys, unitune.schedulers as s; "
        "sys.exit('numpy' in sys.modules or 'unitune.schedulers.asha' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
