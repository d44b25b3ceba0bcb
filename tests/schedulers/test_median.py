"""The median stopping rule against a hand calculation, Optuna and Ray Tune."""

from __future__ import annotations

import random
import statistics
from collections import Counter

import pytest
from learning_curves import in_turn, interleaved

from unitune.backend import Scheduling
from unitune.schedulers import Verdict
from unitune.schedulers.median import Median

GOES, STOPS = Verdict.CONTINUE, Verdict.STOP


def median(resource=None, **options):
    return Median.open(Scheduling("median", resource=resource, options=options))


def enter(scheduler, curves, first=0):
    """Begin a trial for each curve and report it to its end; return the last verdicts."""
    verdicts = []
    for number, curve in enumerate(curves, start=first):
        scheduler.begin(number)
        for step, loss in enumerate(curve, start=1):
            verdict = scheduler.report(number, step, loss)
        scheduler.end(number, curve[-1])
        verdicts.append(verdict)
    return verdicts


def random_curves(seed, n_trials, length):
    rng = random.Random(seed)
    levels = [rng.random() for _ in range(n_trials)]
    return [
        [level + 1 / step + 0.5 * rng.random() for step in range(1, length + 1)] for level in levels
    ]


def follow(scheduler, steps, curves, stopped_by):
    """Report curves in an interleaved order and compare each verdict; return how many stopped."""
    counts, stop = Counter(), None
    while True:
        try:
            number, step, last = steps.send(stop)
        except StopIteration:
            return counts
        loss = curves[number][step - 1]
        stop = stopped_by(number, step, loss, last)
        verdict = scheduler.report(number, step, loss)
        assert verdict is (STOPS if stop else GOES)
        if last and not stop:
            scheduler.end(number, loss)
        counts[verdict] += 1


def test_recorded_curves_are_decided_as_calculated_by_hand():
    # The first three run on their own. At step 1 the median of 1.156, 1.475 and 2.298 is 1.475,
    # and number 3 has 1.761; number 4 is never worse than half, nor is 5: at step 2 the averages
    # are 1.105, 1.466, 2.2775 and 0.476, the median 1.2855; and so on to step 9, where numbers 0,
    # 1, 2 and 4 have 1.152, 1.713, 2.129 and 0.514, and 5 has had 0.777. Number 8, with 1.983 at
    # step 1, meets 0.577, 0.961, 1.017, 1.054, 1.156, 1.475, 1.761 and 2.298: the median is 1.105.
    ends = in_turn(median(startup=3))
    on, off = (9, "continue"), (1, "stop")
    assert ends == [on, on, on, off, on, on, on, on, off]


def test_by_values_only_completed_trials_at_that_very_step_count():
    # Number 3, with 1.761, meets 1.475 as before. Number 5 meets 0.987, 1.499, 2.215 and 0.424 at
    # step 3, the median of which is 1.243, and at step 9 the median of 1.13, 1.727, 1.957 and 0.57,
    # which is 1.4285. Number 8 meets all but number 3 at step 1: the median is 1.054.
    ends = in_turn(median(startup=3, rule="values"))
    on, off = (9, "continue"), (1, "stop")
    assert ends == [on, on, on, off, on, on, on, on, off]
    # At step 4 number 3 has 0.701 and meets 1.291, 1.87 and 2.173. Number 8 has 0.86 and meets
    # 0.369, 0.396, 0.665, 0.701, 0.777, 1.291, 1.87 and 2.173: the median is 0.739.
    late = in_turn(median(startup=3, rule="values", grace=4))
    assert late == [on, on, on, on, on, on, on, on, (4, "stop")]


def test_the_rules_differ_where_curves_fall_steeply():
    good_later = [[5.0, 1.0, 1.0], [5.0, 1.0, 1.0], [5.0, 1.0, 1.0]]
    averages, values = median(startup=3), median(startup=3, rule="values")
    enter(averages, good_later)
    enter(values, good_later)
    # at step 2 the others average 3.0 and have 1.0
    assert enter(averages, [[4.0, 2.0]], first=3) == [GOES]
    assert enter(values, [[4.0, 2.0]], first=3) == [STOPS]


def test_the_best_so_far_counts_not_the_last():
    scheduler = median(startup=1)
    enter(scheduler, [[1.0, 1.0, 1.0]])
    assert enter(scheduler, [[0.5, 9.0, 9.0]], first=1) == [GOES]


def test_equal_curves_are_never_stopped():
    scheduler = median(startup=1)
    assert enter(scheduler, [[0.1] * 30] * 5) == [GOES] * 5


def test_nobody_is_stopped_before_enough_others_got_there():
    scheduler = median(startup=3)
    assert enter(scheduler, [[0.1], [0.2], [0.3, 0.3], [0.4]]) == [GOES, GOES, GOES, STOPS]
    by_values = median(startup=3, rule="values")
    assert enter(by_values, [[0.1], [0.2], [0.3]]) == [GOES] * 3
    assert enter(by_values, [[0.4]], first=3) == [STOPS]
    assert enter(by_values, [[0.0, 0.4]], first=4) == [GOES]  # nobody completed was at step 2


def test_without_startup_the_first_still_has_nobody_to_be_worse_than():
    for rule in ("averages", "values"):
        assert enter(median(startup=0, rule=rule), [[0.1], [0.2]]) == [GOES, STOPS]


def test_a_failed_trial_is_no_completed_one_but_its_averages_stay():
    averages, values = median(startup=1), median(startup=1, rule="values")
    for scheduler in (averages, values):
        scheduler.begin(0)
        scheduler.report(0, 1, 0.1)
        scheduler.end(0, None)
        scheduler.begin(1)
    assert averages.report(1, 1, 0.2) is STOPS
    assert values.report(1, 1, 0.2) is GOES


def test_in_the_grace_period_nothing_is_stopped_and_averages_begin_after_it():
    scheduler = median(grace=2, startup=1)
    enter(scheduler, [[9.0, 1.0, 1.0]])
    scheduler.begin(1)
    assert scheduler.report(1, 1, 99.0) is GOES
    assert scheduler.report(1, 2, 1.5) is STOPS
    assert Median(resource=(2, 9))._grace == 2


def test_it_decides_once_in_each_interval():
    scheduler = median(grace=2, interval=3, startup=1)
    enter(scheduler, [[0.0] * 12])
    scheduler.begin(1)
    assert [step for step in range(1, 12) if scheduler.report(1, step, 1.0) is STOPS] == [
        2,
        5,
        8,
        11,
    ]
    scheduler.begin(2)
    # at 6 the check of 5 is made up for, at 7 there is none
    assert [step for step in (3, 4, 6, 7, 9) if scheduler.report(2, step, 1.0) is STOPS] == [
        3,
        6,
        9,
    ]


def test_at_the_most_resource_a_trial_is_finished_however_bad_and_counts_as_completed():
    scheduler = median((1, 2), startup=1, rule="values")
    assert scheduler.begin(0) == 2
    assert scheduler.report(0, 1, 0.5) is GOES
    assert scheduler.report(0, 2, 0.5) is Verdict.FINISH
    scheduler.begin(1)
    scheduler.begin(2)
    assert scheduler.report(1, 1, 0.6) is STOPS
    assert scheduler.report(2, 2, 0.6) is Verdict.FINISH


def test_trials_that_report_at_other_steps_count_with_what_they_had_by_then():
    scheduler = median(startup=2)
    for number in range(4):
        scheduler.begin(number)
    scheduler.report(0, 2, 1.0)
    scheduler.report(0, 6, 5.0)
    scheduler.report(1, 4, 1.4)
    # nobody was ever at 3: number 0 has an average of 1.0 there, 1 has nothing
    assert scheduler.report(2, 3, 9.0) is GOES
    # at 4: 0 has 1.0, 1 has 1.4; 2 is not there yet
    assert scheduler.report(3, 4, 1.3) is STOPS
    assert scheduler.report(2, 5, 0.5) is GOES
    # 0 has 3.0 at 6; 2 comes by at 4 with its 9.0
    scheduler.begin(4)
    assert scheduler.report(4, 4, 1.3) is GOES  # of 1.0, 1.3, 1.4 and 9.0: 1.35


def naive(curves, number, step, loss, startup):
    """Decide by averages with nothing but the reports so far, {trial: [(step, loss)]}."""
    others = [c for n, c in curves.items() if n != number and c and c[-1][0] >= step]
    means = [statistics.fmean(part) for c in others if (part := [v for s, v in c if s <= step])]
    best = min([v for _, v in curves[number]] + [loss])
    return len(means) >= startup and best > statistics.median(means)


@pytest.mark.parametrize("stride", [1, 3, 40])
def test_it_decides_as_its_definition_however_trials_report(stride):
    curves, so_far = random_curves(1, 60, 50), {number: [] for number in range(60)}
    scheduler = median(startup=4)
    for number in range(60):
        scheduler.begin(number)

    def stopped_by(number, step, loss, last):
        stop = naive(so_far, number, step, loss, 4)
        so_far[number].append((step, loss))
        return stop

    steps = interleaved(random.Random(2), 60, 50, stride=stride)
    counts = follow(scheduler, steps, curves, stopped_by)
    assert counts[STOPS] > 10


class Trial:
    """What Ray's scheduler sees of a trial."""

    trial_id = "a name for its log"


class Controller:
    """What Ray's scheduler asks of Tune: nobody waits."""

    def get_live_trials(self):
        return []


@pytest.mark.parametrize(("grace", "startup"), [(0, 3), (4, 5)])
@pytest.mark.parametrize("stride", [1, 3])
def test_by_averages_it_decides_like_rays_median_stopping_rule(grace, startup, stride):
    tune = pytest.importorskip("ray.tune.schedulers")
    ray = tune.MedianStoppingRule(
        time_attr="step",
        metric="loss",
        mode="min",
        grace_period=grace,
        min_samples_required=startup,
    )
    trials = [Trial() for _ in range(60)]
    scheduler = median(startup=startup, grace=grace)
    for number in range(60):
        scheduler.begin(number)

    def stopped_by(number, step, loss, last):
        result = {"step": step, "loss": loss}
        return ray.on_trial_result(Controller(), trials[number], result) == "STOP"

    steps = interleaved(random.Random(5), 60, 30, stride=stride)
    counts = follow(scheduler, steps, random_curves(4, 60, 30), stopped_by)
    assert counts[STOPS] > 15


@pytest.mark.parametrize(("grace", "interval", "startup"), [(0, 1, 5), (4, 1, 5), (3, 5, 1)])
@pytest.mark.parametrize("stride", [1, 3])
def test_by_values_it_decides_like_optunas_median_pruner(grace, interval, startup, stride):
    optuna = pytest.importorskip("optuna")
    pruner = optuna.pruners.MedianPruner(
        n_startup_trials=startup, n_warmup_steps=grace, interval_steps=interval
    )
    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(pruner=pruner)
    trials = [study.ask() for _ in range(60)]
    scheduler = median(startup=startup, grace=grace, interval=interval, rule="values")
    for number in range(60):
        scheduler.begin(number)

    def stopped_by(number, step, loss, last):
        trials[number].report(loss, step)
        stop = trials[number].should_prune()
        if stop:
            study.tell(trials[number], state=optuna.trial.TrialState.PRUNED)
        elif last:
            study.tell(trials[number], loss)
        return stop

    steps = interleaved(random.Random(6), 60, 30, stride=stride)
    counts = follow(scheduler, steps, random_curves(7, 60, 30), stopped_by)
    optuna.logging.set_verbosity(level)
    assert counts[STOPS] > 15
