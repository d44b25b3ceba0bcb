"""Unitune's own executors pass the kit, and wrong ones do not."""

from __future__ import annotations

from pathlib import Path

import pytest
from wrong_executors import FAULTS

from unitune.testing import ExecutorSuite


class TestSerial(ExecutorSuite):
    executor = "serial"


class TestProcess(ExecutorSuite):
    executor = "process"


@pytest.fixture(scope="module")
def one_ray():
    from clusters import local_ray  # imports Ray, which is left out with its tests

    with local_ray():
        yield


@pytest.mark.ray
@pytest.mark.usefixtures("one_ray")
class TestRay(ExecutorSuite):
    executor = "ray"


@pytest.fixture(scope="module")
def checked(run_pytest):
    """How every check ended on every executor that is made up."""
    return run_pytest(Path(__file__).parent / "executor_suites.py")


@pytest.mark.parametrize("executor", FAULTS)
def test_a_fault_is_found_and_only_by_the_check_that_is_meant(checked, executor):
    check, _ = FAULTS[executor]
    assert checked.failed(f"Test{executor}") == {check}


def test_every_check_has_an_executor_that_fails_it(checked):
    assert checked.checks("TestMixesUpValues") == {check for check, _ in FAULTS.values()}
