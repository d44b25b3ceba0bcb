"""Asynchronous successive halving against a hand calculation, Optuna and Ray Tune."""

from __future__ import annotations

import random
from collections import Counter
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from learning_curves import CURVES, in_turn, interleaved
from simulator import SETTINGS, Simulator, wild

from unitune.backend import Scheduling
from unitune.schedulers import Place, Release, Verdict
from unitune.schedulers.asha import Asha


def asha(resource=(1, 9), **options):
    return Asha.open(Scheduling("asha", resource=resource, options=options))


def enter(scheduler, losses, step=1, first=0):
    numbers = range(first, first + len(losses))
    for number in numbers:
        scheduler.begin(number)
    return [scheduler.report(n, step, loss) for n, loss in zip(numbers, losses, strict=True)]


def losses(seed, n_trials, length, *, ties=False):
    rng = random.Random(seed)
    draw = (lambda: float(rng.randint(0, 3))) if ties else rng.random
    return [[draw() for _ in range(length)] for _ in range(n_trials)]


# The variant that stops

# The rungs are at 1 and 3. At 1, number 5 with 0.961 is among the best floor(6 / 3) = 2 of six; at
# 3 it is not the best one of three. Number 6 with 1.017 is third of seven at 1, where two go on.
BY_RANK = [
    (9, "finish"),
    (1, "stop"),
    (1, "stop"),
    (1, "stop"),
    (9, "finish"),
    (3, "stop"),
    (1, "stop"),
    (1, "stop"),
    (1, "stop"),
]
# The best third of the six before number 6 at rung 1 ends at 0.961 + 2/3 (1.156 - 0.961) = 1.091,
# of the three before it at rung 3 at 0.424 + 2/3 (0.886 - 0.424) = 0.732. Of the seven before
# number 7 it ends at the third, 1.017.
BY_PERCENTILE = [*BY_RANK[:6], (9, "finish"), *BY_RANK[7:]]


def test_recorded_curves_are_decided_as_calculated_by_hand():
    assert in_turn(asha()) == BY_RANK
    assert in_turn(asha(cutoff="percentile")) == BY_PERCENTILE


def test_equal_losses_fare_alike():
    assert enter(asha(), [0.5] * 9) == [Verdict.CONTINUE] * 9


def test_a_trial_may_run_to_the_most_unless_it_is_stopped():
    scheduler = asha()
    assert scheduler.begin(0) == 9
    assert [scheduler.place(0), scheduler.report(0, 1, 0.5)] == [
        Place(0, 0, resource=1),
        Verdict.CONTINUE,
    ]
    assert [scheduler.place(0), scheduler.report(0, 3, 0.5)] == [
        Place(0, 1, resource=3),
        Verdict.CONTINUE,
    ]
    assert [scheduler.place(0), scheduler.report(0, 9, 0.5)] == [
        Place(0, 2, resource=9),
        Verdict.FINISH,
    ]


def test_the_plan_divides_the_planned_trials_by_eta_at_each_rung():
    def plan(resource, n_trials, **options):
        scheduling = Scheduling("asha", resource=resource, n_trials=n_trials, options=options)
        rungs = Asha.open(scheduling).plan()
        return [(rung.bracket, rung.rung, rung.trials, rung.resource) for rung in rungs]

    assert plan((1, 9), 10) == [(0, 0, 10, 1), (0, 1, 3, 3), (0, 2, 1, 9)]
    # 10 and no power of 3: the end comes after the last rung
    assert plan((1, 10), 10) == [(0, 0, 10, 1), (0, 1, 3, 3), (0, 2, 1, 9), (0, 3, 0, 10)]
    assert plan((1, 9), 11, brackets=3)[3:] == [(1, 0, 4, 3), (1, 1, 1, 9), (2, 0, 3, 9)]
    assert Asha(resource=(1, 9)).plan() == []


def test_a_report_beyond_several_rungs_counts_in_each():
    scheduler = asha()
    enter(scheduler, [0.2], step=5)
    assert enter(scheduler, [0.3], step=1, first=1) == [Verdict.STOP]
    assert enter(scheduler, [0.1], step=3, first=2) == [Verdict.CONTINUE]
    assert enter(scheduler, [0.15], step=5, first=3) == [Verdict.STOP]


def test_a_trial_that_has_got_to_the_most_is_finished_however_bad_it_is():
    scheduler = asha()
    enter(scheduler, [0.2], step=5)
    assert enter(scheduler, [0.9], step=9, first=1) == [Verdict.FINISH]


def test_a_trial_that_ended_by_itself_counts_where_it_got_to():
    scheduler = asha()
    enter(scheduler, [0.2, 0.1])
    scheduler.end(0, 0.2)
    scheduler.end(1, None)
    assert enter(scheduler, [0.15], first=2) == [Verdict.STOP]


def test_no_number_is_the_worst_loss():
    assert enter(asha(), [0.5, float("nan"), 0.4]) == [
        Verdict.CONTINUE,
        Verdict.STOP,
        Verdict.CONTINUE,
    ]


def test_brackets_take_trials_in_turn_and_begin_to_stop_later_and_later():
    scheduler = asha(brackets=3)
    assert enter(scheduler, [0.1, 0.1, 0.1, 0.2, 0.2, 0.2]) == [Verdict.CONTINUE] * 3 + [
        Verdict.STOP,
        Verdict.CONTINUE,
        Verdict.CONTINUE,
    ]
    assert [scheduler.place(number).bracket for number in range(6)] == [0, 1, 2, 0, 1, 2]
    assert scheduler.report(1, 3, 0.1) is Verdict.CONTINUE
    assert scheduler.report(4, 3, 0.2) is Verdict.STOP
    assert scheduler.report(2, 8, 0.1) is scheduler.report(5, 8, 0.2) is Verdict.CONTINUE
    assert scheduler.place(5) == Place(2, 0, resource=9)


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("stride", [1, 4])
@pytest.mark.parametrize(("eta", "rate", "least"), [(3, 0, 1), (2, 0, 1), (4, 0, 2), (3, 1, 1)])
def test_it_decides_like_optunas_successive_halving(ties, stride, eta, rate, least):
    optuna = pytest.importorskip("optuna")
    pruner = optuna.pruners.SuccessiveHalvingPruner(
        min_resource=least, reduction_factor=eta, min_early_stopping_rate=rate
    )
    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(pruner=pruner)
    optuna.logging.set_verbosity(level)
    trials = [study.ask() for _ in range(80)]
    scheduler = asha((least, 200), eta=eta, rate=rate)
    for number in range(80):
        scheduler.begin(number)
    curves = losses(1, 80, 100, ties=ties)
    steps = interleaved(random.Random(2), 80, 100, stride=stride)
    stops, stop = 0, None
    while (at := _next(steps, stop)) is not None:
        number, step, _ = at
        loss = curves[number][step - 1]
        trials[number].report(loss, step)
        stop = trials[number].should_prune()
        verdict = scheduler.report(number, step, loss)
        assert verdict is (Verdict.STOP if stop else Verdict.CONTINUE)
        stops += stop
    assert 30 < stops < 80


@pytest.mark.parametrize("eta", [2, 3, 4])
def test_with_percentiles_it_decides_like_rays_asha(eta):
    tune = pytest.importorskip("ray.tune.schedulers")
    ray = tune.ASHAScheduler(
        time_attr="step", metric="loss", mode="min", max_t=60, grace_period=2, reduction_factor=eta
    )
    scheduler = asha((2, 60), eta=eta, cutoff="percentile")
    trials = [SimpleNamespace(trial_id=str(number)) for number in range(80)]
    for number, trial in enumerate(trials):
        ray.on_trial_add(None, trial)
        scheduler.begin(number)
    curves = losses(3, 80, 60)
    steps = interleaved(random.Random(4), 80, 60)
    verdicts, stop = Counter(), None
    while (at := _next(steps, stop)) is not None:
        number, step, last = at
        loss = curves[number][step - 1]
        said = ray.on_trial_result(None, trials[number], {"step": step, "loss": loss})
        verdict = scheduler.report(number, step, loss)
        stop = said == "STOP"
        assert stop is (verdict is not Verdict.CONTINUE)
        assert last is (verdict is Verdict.FINISH)
        verdicts[verdict] += 1
    assert verdicts[Verdict.STOP] > 30
    assert verdicts[Verdict.FINISH]


def _next(steps, answer):
    try:
        return steps.send(answer)
    except StopIteration:
        return None


def test_ranks_and_percentiles_part_ways_between_two_ranks_only():
    rank, percentile = asha(), asha(cutoff="percentile")
    before = [0.1, 0.3, 0.6, 0.8]
    enter(rank, before)
    enter(percentile, before)
    # one of five goes on, which is 0.1; a third of the four before ends at the second, 0.3
    assert enter(rank, [0.2], first=4) == [Verdict.STOP]
    assert enter(percentile, [0.2], first=4) == [Verdict.CONTINUE]


# The variant that pauses


def test_the_best_third_of_a_rung_goes_on_as_soon_as_there_is_one():
    scheduler = asha(variant="promotion")
    assert [scheduler.begin(number) for number in range(6)] == [1] * 6
    waits = Verdict.PAUSE
    assert [scheduler.report(number, 1, 0.5) for number in (4, 5)] == [waits, waits]
    assert scheduler.released() == []
    assert scheduler.report(3, 1, 0.6) is waits
    assert scheduler.released() == [Release(4, 3)]  # of two equals, the earlier
    scheduler.report(0, 1, 0.1)
    assert scheduler.released() == [Release(0, 3)]  # now the best of four, as only one may be
    scheduler.report(1, 1, 0.9)
    assert scheduler.released() == []
    scheduler.report(2, 1, 0.9)
    assert scheduler.released() == []  # two of six: 0 and 4, which went on before
    assert scheduler.place(4) == Place(0, 1, resource=3)
    assert scheduler.place(5) == Place(0, 0, resource=1)


def test_who_went_on_too_early_is_not_replaced():
    scheduler = asha(variant="promotion")
    enter(scheduler, [0.9, 0.8, 0.7, 0.6, 0.5, 0.4])
    went = [release.number for release in scheduler.released()]
    assert went == [2, 3, 4, 5]
    # floor(9 / 3) = 3 of 0.4, 0.5, 0.6, ... have gone on
    assert enter(scheduler, [0.95, 0.96, 0.97], first=6) == [Verdict.PAUSE] * 3
    assert scheduler.released() == []


def test_a_paused_trial_climbs_rung_by_rung_to_the_most():
    scheduler = asha(variant="promotion", eta=2, resource=(1, 4))
    enter(scheduler, [0.1, 0.2, 0.3, 0.4])
    assert scheduler.released() == [Release(0, 2), Release(1, 2)]
    assert scheduler.report(0, 2, 0.1) is scheduler.report(1, 2, 0.2) is Verdict.PAUSE
    assert scheduler.released() == [Release(0, 4)]
    assert scheduler.report(0, 3, 0.1) is Verdict.CONTINUE
    assert scheduler.report(0, 4, 0.1) is Verdict.FINISH


def test_what_waits_is_stopped_when_nothing_can_change_any_more():
    scheduler = asha(variant="promotion", eta=2, resource=(1, 2))
    enter(scheduler, [0.1, 0.2, 0.3])
    assert scheduler.released() == [Release(0, 2)]
    scheduler.full()
    assert scheduler.released() == []
    assert scheduler.report(0, 2, 0.1) is Verdict.FINISH
    assert scheduler.released() == [Release(1, None), Release(2, None)]


def test_in_a_run_too_short_for_its_rungs_the_best_goes_on_to_the_end():
    scheduler = asha(variant="promotion")
    enter(scheduler, [0.2, 0.1])
    scheduler.full()
    assert scheduler.released() == [Release(1, 3)]
    scheduler.report(1, 3, 0.5)
    assert scheduler.released() == [Release(1, 9)]
    scheduler.end(1, None)  # it fails, and the next best has its turn
    assert scheduler.released() == [Release(0, 3)]
    scheduler.report(0, 3, 0.5)
    assert scheduler.released() == [Release(0, 9)]
    assert scheduler.report(0, 9, 0.5) is Verdict.FINISH
    assert scheduler.released() == []


def test_a_trial_that_ends_while_it_pauses_is_not_released():
    scheduler = asha(variant="promotion")
    enter(scheduler, [0.2, 0.1])
    scheduler.end(1, None)
    scheduler.full()
    assert scheduler.released() == [Release(0, 3)]
    scheduler.end(0, 0.2)
    assert scheduler.released() == []


def test_a_release_not_fetched_before_its_trial_ended_is_gone():
    scheduler = asha(variant="promotion")
    enter(scheduler, [0.3, 0.2, 0.1])
    scheduler.end(2, None)
    assert scheduler.released() == []


def test_a_paused_trial_beyond_the_next_rung_need_not_run_for_it():
    scheduler = asha(variant="promotion", eta=2, resource=(1, 8))
    enter(scheduler, [0.1, 0.2], step=5)
    # number 0 is beyond the rungs at 2 and 4 as well, and waits in the second for company
    assert scheduler.released() == []
    assert scheduler.place(0) == Place(0, 1, resource=2)
    enter(scheduler, [0.15, 0.16], step=5, first=2)
    assert scheduler.released() == []
    assert [scheduler.place(number).rung for number in range(4)] == [2, 0, 1, 0]
    scheduler.full()
    assert scheduler.released() == [Release(0, 8)]


def test_a_trial_that_leaps_to_the_most_makes_room_in_the_rungs_on_its_way():
    scheduler = asha(variant="promotion", eta=2, resource=(1, 4))
    enter(scheduler, [0.3])
    assert enter(scheduler, [0.9], step=4, first=1) == [Verdict.FINISH]
    assert scheduler.released() == [Release(0, 2)]
    scheduler.report(0, 2, 0.3)
    assert scheduler.released() == [Release(0, 4)]


@given(SETTINGS, st.sampled_from([(1, 27), (2, 20), (5, 5)]), st.sampled_from([2, 3, 4]))
def test_in_any_order_of_events_every_trial_ends_and_one_gets_to_the_most(settings, resource, eta):
    def make():
        return Asha(resource=resource, eta=eta, variant="promotion")

    log = wild(make(), **settings)
    assert not log.waiting
    assert sorted(log.ended) == list(range(settings["n_trials"]))
    assert max(log.steps.values()) < resource[1] + settings["stride"]
    assert wild(make(), **settings).calls == log.calls
    if not settings["failing"] and not settings["ending"]:
        assert log.outcomes()["finish"]


@given(SETTINGS)
def test_whoever_goes_on_was_among_the_best_when_it_did(settings):
    settings = {**settings, "failing": 0.0, "ending": False, "stride": 1, "ties": False}
    log = wild(Asha(resource=(1, 27), variant="promotion"), **settings)
    reached = {resource: [] for resource in (1, 3, 9)}
    finished = False
    for kind, number, at, *_ in log.calls:
        if kind == "report" and at in reached:
            reached[at].append((log.curve(number, at), number))
        finished |= kind == "report" and at == 27
        if kind == "released" and at is not None and len(reached[at // 3]) >= 3 and finished:
            rung = sorted(reached[at // 3])
            best = [place for _, place in rung[: len(rung) // 3]]
            assert number in best


def test_the_stopping_variant_ends_every_trial_too():
    log = Simulator(
        asha(resource=(1, 27)), lambda n, step: (n * 37) % 101, n_trials=101, workers=4
    ).run()
    assert set(log.outcomes()) == {"finish", "stop"}
    assert not log.waiting


def test_recorded_curves_are_promoted_as_calculated_by_hand():
    # At 1: number 0 is the best of three; 4 of five, then 5 the second of six; 6 is the third of
    # nine. At 3: of 0, 4 and 5 the best is 4, with 0.424; then 6, with 0.419, is the best of four.
    log = Simulator(
        asha(variant="promotion"), lambda n, step: CURVES[n][step - 1], n_trials=len(CURVES)
    ).run()
    released = [call[1:] for call in log.calls if call[0] == "released" and call[2]]
    assert released == [(0, 3), (4, 3), (5, 3), (4, 9), (6, 3), (6, 9)]
    assert log.outcomes() == {"finish": 2, "stop": 7}
