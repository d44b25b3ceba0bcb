"""The kit for backends that own their loop passes what is right, and finds what is not."""

from __future__ import annotations

from pathlib import Path

import pytest
from wrong_services import FAULTS


@pytest.fixture(scope="module")
def checked(run_pytest):
    """How every check ended on every service that is made up."""
    return run_pytest(Path(__file__).parent / "service_suites.py")


def test_a_service_that_is_right_passes(checked):
    assert checked.failed("TestRight") == set()


@pytest.mark.parametrize("service", FAULTS)
def test_a_fault_is_found_and_only_by_the_check_that_is_meant(checked, service):
    check, *_ = FAULTS[service]
    assert checked.failed(f"Test{service}") == {check}
