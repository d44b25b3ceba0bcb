from __future__ import annotations

import pytest
from toys import CURVES, LINE, RACE, Curves, bowl, race

import unitune
from unitune.bench.virtual import VirtualExecutor
from unitune.errors import OptionError
from unitune.job import Job
from unitune.journal import open_journal
from unitune.objective import Evaluator
from unitune.trial import State, Verdict
from unitune_benchmarks.recording import table_from_study
from unitune_benchmarks.tabular import make_task


class Table:
    """Curves by the config's `x`."""

    def __init__(self, curves):
        self.curves = curves

    def curve(self, config, seed=0):
        found = self.curves[config["x"]]
        if isinstance(found, Exception):
            raise found
        return found

    def __call__(self, config, trial):
        yield from (value for _, value, _ in self.curve(config))


def executor(curves, *, workers=1, verdicts=None, best=None):
    said = []

    def on_report(number, step, value):
        said.append((number, step, value))
        return (verdicts or {}).get((number, step), Verdict.CONTINUE)

    timeline = []
    evaluate = Evaluator(Table(curves), best=best)
    return VirtualExecutor(evaluate, on_report, workers=workers, timeline=timeline), said, timeline


def finish(running, numbers):
    for number in numbers:
        running.submit(Job(number, {"x": number}, seed=0))
    done = []
    while running.busy:
        done.append((running.next(), running.now))
    return done


def test_reports_come_in_the_order_of_virtual_time():
    curves = {0: [(1, 0.1, 3.0), (2, 0.2, 3.0)], 1: [(1, 1.1, 2.0), (2, 1.2, 2.0), (3, 1.3, 2.5)]}
    running, said, timeline = executor(curves, workers=2)
    done = finish(running, [0, 1])
    assert [(number, step) for number, step, _ in said] == [(1, 1), (0, 1), (1, 2), (0, 2), (1, 3)]
    assert [(f.job.number, f.outcome.value, f.seconds, now) for f, now in done] == [
        (0, 0.2, 6.0, 6.0),
        (1, 1.3, 6.5, 6.5),
    ]
    assert [(s.number, s.worker, s.begin, s.end) for s in timeline] == [
        (0, 0, 0.0, 6.0),
        (1, 1, 0.0, 6.5),
    ]


def test_a_job_waits_for_a_worker():
    running, _, timeline = executor({n: [(1, 0.0, 2.0)] for n in range(3)}, workers=2)
    finish(running, [0, 1, 2])
    assert [(s.number, s.begin, s.end) for s in timeline] == [(0, 0, 2), (1, 0, 2), (2, 2, 4)]


def test_a_trial_that_is_stopped_is_pruned_there_and_then():
    running, _, _ = executor(
        {0: [(1, 5.0, 1.0), (2, 4.0, 1.0), (3, 3.0, 1.0)]}, verdicts={(0, 2): Verdict.STOP}
    )
    [(finished, now)] = finish(running, [0])
    assert (finished.outcome.state, finished.outcome.value, now) == (State.PRUNED, 4.0, 2.0)
    assert (finished.reached, finished.paused) == (2, False)


def test_a_trial_that_has_used_the_most_is_complete():
    running, _, _ = executor({0: [(1, 5.0, 1.0), (2, 4.0, 1.0)]}, verdicts={(0, 1): Verdict.FINISH})
    [(finished, _)] = finish(running, [0])
    assert (finished.outcome.state, finished.outcome.value) == (State.COMPLETE, 5.0)


def test_a_paused_trial_goes_on_where_it_was():
    running, said, timeline = executor(
        {0: [(1, 5.0, 1.0), (2, 4.0, 2.0), (3, 3.0, 4.0)]}, verdicts={(0, 1): Verdict.PAUSE}
    )
    [(paused, _)] = finish(running, [0])
    assert paused.paused
    running.submit(Job(0, {"x": 0}, seed=0, reports=paused.outcome.reports))
    finished = running.next()
    assert (finished.start, finished.reached, finished.seconds) == (1, 3, 6.0)
    assert [report.step for report in finished.outcome.reports] == [1, 2, 3]
    assert [(s.begin, s.end) for s in timeline] == [(0.0, 1.0), (1.0, 7.0)]
    assert len(said) == 3


def test_a_config_that_fails_fails_after_the_steps_it_took():
    error = ValueError("it broke")
    error.steps = [(1, 5.0, 2.0)]
    running, said, _ = executor({0: error})
    [(finished, now)] = finish(running, [0])
    assert finished.outcome.state is State.FAILED
    assert str(finished.outcome.failure) == "ValueError: it broke"
    assert (len(said), now) == (1, 2.0)


def test_the_best_report_counts_where_that_is_asked_for():
    running, _, _ = executor({0: [(1, 1.0, 1.0), (2, 4.0, 1.0)]}, best="min")
    [(finished, _)] = finish(running, [0])
    assert finished.outcome.value == 1.0


def test_an_objective_without_curves_is_refused():
    with pytest.raises(OptionError, match="no method curve"):
        unitune.run(LINE, bowl, backend="builtin", method="random", executor="virtual", n_trials=2)


def search(executor, **settings):
    given = {"backend": "builtin", "method": "random", "n_trials": 40, "seed": 0, "progress": False}
    given |= {"scheduler": "unitune:asha", "resource": (1, 27), "executor": executor}
    return unitune.run(LINE, Curves(), **{**given, **settings})


def steps(result):
    return [(t.number, t.config, t.state, t.value, t.resource) for t in result.trials]


@pytest.mark.parametrize("variant", ["stopping", "promotion"])
def test_one_virtual_worker_decides_what_one_real_one_decides(variant):
    options = {"scheduler_options": {"variant": variant}}
    assert steps(search("virtual", **options)) == steps(search("serial", **options))


@pytest.mark.parametrize("scheduler", ["unitune:asha", "unitune:hyperband", "unitune:median"])
def test_a_run_in_virtual_time_is_fixed_by_its_seed_with_any_number_of_workers(scheduler):
    for workers in (4, 64):
        given = {"workers": workers, "scheduler": scheduler}
        one, other = search("virtual", **given), search("virtual", **given)
        assert steps(one) == steps(other)
        assert one.transcript == other.transcript


def test_more_workers_are_done_sooner_and_never_more_at_work_than_there_are():
    ends = []
    for workers in (1, 4, 16):
        timeline = []
        search("virtual", n_trials=200, workers=workers, executor_options={"timeline": timeline})
        ends.append(max(stretch.end for stretch in timeline))
        moments = sorted(
            [(s.begin, 1) for s in timeline] + [(s.end, -1) for s in timeline], key=lambda m: m[:2]
        )
        at_work = most = 0
        for _, change in moments:
            at_work += change
            most = max(most, at_work)
        assert most == workers
    assert ends[0] > 3 * ends[1] > 6 * ends[2]


def test_a_backend_that_thinks_is_not_asked_ahead_in_virtual_time():
    result = search("virtual", backend="optuna", method="tpe", workers=4, scheduler=None)
    order = [decision[0] for decision in result.transcript]
    open_trials = [order[:n].count("ask") - order[:n].count("tell") for n in range(len(order))]
    assert max(open_trials) == 4


def asha(objective, **settings):
    """Search by ASHA with four workers; return each trial's state and legs."""
    # With this seed promotions hang on the order in which four workers report (one worker makes
    # others), and stay the same if every trial begins up to 50 ms late.
    result = unitune.run(
        RACE,
        objective,
        backend="builtin",
        method="random",
        seed=117,
        n_trials=24,
        workers=4,
        scheduler="unitune:asha",
        scheduler_options={"variant": "promotion"},
        resource=(1, 9),
        progress=False,
        **settings,
    )
    return [
        (trial.number, trial.state, [(leg.start, leg.reached, leg.rung) for leg in trial.legs])
        for trial in result.trials
    ]


def again(numbers):
    """Return the numbers that came up before, in their order: those of promoted trials."""
    return [number for place, number in enumerate(numbers) if number in numbers[:place]]


def record_and_simulate(storage):
    """Return the promotions of a real run, and those of its simulation over its own table."""
    real = asha(race, storage=storage, study="race")
    with open_journal(storage) as journal, journal.read("race") as log:
        started = [event.number for event in log.events() if event.kind == "started"]
    task = make_task(table_from_study(storage, "race"), space="recorded")
    timeline = []
    simulated = asha(task.load(), executor="virtual", executor_options={"timeline": timeline})
    begun = [stretch.number for stretch in sorted(timeline, key=lambda stretch: stretch.begin)]
    return (real, again(started)), (simulated, again(begun))


def test_asha_over_a_table_promotes_what_the_run_that_recorded_it_promoted(tmp_path):
    # A machine that stands still for longer than that has made another run of it: once more.
    for attempt in range(5):
        real, simulated = record_and_simulate(tmp_path / f"{attempt}.db")
        if real == simulated:
            break
    assert simulated == real
    assert len(real[1]) > 8


def test_the_curves_of_the_toy_are_those_it_reports():
    reported = list(Curves()({"x": 1.0, "y": 2.0}, type("Trial", (), {"seed": 0})))
    assert reported == [value for _, value, _ in CURVES.load().curve({"x": 1.0, "y": 2.0})]
