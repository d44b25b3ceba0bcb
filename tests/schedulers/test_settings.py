"""How the schedulers' options are checked."""

from __future__ import annotations

import math

import pytest

from unitune.backend import Scheduling
from unitune.errors import OptionError
from unitune.schedulers.asha import Asha
from unitune.schedulers.hyperband import Hyperband
from unitune.schedulers.median import Median
from unitune.schedulers.patience import Patience
from unitune.schedulers.settings import bounds, graded, needed_bounds, one_of, real, whole
from unitune.schedulers.successive_halving import SuccessiveHalving

ALL = {
    "median": Median,
    "asha": Asha,
    "successive_halving": SuccessiveHalving,
    "hyperband": Hyperband,
    "patience": Patience,
}
CLIMBING = ("asha", "successive_halving", "hyperband")


def start(name, resource=(1, 9), **options):
    return ALL[name].open(Scheduling(name, resource=resource, options=options))


@pytest.mark.parametrize("name", CLIMBING)
def test_a_missing_resource_is_refused_with_an_example(name):
    with pytest.raises(OptionError, match=rf"'{name}' needs to know.*resource=\(1, 27\)"):
        start(name, None)


@pytest.mark.parametrize("name", ["median", "patience"])
def test_the_others_go_without_a_resource(name):
    assert start(name, None).begin(0) is None
    assert start(name, (1, 9)).begin(0) == 9


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize(
    ("resource", "fault"),
    [
        ((9, 1), "is reversed"),
        ((0, 9), "begins below 1"),
        ((1.0, 9), "is no pair of whole numbers"),
        ((1, 3, 9), "is no pair of whole numbers"),
        (27, "is no pair of whole numbers"),
    ],
)
def test_a_resource_that_makes_no_sense_is_refused(name, resource, fault):
    with pytest.raises(OptionError, match=f"{fault}; scheduler '{name}'"):
        start(name, resource)


@pytest.mark.parametrize("name", CLIMBING)
@pytest.mark.parametrize("eta", [1, 0, -3, 2.5, "3", True, math.nan])
def test_an_eta_that_is_no_whole_number_from_2_is_refused(name, eta):
    with pytest.raises(OptionError, match=r"eta=.*whole number of at least 2"):
        start(name, eta=eta)


@pytest.mark.parametrize("name", ALL)
def test_an_unknown_option_is_refused_with_the_nearest(name):
    known = "eta" if name in CLIMBING else "grace"
    with pytest.raises(OptionError, match=f"no option '{known}a'.*'{known}'"):
        start(name, **{f"{known}a": 3})


@pytest.mark.parametrize("name", ALL)
def test_the_resource_is_no_option(name):
    with pytest.raises(OptionError, match="'resource' is set by unitune itself"):
        ALL[name].open(Scheduling(name, resource=(1, 9), options={"resource": (1, 9)}))


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("median", {"rule": "mean"}, "'averages' or 'values'"),
        ("median", {"grace": -1}, "at least 0"),
        ("median", {"startup": 1.5}, "at least 0"),
        ("median", {"interval": 0}, "at least 1"),
        ("asha", {"variant": "pausing"}, "'stopping' or 'promotion'"),
        ("asha", {"cutoff": "median"}, "'rank' or 'percentile'"),
        ("asha", {"variant": "promotion", "cutoff": "percentile"}, "leave it out"),
        ("asha", {"rate": 3}, "the greatest is 2"),
        ("asha", {"brackets": 4}, "up to 3 do not fit"),
        ("asha", {"brackets": 0}, "at least 1"),
        ("successive_halving", {"trials": 0}, "at least 1"),
        ("patience", {"patience": 0}, "at least 1"),
        ("patience", {"min_delta": -0.1}, "at least 0"),
        ("patience", {"min_delta": math.inf}, "at least 0"),
        ("patience", {"min_delta": "0"}, "at least 0"),
        ("patience", {"grace": None, "min_delta": True}, "at least 0"),
    ],
)
def test_what_a_scheduler_cannot_do_is_refused_with_what_it_can(name, options, said):
    with pytest.raises(OptionError, match=said):
        start(name, **options)


def test_what_makes_sense_comes_back_as_it_is():
    assert bounds(Scheduling("median"), needed=False) is None
    assert needed_bounds(Scheduling("asha", resource=(2, 2))) == (2, 2)
    assert whole("eta", 2, least=2) == 2
    assert real("min_delta", 0, least=0.0) == 0.0
    assert one_of("rule", "values", ("averages", "values")) == "values"


def test_a_loss_that_is_no_number_is_the_worst():
    assert graded(math.nan) == math.inf
    assert graded(-math.inf) == -math.inf
