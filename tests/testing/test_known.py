"""Known failures: what is expected is borne, and nothing else is."""

from __future__ import annotations

import inspect
import re
import textwrap

import pytest

from unitune.errors import OptionError
from unitune.testing import BackendSuite, ExecutorSuite, KnownFailure, SchedulerSuite, ServiceSuite

HEAD = """
from unitune.testing import BackendSuite, KnownFailure

class Small(BackendSuite):
    startup, beyond, draws, cost_trials = 5, 5, 500, 100
"""


@pytest.fixture
def check(run_pytest):
    """Run suites that are written down, on the backends of this folder."""
    return lambda code, only: run_pytest(code=HEAD + textwrap.dedent(code), only=only)


def test_what_is_known_is_borne_for_one_method_or_for_all(check):
    checked = check(
        """
        class TestAll(Small):
            backend = "TellsTwice"
            known = {"test_native": KnownFailure("never", reason="it likes to")}

            def told(self, native):
                return len(native.trials)

        class TestOne(Small):
            backend = "IgnoresTheSeed"
            known = {"test_seed[random]": KnownFailure("notyet", reason="it has none")}
        """,
        only="test_native or test_seed",
    )
    assert checked.failed("TestAll") == checked.failed("TestOne") == set()
    assert "2 xfailed" in checked.words


def test_a_known_failure_that_passes_is_a_failure(check):
    checked = check(
        """
        class TestIt(Small):
            backend = "Right"
            known = {"test_seed[climb]": KnownFailure("notyet", reason="it was so once")}
        """,
        only="test_seed",
    )
    assert checked.failed("TestIt") == {"test_seed"}
    assert "notyet: it was so once" in checked.words


def test_a_known_failure_with_another_error_is_a_failure(check):
    checked = check(
        """
        class TestIt(Small):
            backend = "SquaresValues"
            known = {"test_extremes": KnownFailure("notyet", KeyError, reason="it overflows")}
        """,
        only="test_extremes",
    )
    assert checked.failed("TestIt") == {"test_extremes"}


def test_a_known_failure_that_is_skipped_is_a_failure(check):
    checked = check(
        """
        class TestIt(Small):
            backend = "TellsTwice"
            known = {"test_schedulers": KnownFailure("never", reason="it has none")}
        """,
        only="test_schedulers",
    )
    assert checked.failed("TestIt") == {"test_schedulers"}
    assert "is skipped: it declares no schedulers. Take it off the list." in checked.words


def test_a_known_failure_hides_no_other_fault(check):
    checked = check(
        """
        class TestIt(Small):
            backend = "ForgetsRefusalsAndFailures"
            known = {"test_infeasible": KnownFailure("notyet", reason="it takes no refusals")}

            def told(self, native):
                return len(native.trials)
        """,
        only="test_infeasible or test_native",
    )
    assert checked.failed("TestIt") == {"test_native"}


def test_other_checks_are_left_to_one_that_fails(check):
    checked = check(
        """
        class TestIt(Small):
            backend = "ForgetsRefusalsAndFailures"

            def told(self, native):
                return len(native.trials)
        """,
        only="test_infeasible or test_native",
    )
    assert checked.failed("TestIt") == {"test_infeasible"}


def test_without_its_library_a_suite_fails_with_the_way_to_install_it(check):
    checked = check('class TestIt(Small): backend = "Lacking"', only="test_seed or test_listing")
    assert checked.failed("TestIt") == {"test_seed", "test_listing"}
    assert "needs no-such-library, which is not installed" in checked.words


def test_a_method_whose_library_is_missing_is_skipped(check):
    checked = check('class TestIt(Small): backend = "Extra"', only="test_seed")
    assert checked.failed("TestIt") == set()
    assert "1 passed, 1 skipped" in checked.words


@pytest.mark.parametrize(
    ("known", "sentence"),
    [
        ('{"test_sed": GAP}', "names the check 'test_sed', which the suite has not. Did you mean"),
        ('{"test_seed[clim]": GAP}', "'clim' is not run. Did you mean 'climb'"),
        ('{"test_seed": "later"}', "give a KnownFailure"),
    ],
)
def test_a_known_failure_that_names_nothing_is_an_error(check, known, sentence):
    checked = check(
        f"""
        GAP = KnownFailure("notyet", reason="some")

        class TestIt(Small):
            backend = "Right"
            known = {known}
        """,
        only="test_seed",
    )
    assert sentence in " ".join(checked.words.split())
    assert "1 error" in checked.words


@pytest.mark.parametrize(
    ("suite", "sentence"),
    [
        ("class TestIt(Small): backend = 'Rihgt'", "There is no backend 'Rihgt'. Did you mean"),
        ("class TestIt(Small): pass", "TestIt names no backend"),
        ("class TestIt(Small): backend = 'RightService'", "takes ServiceSuite, not BackendSuite"),
    ],
)
def test_a_suite_that_cannot_run_says_so_in_a_sentence(check, suite, sentence):
    checked = check(suite, only="test_seed")
    assert sentence in " ".join(checked.words.split())
    assert "1 error" in checked.words


@pytest.mark.parametrize("suite", [BackendSuite, ServiceSuite, ExecutorSuite, SchedulerSuite])
def test_a_check_cannot_be_overridden(suite):
    check = suite.checks()[0]
    with pytest.raises(OptionError, match=f"overrides the check '{check}'"):
        type("TestIt", (suite,), {check: None})


@pytest.mark.parametrize("suite", [BackendSuite, ServiceSuite, ExecutorSuite, SchedulerSuite])
def test_a_check_cannot_be_overridden_by_a_class_beside_it(suite):
    check = suite.checks()[0]
    beside = type("Beside", (), {check: lambda self: None})
    with pytest.raises(OptionError, match=f"Beside overrides the check '{check}'"):
        type("TestIt", (beside, suite), {})


def test_a_check_cannot_be_overridden_later(check):
    checked = check(
        """
        class TestIt(Small):
            backend = "Right"

        TestIt.test_seed = lambda self: None
        """,
        only="test_seed",
    )
    assert "TestIt overrides the check 'test_seed'" in " ".join(checked.words.split())


def test_a_suite_may_have_checks_of_its_own():
    own = type("TestIt", (BackendSuite,), {"test_of_mine": lambda self: None})
    assert "test_of_mine" in own.checks()


@pytest.mark.parametrize(
    ("given", "sentence"),
    [({"kind": "later", "reason": "x"}, "'later'"), ({"kind": "never", "reason": " "}, "a reason")],
)
def test_a_known_failure_has_a_kind_and_a_reason(given, sentence):
    with pytest.raises(OptionError, match=sentence):
        KnownFailure(**given)


def test_the_seed_of_a_run_is_printed_with_a_failure(check):
    checked = check(
        """
        class TestDrawn(Small):
            backend = "Chatters"

        class TestGiven(Small):
            backend, seed = "Chatters", 1234567
        """,
        only="test_quiet",
    )
    assert checked.words.count("# set this on the suite") == 2
    assert "seed = 1234567  # set this" in checked.words


@pytest.mark.parametrize("suite", [BackendSuite, ServiceSuite, ExecutorSuite, SchedulerSuite])
def test_a_suite_lists_its_attributes(suite):
    listed = inspect.getdoc(suite).partition("Attributes:")[2].partition("Example:")[0]
    own = {name for base in suite.__mro__ for name in inspect.get_annotations(base)}
    names = {name for name in own if not name.startswith("_")}
    assert set(re.findall(r"^ {4}(\w+):", listed, re.MULTILINE)) == names
