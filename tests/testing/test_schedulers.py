"""Unitune's own schedulers pass the kit, and wrong ones do not."""

# ruff: noqa: RUF012 - settings of a suite, which nobody changes

from __future__ import annotations

from pathlib import Path

import pytest
from wrong_schedulers import FAULTS

from unitune.testing import KnownFailure, SchedulerSuite


class TestMedian(SchedulerSuite):
    scheduler = "median"


class TestAsha(SchedulerSuite):
    scheduler = "asha"


class TestAshaByPromotion(SchedulerSuite):
    scheduler = "asha"
    options = {"variant": "promotion"}
    seed = 1
    known = {
        "test_plan": KnownFailure(
            "never",
            reason="it decides without waiting: who went on stays when better ones come later",
        )
    }


class TestSuccessiveHalving(SchedulerSuite):
    scheduler = "successive_halving"


class TestHyperband(SchedulerSuite):
    scheduler = "hyperband"


class TestPatience(SchedulerSuite):
    scheduler = "patience"


@pytest.fixture(scope="module")
def checked(run_pytest):
    """How every check ended on every scheduler that is made up."""
    return run_pytest(Path(__file__).parent / "scheduler_suites.py")


def test_a_scheduler_that_is_right_passes(checked):
    assert checked.failed("TestRight") == set()


@pytest.mark.parametrize("scheduler", FAULTS)
def test_a_fault_is_found_and_only_by_the_check_that_is_meant(checked, scheduler):
    check, _ = FAULTS[scheduler]
    assert checked.failed(f"Test{scheduler}") == {check}


def test_every_check_has_a_scheduler_that_fails_it(checked):
    assert checked.checks("TestRight") == {check for check, _ in FAULTS.values()}
