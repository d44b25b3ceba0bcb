"""How rungs are filled and decided, whatever the order of events."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st
from simulator import SETTINGS, wild

from unitune.schedulers import Place, Release, Verdict
from unitune.schedulers.hyperband import Hyperband
from unitune.schedulers.successive_halving import SuccessiveHalving


def bracket(trials=3, resource=(1, 9), eta=3):
    return SuccessiveHalving(resource=resource, eta=eta, trials=trials)


def enter(scheduler, losses, step=1):
    """Begin a trial for each loss and report it; return the verdicts."""
    for number in range(len(losses)):
        scheduler.begin(number)
    return [scheduler.report(number, step, loss) for number, loss in enumerate(losses)]


def test_a_rung_waits_for_its_last_trial_and_then_the_best_goes_on():
    scheduler = bracket()
    assert [scheduler.begin(number) for number in range(3)] == [1, 1, 1]
    assert scheduler.report(0, 1, 0.2) is Verdict.PAUSE
    assert scheduler.report(2, 1, 0.3) is Verdict.PAUSE
    assert scheduler.released() == []
    assert scheduler.report(1, 1, 0.1) is Verdict.PAUSE
    assert scheduler.released() == [Release(0, None), Release(2, None), Release(1, 3)]
    assert scheduler.released() == []


def test_the_place_of_a_trial_is_the_rung_it_makes_for():
    scheduler = bracket()
    enter(scheduler, [0.1, 0.2, 0.3])
    assert scheduler.place(0) == Place(2, 1, resource=3)
    assert scheduler.place(1) == Place(2, 0, resource=1)


def test_below_its_rung_a_trial_runs_on_and_at_the_most_it_is_finished():
    scheduler = bracket(trials=1)
    scheduler.begin(0)
    verdicts = []
    for step in range(1, 10):
        verdicts.append(scheduler.report(0, step, 1.0).value)
        scheduler.released()
    goes, waits, ends = "continue", "pause", "finish"
    assert verdicts == [waits, goes, waits, goes, goes, goes, goes, goes, ends]


def test_the_next_bracket_fills_while_a_rung_waits():
    scheduler = bracket()
    for number in range(4):
        scheduler.begin(number)
    for number in (0, 1, 3):
        assert scheduler.report(number, 1, 1.0) is Verdict.PAUSE
    assert scheduler.released() == []
    scheduler.report(2, 1, 0.5)
    assert {release.number for release in scheduler.released()} == {0, 1, 2}


def test_equal_losses_are_ranked_by_number():
    scheduler = bracket(trials=6)
    enter(scheduler, [0.5, 0.5, 0.5, 0.5, 0.5, 0.5])
    assert [r.number for r in scheduler.released() if r.resource] == [0, 1]


def test_a_failed_trial_counts_as_the_worst_and_is_not_replaced():
    scheduler = bracket()
    for number in range(3):
        scheduler.begin(number)
    scheduler.end(0, None)
    scheduler.report(1, 1, 0.9)
    scheduler.report(2, 1, float("inf"))
    assert scheduler.released() == [Release(2, None), Release(1, 3)]
    scheduler.end(1, None)  # nobody is left in the bracket
    scheduler.full()
    assert scheduler.released() == []


def test_where_too_few_are_alive_fewer_go_on():
    scheduler = bracket(trials=6)
    for number in range(6):
        scheduler.begin(number)
    scheduler.report(5, 1, 0.9)
    for number in range(5):
        scheduler.end(number, None)
    assert scheduler.released() == [Release(5, 3)]


def test_a_trial_that_ended_by_itself_keeps_its_place_among_the_best():
    scheduler = bracket(trials=6)
    for number in range(6):
        scheduler.begin(number)
    scheduler.end(0, 0.1)
    for number in range(1, 6):
        scheduler.report(number, 1, number / 10 + 0.1)
    assert [r for r in scheduler.released() if r.resource] == [Release(1, 3)]
    # it is one of the two in the next rung as well, and the better one
    scheduler.report(1, 3, 0.2)
    assert scheduler.released() == [Release(1, None)]


def test_a_trial_that_ends_while_it_pauses_is_counted_by_how_it_ended():
    scheduler = bracket()
    for number in range(3):
        scheduler.begin(number)
    scheduler.report(0, 1, 0.1)
    scheduler.end(0, None)  # its worker died
    scheduler.report(1, 1, 0.2)
    scheduler.report(2, 1, 0.3)
    assert scheduler.released() == [Release(2, None), Release(1, 3)]


def test_a_trial_that_ends_before_its_release_was_fetched_is_not_released():
    scheduler = bracket()
    enter(scheduler, [0.1, 0.2, 0.3])
    scheduler.end(1, None)
    assert scheduler.released() == [Release(2, None), Release(0, 3)]


def test_reports_beyond_the_rung_count_for_it_and_for_the_rungs_they_leap_over():
    scheduler = bracket()
    assert enter(scheduler, [0.1, 0.2, 0.3], step=5) == [Verdict.PAUSE] * 3
    # number 0 is beyond the second rung too, where it is alone
    assert scheduler.released() == [Release(1, None), Release(2, None), Release(0, 9)]


def test_a_trial_that_leaps_to_the_most_is_finished_and_its_rung_is_decided_all_the_same():
    scheduler = bracket()
    for number in range(3):
        scheduler.begin(number)
    assert scheduler.report(0, 9, 0.5) is Verdict.FINISH
    scheduler.report(1, 1, 0.4)
    scheduler.report(2, 1, 0.6)
    assert scheduler.released() == [Release(2, None), Release(1, 3)]


def test_an_unfilled_bracket_is_decided_with_what_it_has():
    scheduler = bracket(trials=9)
    enter(scheduler, [0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1])
    assert scheduler.released() == []
    scheduler.full()
    assert [r for r in scheduler.released() if r.resource] == [Release(6, 3), Release(5, 3)]


def test_of_an_unfilled_bracket_one_goes_on_at_least():
    scheduler = bracket(trials=9)
    enter(scheduler, [0.7, 0.6])
    scheduler.full()
    assert scheduler.released() == [Release(0, None), Release(1, 3)]


def test_when_all_is_decided_already_the_end_of_new_trials_changes_nothing():
    scheduler = bracket()
    scheduler.full()
    assert scheduler.released() == []
    enter(scheduler, [0.1, 0.2, 0.3])
    scheduler.released()
    scheduler.full()
    assert scheduler.released() == []


@given(SETTINGS, st.sampled_from([(1, 27), (2, 20), (5, 5), (1, 30)]), st.sampled_from([2, 3, 4]))
def test_in_any_order_of_events_every_trial_ends_and_no_rung_holds_more_than_planned(
    settings, resource, eta
):
    scheduler = Hyperband(resource=resource, eta=eta)
    log = wild(scheduler, **settings)
    assert not log.waiting
    assert sorted(log.ended) == list(range(settings["n_trials"]))
    assert max(log.steps.values()) < resource[1] + settings["stride"]
    rounds = -(-settings["n_trials"] // sum(r.trials for r in scheduler.plan() if r.rung == 0))
    for rung in scheduler.plan():
        reached = log.places.get((rung.bracket, rung.rung, rung.resource), ())
        assert len(reached) <= rung.trials * rounds
    again = wild(Hyperband(resource=resource, eta=eta), **settings)
    assert again.calls == log.calls
    if not settings["failing"] and not settings["ending"]:
        assert log.outcomes()["finish"]
        assert set(log.outcomes()) <= {"finish", "stop"}


@given(SETTINGS)
def test_who_goes_on_is_the_best_of_its_rung(settings):
    settings = {**settings, "failing": 0.0, "ending": False, "stride": 1, "n_trials": 27}
    scheduler = SuccessiveHalving(resource=(1, 27))
    log = wild(scheduler, **settings)
    assert Counter(log.steps.values()) == {1: 18, 3: 6, 9: 2, 27: 1}
    rungs = [log.places[(3, rung, 3**rung)] for rung in range(4)]
    for lower, upper, resource in zip(rungs, rungs[1:], (1, 3, 9), strict=False):
        worst = max((log.curve(number, resource), number) for number in upper)
        assert all((log.curve(number, resource), number) > worst for number in lower - upper)
