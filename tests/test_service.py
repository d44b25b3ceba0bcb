"""What a service is told, and what is recorded of what it does."""

from __future__ import annotations

import itertools

import pytest

import unitune
from unitune import Float, Space
from unitune.backend import Scheduling
from unitune.errors import BackendError, CallbackError
from unitune.recorder import Limits, Run
from unitune.schedulers import Rung, Scheduler
from unitune.schedulers.hyperband import Hyperband
from unitune.service import Onlooker, ServiceSink, serve
from unitune.steering import Steering, Tempering
from unitune.trial import Leg, Outcome, Report, State, Verdict, trial_seed

SPACE = Space({"x": Float(0, 1)})
TRANSLATION = unitune.translate(SPACE, "builtin", "random")


def sink_of(run, scheduler=None, *, most=9, n_trials=17, initial=0):
    steering = Steering(Onlooker(), scheduler, loss=float, most=most)
    return ServiceSink(TRANSLATION, run, steering, seed=7, n_trials=n_trials, initial=initial)


def run_of(n_trials=17, **limits):
    return Run("min", Limits(n_trials, **limits))


class Loop:
    """A service as simple as can be: one trial at a time, each step costs one, and pauses hold."""

    def __init__(self):
        self.values = itertools.count()
        self.steps = {}

    def run(self, evaluate, sink):
        paused = set()
        while not sink.done:
            goes_on = [(key, far) for key, far in sink.released() if key in paused]
            for key, far in goes_on:
                paused.discard(key)
                if far is None:
                    self._finish(sink, key, State.PRUNED)
                    continue
                sink.gone_on(key)
                self._leg(sink, key, paused)
            if goes_on:
                continue
            if sink.room:
                key = f"t{next(self.values)}"
                sink.proposed(key, {"x": len(self.steps) / 100})
                self.steps[key] = 0
                self._leg(sink, key, paused)
            else:
                sink.full()

    def _leg(self, sink, key, paused):
        sink.begun(key)
        start = self.steps[key]
        while True:
            self.steps[key] += 1
            verdict = sink.reported(key, self.steps[key], 1 / self.steps[key])
            if verdict is not Verdict.CONTINUE:
                break
        sink.consumed(key, Leg(start, self.steps[key]))
        if verdict is Verdict.PAUSE:
            paused.add(key)
        else:
            done = verdict is Verdict.FINISH
            self._finish(sink, key, State.COMPLETE if done else State.PRUNED)

    def _finish(self, sink, key, state):
        step = self.steps[key]
        sink.finished(key, Outcome(state, 1 / step, reports=(Report(step, 1 / step),)), 0.5)


def test_a_scheduler_of_unitunes_decides_over_the_trials_of_a_service():
    run, scheduler = run_of(), Hyperband(resource=(1, 9))
    serve(Loop(), None, sink_of(run, scheduler), run)
    assert run.reason == "n_trials"
    legs = [(g.bracket, g.rung, g.consumed) for trial in run.trials for g in trial.legs]
    counted = {at: len(list(own)) for at, own in itertools.groupby(sorted(leg[:2] for leg in legs))}
    assert counted == {(r.bracket, r.rung): r.trials for r in scheduler.plan()}
    assert run.consumed == sum(leg[2] for leg in legs) == 9 + 6 + 6 + 15 + 6 + 27
    assert sum(trial.state is State.COMPLETE for trial in run.trials) == 5


def test_without_a_scheduler_a_trial_is_complete_at_the_most_resource():
    run = run_of(3)
    serve(Loop(), None, sink_of(run, n_trials=3, initial=1), run)
    assert [trial.state for trial in run.trials] == [State.COMPLETE] * 3
    assert [trial.legs for trial in run.trials] == [(Leg(0, 9),)] * 3
    assert [trial.initial for trial in run.trials] == [True, False, False]
    assert [trial.seed for trial in run.trials] == [trial_seed(7, number) for number in range(3)]
    assert all(trial.evaluate == 0.5 and trial.start >= 0 for trial in run.trials)


def test_there_is_no_room_for_a_trial_that_the_budget_would_not_pay():
    run = run_of(50, max_resource=20)
    serve(Loop(), None, sink_of(run, n_trials=50), run)
    assert run.reason == "max_resource"
    assert [trial.resource for trial in run.trials] == [9, 9, 9]

    run = run_of(50, max_resource=18)
    sink = sink_of(run, n_trials=50)
    rooms = []
    for key in "ab":
        rooms.append(sink.room)
        sink.proposed(key, {"x": 0.5})
    assert (rooms, sink.room, sink.done) == ([True, True], False, False)
    sink.consumed("a", Leg(0, 1))
    sink.finished("a", Outcome(State.FAILED), 0.0)
    assert sink.room  # 1 is consumed, and 9 are spoken for


def test_a_trial_that_takes_another_ones_state_ends_with_the_config_it_went_on_with():
    run = run_of()
    sink = sink_of(run)
    for key, x in (("a", 0.1), ("b", 0.2)):
        sink.proposed(key, {"x": x})
        sink.begun(key)
    sink.perturbed("b", "a", 4, {"x": 0.12})
    sink.perturbed("b", "a", 6, {"x": 0.08})
    sink.finished("b", Outcome(State.COMPLETE, 1.0), 1.0)
    trial = run.trials[0]
    assert trial.config == {"x": 0.08}
    changes = [(p.step, p.source, p.before["x"], p.after["x"]) for p in trial.perturbations]
    assert changes == [(4, 0, 0.2, 0.12), (6, 0, 0.12, 0.08)]


class Silent(Scheduler):
    """Pauses every trial and releases none."""

    @classmethod
    def open(cls, scheduling):
        return cls()

    def report(self, number, step, loss):
        return Verdict.PAUSE

    def plan(self):
        return [Rung(0, 0, trials=1, resource=1)]


def test_a_scheduler_that_lets_nobody_go_on_ends_the_run():
    run = run_of(2)
    serve(Loop(), None, sink_of(run, Silent.open(Scheduling("silent")), n_trials=2), run)
    assert run.reason == "stalled"
    assert run.trials == []


def test_an_error_of_a_callback_ends_the_run_and_comes_out_of_it():
    def refuse(trial, run):
        raise RuntimeError("no more")

    run = Run("min", Limits(5), callbacks=[refuse])
    with pytest.raises(CallbackError, match="no more"):
        serve(Loop(), None, sink_of(run), run)
    assert len(run.trials) == 1


def test_an_error_of_the_library_says_how_far_the_run_had_come():
    class Breaks(Loop):
        def run(self, evaluate, sink):
            raise OSError("gone")

    run = run_of()
    with pytest.raises(BackendError, match="failed after 0 trials with OSError: gone"):
        serve(Breaks(), None, sink_of(run), run)


@pytest.mark.parametrize(("mode", "worst"), [("min", 3.0), ("max", 1.0)])
def test_an_early_value_is_told_no_better_than_the_worst_final_one(mode, worst):
    temper = Tempering(lambda value: value if mode == "min" else -value)
    early = Outcome(State.PRUNED, 2.0)
    for value in (1.0, 3.0):
        complete = Outcome(State.COMPLETE, value)
        assert temper("whole", complete) == [("whole", complete)]
    assert [(token, one.value) for token, one in temper("early", early)] == [("early", worst)]
    assert temper("failed", Outcome(State.FAILED)) == [("failed", Outcome(State.FAILED))]
