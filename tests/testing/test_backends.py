"""The kit passes what is right, and finds each fault in the check that is meant for it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from wrong_backends import FAULTS

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def checked(run_pytest):
    """How every check ended on every backend."""
    return run_pytest(HERE / "wrong_suites.py")


@pytest.mark.parametrize("suite", ["TestRight", "TestMinimal"])
def test_a_backend_that_is_right_passes(checked, suite):
    assert checked.failed(suite) == set()


@pytest.mark.parametrize("backend", FAULTS)
def test_a_fault_is_found_and_only_by_the_check_that_is_meant(checked, backend):
    check, *_ = FAULTS[backend]
    assert checked.failed(f"Test{backend}") == {check}


def test_every_check_has_a_backend_that_fails_it(checked):
    assert checked.checks("TestRight") == {check for check, *_ in FAULTS.values()}


def test_the_smallest_adapter_has_at_most_forty_lines_of_code():
    source = (HERE / "minimal.py").read_text()
    texts = {
        line
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        for line in range(node.lineno, node.end_lineno + 1)
    }
    code = [
        line
        for number, line in enumerate(source.splitlines(), start=1)
        if line.strip() and not line.strip().startswith("#") and number not in texts
    ]
    assert len(code) <= 40
