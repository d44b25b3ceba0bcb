"""What a trial may allocate."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux keeps to such a limit")


def printed(code):
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True
    )
    return done.stdout.split()


def test_memory_is_limited_above_what_is_held_when_a_trial_begins():
    code = """
        from unitune.executors.memory import Allowance
        held = [bytearray(200_000_000)]
        allowance = Allowance(100_000_000)
        for _ in range(3):
            with allowance.granted():
                held.append(bytearray(40_000_000))
                try:
                    bytearray(80_000_000)
                except MemoryError:
                    print("enough", allowance.exhausted)
        bytearray(300_000_000)  # between trials there is no limit
    """
    assert printed(code) == ["enough", "False", "enough", "False", "enough", "True"]


def test_a_limit_that_was_there_before_is_kept():
    code = """
        import resource
        from unitune.executors.memory import Allowance
        limits = lambda: resource.getrlimit(resource.RLIMIT_DATA)
        resource.setrlimit(resource.RLIMIT_DATA, (2**31, 2**31))
        with Allowance(2**40).granted():
            print(limits() == (2**31, 2**31))
        with Allowance(2**26).granted():
            print(limits()[0] < 2**30)
        print(limits() == (2**31, 2**31))
    """
    assert printed(code) == ["True"] * 3


def test_an_objective_may_lower_the_limit_for_good():
    code = """
        import resource
        from unitune.executors.memory import Allowance
        with Allowance(2**26).granted():
            resource.setrlimit(resource.RLIMIT_DATA, (2**30, 2**30))
        print(resource.getrlimit(resource.RLIMIT_DATA) == (2**30, 2**30))
    """
    assert printed(code) == ["True"]
