from __future__ import annotations

import importlib.util
import sys
import threading
import time
from pathlib import Path

import pytest

PLACE = Path(__file__).parents[2] / "benchmarks"


def script(name):
    """Return a module of the benchmarks folder, which is no package."""
    spec = importlib.util.spec_from_file_location(name, PLACE / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


take_turns = script("turns").take_turns


def searching(calls, work=lambda: None):
    def search(trials, seed, loss):
        for number in range(calls):
            work()
            loss(number=number, seed=seed, trials=trials)

    return search


def burn(seconds):
    def work():
        end = time.thread_time() + seconds
        while time.thread_time() < end:
            pass

    return work


def test_two_searches_take_turns_trial_by_trial():
    order = []

    def loss(*, number, seed, trials):
        order.append((threading.current_thread().name, number))
        assert (seed, trials) == (7, 3)
        return float(number)

    first, second = take_turns(searching(3), searching(3), trials=3, seed=7, loss=loss)
    assert [number for _, number in order] == [0, 0, 1, 1, 2, 2]
    assert len({thread for thread, _ in order[::2]}) == 1
    assert order[0][0] != order[1][0]
    assert first.losses == second.losses == [0.0, 1.0, 2.0]


@pytest.mark.parametrize(("one", "other"), [(5, 2), (2, 5), (0, 3), (3, 0)])
def test_the_longer_search_goes_on_alone(one, other):
    bills = take_turns(searching(one), searching(other), trials=5, seed=0, loss=lambda **_: 0.0)
    assert [len(bill.losses) for bill in bills] == [one, other]


def test_each_search_is_charged_for_its_own_work():
    slow, fast = take_turns(
        searching(4, burn(0.02)),
        searching(4, burn(0.005)),
        trials=4,
        seed=0,
        loss=lambda **_: 0.0,
    )
    assert 0.08 <= slow.cpu < 0.12
    assert 0.02 <= fast.cpu < 0.05
    assert slow.wall >= 0.08


def test_waiting_for_the_other_costs_no_cpu():
    idle, busy = take_turns(
        searching(2), searching(2, burn(0.05)), trials=2, seed=0, loss=lambda **_: 0.0
    )
    assert idle.cpu < 0.02
    assert busy.cpu >= 0.1


@pytest.mark.parametrize("place", [0, 1])
def test_an_error_of_one_search_comes_out(place):
    def broken(trials, seed, loss):
        loss()
        raise ValueError("no such sampler")

    searches = [searching(3), searching(3)]
    searches[place] = broken
    with pytest.raises(ValueError, match="no such sampler"):
        take_turns(*searches, trials=3, seed=0, loss=lambda **_: 0.0)
