"""Worker processes: what reaches them, what comes back, and what becomes of them."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import functools
import itertools
import math
import os
import random
import re
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

import unitune
from unitune.errors import ObjectiveError, OptionError
from unitune.executors.process import ProcessExecutor
from unitune.job import Job
from unitune.objective import Evaluator
from unitune.trial import State, Verdict

LONG = 60.0  # seconds; nothing here takes that long, not even on a busy machine


def go_on(number, step, value):
    return Verdict.CONTINUE


@pytest.fixture
def start():
    with contextlib.ExitStack() as stack:

        def start(objective, on_report=go_on, *, workers=2, metric=None, **limits):
            evaluate = Evaluator(objective, metric)
            executor = ProcessExecutor(evaluate, on_report, workers=workers, **limits)
            stack.callback(executor.close)
            return executor

        yield start


def evaluate(executor, configs, begin=0):
    """Evaluate all configs as a driver does, and return what came of each, in their order."""
    finished = {}
    for n, config in enumerate(configs):
        executor.submit(Job(begin + n, config, seed=n))
    while executor.busy:
        done = executor.next()
        finished[done.job.number] = done
    return [finished[number] for number in sorted(finished)]


def outcomes(executor, configs):
    return [finished.outcome for finished in evaluate(executor, configs)]


def numbers(count):
    return [{"x": x} for x in range(count)]


def children(parent):
    """Return the processes whose parent that is, zombies included."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            after_name = stat.read_text().rpartition(")")[2].split()
            if int(after_name[1]) == parent:
                found.add(int(stat.parent.name))
    return found


def open_files():
    return len(list(Path("/proc/self/fd").iterdir()))


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def wait_until(condition):
    end = time.monotonic() + LONG
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)


def script(code, *flags):
    done = subprocess.run(
        [sys.executable, *flags, "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
        check=False,
        timeout=LONG,
    )
    assert done.returncode == 0, done.stderr
    return done


# --- what reaches a worker ------------------------------------------------------------------


def test_every_job_comes_back_with_its_own_value_in_whatever_order(start):
    def objective(config):
        time.sleep(0.002 * (config["x"] % 3))
        return config["x"] ** 2

    done = evaluate(start(objective, workers=3), numbers(60))
    assert [f.outcome.value for f in done] == [float(x**2) for x in range(60)]
    assert all(f.outcome.state is State.COMPLETE for f in done)
    assert [f.job for f in done] == [Job(x, {"x": x}, seed=x) for x in range(60)]


def test_workers_are_other_processes_and_run_side_by_side(start):
    def objective(config):
        time.sleep(0.05)
        return {"pid": os.getpid()}

    pids = {o.metrics["pid"] for o in outcomes(start(objective), numbers(20))}
    assert len(pids) == 2
    assert os.getpid() not in pids


class Shifted:
    def __init__(self, by):
        self.by = by

    def __call__(self, config):
        return config["x"] + self.by

    def method(self, config):
        return self(config)


def plus(by, config):
    return Shifted(by)(config)


@pytest.mark.parametrize(
    "objective",
    [
        lambda config: config["x"] + 1,
        functools.partial(plus, 1),
        Shifted(1),
        Shifted(1).method,
    ],
    ids=["lambda", "partial of a function", "object", "method"],
)
def test_an_objective_may_be_any_callable(start, objective):
    assert [o.value for o in outcomes(start(objective, workers=1), numbers(2))] == [1.0, 2.0]


def test_an_importable_function_is_sent_by_its_name(start):
    assert outcomes(start(math.fsum, workers=1), [{1: 0, 2: 0}])[0].value == 3.0


MAIN = """
    from unitune.executors.process import ProcessExecutor
    from unitune.job import Job
    from unitune.objective import Evaluator
    from unitune.trial import Verdict

    print("the script runs", flush=True)

    class Answer:
        def __init__(self, number):
            self.number = number

    def double(number):
        return Answer(2 * number)

    def objective(config):
        answer = double(config["x"])
        return {"value": answer.number, "answer": answer}

    evaluate = Evaluator(objective, "value")
    executor = ProcessExecutor(evaluate, lambda *_: Verdict.CONTINUE, workers=2)
    for number in range(2):
        executor.submit(Job(number, {"x": number}, seed=0))
    values = []
    while executor.busy:
        outcome = executor.next().outcome
        assert type(outcome.metrics["answer"]) is Answer, outcome
        values.append(outcome.value)
    executor.close()
    print(sorted(values), __debug__)
"""


def test_functions_and_classes_of_a_script_without_a_guard_work_and_it_is_not_run_again(tmp_path):
    (tmp_path / "study.py").write_text(textwrap.dedent(MAIN))
    command = [sys.executable, "study.py"]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=tmp_path, timeout=LONG
    )
    assert done.stdout.splitlines() == ["the script runs", "[0.0, 2.0] True"], done.stderr


def test_a_main_without_a_file_works_as_in_a_notebook_and_flags_of_python_are_kept():
    assert script(MAIN).stdout.splitlines() == ["the script runs", "[0.0, 2.0] True"]
    assert script(MAIN, "-O").stdout.splitlines() == ["the script runs", "[0.0, 2.0] False"]


class Loaded:
    """Notes in a file each time that it is unpickled."""

    def __init__(self, log, then=None):
        self.log = log
        self.then = then
        self.ballast = bytes(20_000_000)

    def __setstate__(self, state):
        self.__dict__.update(state)
        with Path(self.log).open("a") as log:
            log.write(f"{os.getpid()}\n")
        if self.then is not None:
            self.then(len(Path(self.log).read_text().split()))

    def __call__(self, config):
        return float(len(self.ballast))


def test_what_an_objective_closes_over_is_loaded_once_by_each_worker(start, tmp_path):
    big = Loaded(tmp_path / "log")
    done = outcomes(start(big, workers=2), numbers(40))
    assert {o.value for o in done} == {20_000_000.0}
    pids = (tmp_path / "log").read_text().split()
    assert len(pids) == len(set(pids)) == 2


def test_a_config_travels_with_the_objects_of_the_user_and_the_very_job_comes_back(start):
    configs = [{"f": lambda x: x + 1, "on": True, "n": 3}, {"f": math.sqrt, "on": False, "n": 4}]
    done = evaluate(start(lambda c: c["f"](c["n"]) + c["on"], workers=1), configs)
    assert [f.outcome.value for f in done] == [5.0, 2.0]
    assert done[0].job.config is configs[0]


def test_a_config_that_cannot_be_pickled_fails_its_trial(start):
    done = outcomes(start(lambda c: 1.0), [{"lock": threading.Lock()}, {"lock": None}])
    assert [o.state for o in done] == [State.FAILED, State.COMPLETE]
    assert done[0].failure.message.startswith("the config cannot be sent to a worker process")


def test_the_path_the_arguments_and_the_folder_are_those_of_the_driver(start, monkeypatch):
    monkeypatch.syspath_prepend("/nowhere/in/particular")
    monkeypatch.setattr(sys, "argv", ["study", "--fast"])

    def objective(config):
        return {"x": 0, "where": (sys.path, sys.argv, Path.cwd())}

    [done] = outcomes(start(objective, workers=1, metric="x"), numbers(1))
    assert done.metrics["where"] == (sys.path, ["study", "--fast"], Path.cwd())


# --- reports --------------------------------------------------------------------------------


def test_reports_go_up_while_the_trial_runs_and_stops_come_down(start):
    heard = []

    def on_report(number, step, value):
        heard.append((os.getpid(), threading.get_ident(), number, step, value))
        return Verdict.STOP if number == 1 and step == 3 else Verdict.CONTINUE

    def objective(config):
        for epoch in range(5):
            yield config["x"] + epoch / 10

    done = outcomes(start(objective, on_report), numbers(3))
    assert [o.state for o in done] == [State.COMPLETE, State.PRUNED, State.COMPLETE]
    assert [o.value for o in done] == [0.4, 1.2, 2.4]
    assert [len(o.reports) for o in done] == [5, 3, 5]
    assert {who[:2] for who in heard} == {(os.getpid(), threading.get_ident())}
    assert [(step, value) for *_, n, step, value in heard if n == 1] == [
        (1, 1.0),
        (2, 1.1),
        (3, 1.2),
    ]


def test_a_report_is_answered_within_milliseconds(start):
    def objective(config, trial):
        taken = []
        for _ in range(200):
            begun = time.perf_counter()
            trial.report(1.0)
            taken.append(time.perf_counter() - begun)
        return sorted(taken)[100]

    assert outcomes(start(objective, workers=1), numbers(1))[0].value < 0.02


def test_an_error_in_answering_a_report_gets_out(start):
    def on_report(number, step, value):
        raise LookupError("no such trial")

    def objective(config):
        yield 1.0

    executor = start(objective, on_report)
    executor.submit(Job(0, {}, seed=0))
    with pytest.raises(LookupError, match="no such trial"):
        executor.next()


def test_a_thread_that_outlives_its_trial_reports_into_nothing(start):
    def objective(config, trial):
        def chatter():
            with contextlib.suppress(trial.Stop):
                for _ in range(10**9):
                    trial.report(-1.0 - config["x"])

        thread = threading.Thread(target=chatter, daemon=True)
        thread.start()
        while not trial.reports:
            time.sleep(0.001)
        return config["x"]

    done = outcomes(start(objective, workers=1), numbers(10))
    for x, outcome in enumerate(done):
        assert outcome.value == x
        # its own reports at most: the trial may end before the first of them is sent
        assert {r.value for r in outcome.reports} <= {-1.0 - x}


def test_hundreds_of_stopped_generators_leave_nothing_open(start):
    state = {"open": 0}

    def objective(config):
        state["open"] += 1
        try:
            yield state["open"]
            yield len(list(Path("/proc/self/fd").iterdir()))
            yield 0
        finally:
            state["open"] -= 1

    before, theirs = open_files(), children(os.getpid())
    answers = {1: Verdict.CONTINUE, 2: Verdict.STOP}
    executor = start(objective, lambda number, step, value: answers[step])
    done = outcomes(executor, numbers(500))
    assert {o.state for o in done} == {State.PRUNED}
    assert {o.reports[0].value for o in done} == {1.0}
    assert len({o.reports[1].value for o in done}) == 1
    assert len(children(os.getpid()) - theirs) == 2
    executor.close()
    assert open_files() == before
    assert children(os.getpid()) == theirs


# --- failures of a trial --------------------------------------------------------------------


@pytest.mark.parametrize(
    "error", [KeyboardInterrupt, SystemExit(3), asyncio.CancelledError, GeneratorExit, ValueError]
)
def test_whatever_an_objective_raises_fails_its_trial_only(start, error):
    def objective(config):
        if config["x"] == 1:
            raise error
        return os.getpid()

    done = outcomes(start(objective, workers=1), numbers(3))
    assert [o.state for o in done] == [State.COMPLETE, State.FAILED, State.COMPLETE]
    assert done[1].failure.kind == (error if isinstance(error, type) else type(error)).__name__
    assert "in objective" in done[1].failure.traceback
    assert done[0].value == done[2].value  # the worker is the same


class Unloadable:
    def __reduce__(self):
        return (int, ("not a number",))


def test_a_result_that_cannot_be_sent_fails_its_trial_with_a_sentence(start):
    def objective(config):
        return {"value": 1, "extra": [threading.Lock(), Unloadable(), 1.0][config["x"]]}

    done = outcomes(start(objective, workers=1, metric="value"), numbers(3))
    assert [o.state for o in done] == [State.FAILED, State.FAILED, State.COMPLETE]
    assert re.search("cannot be sent from the worker process: .*lock", done[0].failure.message)
    assert "could not be loaded from the worker process" in done[1].failure.message
    assert done[2].metrics == {"value": 1, "extra": 1.0}


def test_a_fork_that_finds_its_way_out_of_the_objective_counts_for_nothing(start):
    def objective(config):
        child = os.fork()
        if child == 0:
            raise ValueError("the child was to end here")
        return os.waitpid(child, 0)[0] and config["x"]

    assert [o.value for o in outcomes(start(objective, workers=1), numbers(4))] == [0, 1, 2, 3]


def test_a_report_from_a_fork_of_the_worker_is_refused_there(start):
    def objective(config, trial):
        child = os.fork()
        if child == 0:
            try:
                trial.report(-1.0)
            except RuntimeError:
                os._exit(42)
            os._exit(0)
        trial.report(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))

    [done] = outcomes(start(objective, workers=1), numbers(1))
    assert [r.value for r in done.reports] == [42.0]


# --- workers that die -----------------------------------------------------------------------


def segfault():
    ctypes.string_at(0)


def raise_signal(number):
    os.kill(os.getpid(), number)
    time.sleep(LONG)


@pytest.mark.parametrize(
    ("die", "words"),
    [
        (segfault, "was killed by SIGSEGV (Segmentation fault)"),
        (functools.partial(os._exit, 7), "ended with exit code 7"),
        (functools.partial(raise_signal, signal.SIGKILL), "SIGKILL (which is also what"),
        (functools.partial(raise_signal, signal.SIGTERM), "was killed by SIGTERM (Terminated)"),
    ],
    ids=["segfault", "exit", "kill", "term"],
)
def test_a_death_fails_one_trial_keeps_its_reports_and_another_worker_comes(
    start, die, words, tmp_path
):
    replaced = tmp_path / "replaced"

    def objective(config):
        yield os.getpid()
        if config["x"] == 0:
            while not replaced.exists():
                time.sleep(0.01)
        elif config["x"] == 1:
            die()
        else:
            replaced.touch()
        return 1.0

    done = outcomes(start(objective), numbers(8))
    assert [o.state is State.FAILED for o in done] == [x == 1 for x in range(8)]
    assert done[1].failure.kind == "WorkerDied"
    assert words in done[1].failure.message
    assert [r.step for r in done[1].reports] == [1]
    pids = [o.reports[0].value for o in done]
    assert len(set(pids[:3])) == 3  # the one that went on, the dead one and the new one
    assert set(pids[3:]) <= {pids[0], pids[2]}


def test_every_trial_may_kill_its_worker(start):
    done = outcomes(start(lambda c: os._exit(c["x"])), numbers(8))
    assert [o.failure.message.split()[7] for o in done] == [str(x) for x in range(8)]
    assert {o.failure.kind for o in done} == {"WorkerDied"}


def test_a_worker_that_dies_between_trials_is_replaced_and_no_trial_fails(start):
    executor = start(lambda c: os.getpid(), workers=1)
    [first] = outcomes(executor, numbers(1))
    os.kill(int(first.value), signal.SIGKILL)
    wait_until(lambda: not alive(int(first.value)))
    [second] = outcomes(executor, numbers(1))
    assert second.state is State.COMPLETE
    assert second.value != first.value


def test_a_death_is_seen_though_a_child_of_the_worker_lives_and_the_child_is_ended(start, tmp_path):
    def objective(config):
        child = os.fork()  # it holds all that is open
        if child == 0:
            time.sleep(10 * LONG)
        (tmp_path / "child").write_text(str(child))
        yield 1.0
        os._exit(5)

    begun = time.monotonic()
    [died] = outcomes(start(objective, workers=1), numbers(1))
    assert time.monotonic() - begun < LONG
    assert died.failure.kind == "WorkerDied"
    assert "exit code 5" in died.failure.message
    assert len(died.reports) == 1
    child = int((tmp_path / "child").read_text())
    wait_until(lambda: not alive(child))


def test_an_objective_that_cannot_be_pickled_is_refused_before_anything_starts():
    lock = threading.Lock()
    before, theirs = open_files(), children(os.getpid())
    with pytest.raises(OptionError, match=r"cannot be sent to worker processes .*lock.* inside it"):
        ProcessExecutor(Evaluator(lambda config: lock), go_on, workers=2)
    assert open_files() == before
    assert children(os.getpid()) == theirs


def test_a_worker_that_cannot_load_the_objective_ends_the_run_with_one_error(start):
    bad = Unloadable()
    executor = start(lambda config: bad)
    executor.submit(Job(0, {}, seed=0))
    with pytest.raises(ObjectiveError, match=r"could not load the objective \(ValueError: inv"):
        executor.next()


def test_workers_that_die_while_they_start_are_not_started_for_ever(start, tmp_path):
    bad = Loaded(tmp_path / "log", then=lambda times: os._exit(9))
    executor = start(bad, workers=1)
    executor.submit(Job(0, {}, seed=0))
    with pytest.raises(ObjectiveError, match=r"3 worker processes in a row .* exit code 9"):
        executor.next()
    assert len((tmp_path / "log").read_text().split()) == 3


def test_one_worker_that_dies_while_it_starts_costs_no_trial(start, tmp_path):
    bad = Loaded(tmp_path / "log", then=lambda times: os._exit(9) if times == 1 else None)
    done = outcomes(start(bad, workers=1), numbers(3))
    assert {o.state for o in done} == {State.COMPLETE}


def test_workers_killed_at_random_even_while_they_start_cost_the_trials_they_had_only(
    start, tmp_path
):
    slow = Loaded(tmp_path / "log", then=lambda times: time.sleep(0.2))

    def objective(config):
        yield os.getpid()
        time.sleep(0.005)
        yield config["x"] if slow else -1.0

    executor, dice = start(objective), random.Random(3)
    known, killed = [], {"starting": set(), "running": set()}
    for number in range(200):
        executor.submit(Job(number, {"x": number}, seed=0))
    done = []
    while executor.busy:
        done.append(executor.next())
        for worker in executor._workers:
            if worker.pid not in known:
                known.append(worker.pid)
                # Every third: if three in a row do not come up, the run is over.
                if len(known) % 3 == 0 and not worker.ready:
                    killed["starting"].add(worker.pid)
                    os.kill(worker.pid, signal.SIGKILL)
            elif worker.ready and worker.job is not None and dice.random() < 0.04:
                killed["running"].add(worker.pid)
                os.kill(worker.pid, signal.SIGKILL)
    assert len(killed["starting"]) > 1
    assert len(killed["running"]) > 5
    assert sorted(f.job.number for f in done) == list(range(200))
    for outcome, x in ((f.outcome, f.job.number) for f in done):
        if outcome.failure is None:
            assert outcome.value == x
        else:
            assert outcome.failure.kind == "WorkerDied"
            assert {r.value for r in outcome.reports} <= {
                x,
                *killed["starting"],
                *killed["running"],
            }
    failed = sum(f.outcome.failure is not None for f in done)
    # One that was killed while it started may have come up in that moment, but hardly every one.
    assert 0 < failed < len(killed["starting"]) + len(killed["running"])


def test_a_trial_whose_workers_die_every_time_runs_out_of_attempts(tmp_path):
    def objective(config, trial):
        attempts = len(list(tmp_path.glob(f"{trial.number}-*")))
        (tmp_path / f"{trial.number}-{attempts}").touch()
        if trial.number % 5 == 2 or (trial.number % 5 == 3 and not attempts):
            os.kill(os.getpid(), signal.SIGKILL)
        return config["x"]

    result = unitune.run(
        unitune.Space({"x": unitune.Float(0.0, 1.0)}),
        objective,
        backend="builtin",
        method="random",
        n_trials=15,
        workers=2,
        retries=2,
        seed=0,
        progress=False,
    )
    for trial in result.trials:
        always, once = trial.number % 5 == 2, trial.number % 5 == 3
        assert (trial.state is State.FAILED) == always
        assert [failure.kind for failure in trial.attempts] == ["WorkerDied"] * (2 * always + once)
        assert len(list(tmp_path.glob(f"{trial.number}-*"))) == 1 + 2 * always + once
    assert len(result.trials) == 15


# --- limits ---------------------------------------------------------------------------------


def hold_the_interpreter():
    ctypes.PyDLL(None).sleep(int(LONG))  # PyDLL keeps the interpreter lock


def backtrack():
    re.match(r"(a+)+$", "a" * 60 + "b")


@pytest.mark.parametrize(
    "hang", [functools.partial(time.sleep, LONG), hold_the_interpreter, backtrack]
)
def test_a_trial_over_time_is_killed_whatever_it_does(start, hang):
    def objective(config):
        yield 0.25
        if config["x"] == 1:
            hang()
        return 1.0

    begun = time.monotonic()
    done = outcomes(start(objective, trial_timeout=1.0), numbers(5))
    assert time.monotonic() - begun < LONG / 2
    assert [o.state is State.FAILED for o in done] == [x == 1 for x in range(5)]
    assert str(done[1].failure) == (
        "TrialTimeout: the trial was killed after 1 seconds (trial_timeout)"
    )
    assert [r.value for r in done[1].reports] == [0.25]


def test_the_time_of_a_trial_begins_in_a_worker_that_is_up(start, tmp_path):
    slow = Loaded(tmp_path / "log", then=lambda times: time.sleep(3))
    [done] = outcomes(start(slow, workers=1, trial_timeout=1.5), numbers(1))
    assert done.state is State.COMPLETE


def test_the_time_in_which_the_driver_thinks_is_not_the_trials(start):
    def on_report(number, step, value):
        time.sleep(0.6)
        return Verdict.CONTINUE

    def objective(config):
        for _ in range(5):
            yield 1.0

    executor = start(objective, on_report, workers=1, trial_timeout=2.0)
    [done] = outcomes(executor, numbers(1))
    assert done.state is State.COMPLETE


def test_a_result_that_waited_for_the_driver_counts(start):
    executor = start(lambda config: 1.0, workers=1, trial_timeout=1.0)
    outcomes(executor, numbers(1))
    executor.submit(Job(1, {}, seed=0))
    time.sleep(1.5)
    assert executor.next().outcome.state is State.COMPLETE


def test_the_memory_limit_is_that_of_each_trial_and_a_worker_that_has_grown_is_replaced(start):
    kept = []

    def objective(config):
        kept.append(bytearray(60_000_000))
        return len(kept)

    done = outcomes(start(objective, workers=1, trial_memory=100_000_000), numbers(6))
    assert [o.value for o in done] == [1.0, 2.0, 1.0, 2.0, 1.0, 2.0]


def test_memory_beyond_the_limit_fails_the_trial_and_its_worker_is_replaced(start):
    def objective(config):
        if config["x"] == 1:
            bytearray(200_000_000)
        return os.getpid()

    done = outcomes(start(objective, workers=1, trial_memory=100_000_000), numbers(3))
    assert [o.failure and o.failure.kind for o in done] == [None, "MemoryError", None]
    assert done[0].value != done[2].value


def test_sending_a_result_does_not_count_against_the_memory_limit(start):
    def objective(config):
        return {"value": 1.0, "weights": bytes(60_000_000)}

    executor = start(objective, workers=1, metric="value", trial_memory=100_000_000)
    assert [len(o.metrics["weights"]) for o in outcomes(executor, numbers(2))] == [60_000_000] * 2


class Heavy:
    def __reduce__(self):
        raise MemoryError


def test_a_result_for_which_there_is_no_memory_fails_its_trial_and_the_worker_is_replaced(start):
    def objective(config):
        return {"value": os.getpid(), "extra": Heavy() if config["x"] == 1 else None}

    executor = start(objective, workers=1, metric="value", trial_memory=100_000_000)
    done = outcomes(executor, numbers(3))
    assert [o.failure and o.failure.kind for o in done] == [None, "MemoryError", None]
    assert "cannot be sent from the worker process" in done[1].failure.message
    assert done[0].value != done[2].value


def test_what_the_objective_holds_from_the_start_is_not_counted(start):
    ballast = bytearray(200_000_000)

    def objective(config):
        return len(bytearray(30_000_000)) + len(ballast)

    [done] = outcomes(start(objective, workers=1, trial_memory=100_000_000), numbers(1))
    assert done.value == 230_000_000


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ({"workers": 0}, "workers=0"),
        ({"workers": 1, "trial_timeout": 0}, "trial_timeout=0"),
        ({"workers": 1, "trial_timeout": math.nan}, "trial_timeout=nan"),
        ({"workers": 1, "trial_memory": -1}, "trial_memory=-1"),
    ],
)
def test_numbers_without_sense_are_refused(limits, words):
    with pytest.raises(OptionError, match=words):
        ProcessExecutor(Evaluator(lambda c: 0.0), go_on, **limits)


def test_a_platform_that_cannot_limit_memory_says_so(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(OptionError, match="darwin does not keep to such a limit"):
        ProcessExecutor(Evaluator(lambda c: 0.0), go_on, workers=1, trial_memory=1)


# --- how it ends ----------------------------------------------------------------------------


def test_closing_in_the_middle_of_trials_leaves_no_process_and_no_file(start, tmp_path):
    def objective(config):
        child = subprocess.Popen(["sleep", str(int(LONG))])
        (tmp_path / str(config["x"])).write_text(f"{os.getpid()} {child.pid}")
        yield 1.0
        hold_the_interpreter()

    def interrupt(number, step, value):
        raise InterruptedError

    before, theirs = open_files(), children(os.getpid())
    executor = start(objective, interrupt)
    for x in range(2):
        executor.submit(Job(x, {"x": x}, seed=0))
    with pytest.raises(InterruptedError):
        executor.next()
    wait_until(lambda: len(list(tmp_path.iterdir())) == 2)
    wait_until(lambda: all(len(p.read_text().split()) == 2 for p in tmp_path.iterdir()))
    executor.close()
    executor.close()
    pids = [int(pid) for path in tmp_path.iterdir() for pid in path.read_text().split()]
    wait_until(lambda: not any(map(alive, pids)))
    assert children(os.getpid()) == theirs
    assert open_files() == before
    assert not executor.busy


def test_no_semaphore_can_stay_since_none_is_made():
    code = """
        import sys
        from unitune.executors.process import ProcessExecutor
        from unitune.job import Job
        from unitune.objective import Evaluator
        from unitune.trial import Verdict

        def semaphores(config=None):
            return float("_multiprocessing" in sys.modules)

        executor = ProcessExecutor(Evaluator(semaphores), lambda *_: Verdict.CONTINUE, workers=1)
        executor.submit(Job(0, {}, seed=0))
        print(executor.next().outcome.value, semaphores())
        executor.close()
    """
    assert script(code).stdout == "0.0 0.0\n"


def test_asking_for_a_result_of_nothing_is_refused(start):
    with pytest.raises(LookupError, match="No job"):
        start(lambda c: 0.0).next()


DRIVER = """
    import ctypes, os, sys, time
    from unitune.executors.process import ProcessExecutor
    from unitune.job import Job
    from unitune.objective import Evaluator
    from unitune.trial import Verdict

    def objective(config):
        yield os.getpid()
        if config["x"] == 0:
            ctypes.PyDLL(None).sleep(60)  # with the interpreter lock
        elif config["x"] == 1:
            time.sleep(60)
        yield 0.0

    def on_report(number, step, value):
        print(int(value), flush=True)
        return Verdict.CONTINUE

    executor = ProcessExecutor(Evaluator(objective), on_report, workers=3)
    for x in range(3):
        executor.submit(Job(x, {"x": x}, seed=0))
    try:
        executor.next()
        print("idle", flush=True)
        executor.next()
    except KeyboardInterrupt:
        print("interrupted", flush=True)
        sys.stdin.readline()
        executor.close()
        print("closed", flush=True)
"""


@pytest.fixture
def driver():
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(DRIVER)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        pids = set()
        for line in process.stdout:
            pids.add(line.strip())
            if "idle" in pids and len(pids) == 5:
                break
        yield process, [int(pid) for pid in pids - {"idle", "0"}]
        process.kill()


def test_workers_end_when_the_driver_is_killed(driver):
    process, pids = driver
    assert all(map(alive, pids))
    process.kill()
    begun = time.monotonic()
    wait_until(lambda: not any(map(alive, pids)))
    assert time.monotonic() - begun < LONG / 3


def test_workers_end_when_the_driver_is_killed_though_a_child_that_it_forked_lives():
    code = """
        import os, time
        from unitune.executors.process import ProcessExecutor
        from unitune.job import Job
        from unitune.objective import Evaluator
        from unitune.trial import Verdict

        executor = ProcessExecutor(
            Evaluator(lambda config: os.getpid()), lambda *_: Verdict.CONTINUE, workers=1
        )
        executor.submit(Job(0, {}, seed=0))
        worker = int(executor.next().outcome.value)
        child = os.fork()
        if child == 0:
            time.sleep(600)
        executor.submit(Job(1, {}, seed=0))  # the worker is not the child's to end
        print(worker, child, int(executor.next().outcome.value) == worker, flush=True)
        time.sleep(600)
    """
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.PIPE, text=True
    ) as process:
        worker, child, same = process.stdout.readline().split()
        try:
            assert same == "True"
            process.kill()
            wait_until(lambda: not alive(int(worker)))
            assert alive(int(child))
        finally:
            os.kill(int(child), signal.SIGKILL)


def test_ctrl_c_reaches_the_driver_only(driver):
    process, pids = driver
    os.killpg(process.pid, signal.SIGINT)  # what a terminal does
    assert process.stdout.readline() == "interrupted\n"
    time.sleep(0.2)
    assert all(map(alive, pids))
    process.stdin.write("\n")
    process.stdin.flush()
    assert process.stdout.readline() == "closed\n"
    assert not any(map(alive, pids))
    assert process.wait(LONG) == 0
    assert process.stderr.read() == ""


# --- where it is used -----------------------------------------------------------------------


def test_prints_of_an_objective_appear_as_they_are_and_when_they_are_made(start, capfd):
    seen = []

    def on_report(number, step, value):
        seen.append(capfd.readouterr().out)
        return Verdict.CONTINUE

    def objective(config):
        print("größer:", config["x"])
        yield 1.0
        print("no line end", end="")
        print("trouble", file=sys.stderr)
        return 1.0

    outcomes(start(objective, on_report, workers=1), numbers(1))
    assert seen == ["größer: 0\n"]
    rest = capfd.readouterr()
    assert (rest.out, rest.err) == ("no line end", "trouble\n")


def test_an_objective_cannot_eat_what_is_typed_for_the_driver(start):
    assert outcomes(start(lambda c: len(sys.stdin.read()), workers=1), numbers(1))[0].value == 0


def test_it_works_in_a_thread_and_goes_on_in_another(start):
    executor, results = start(lambda c: c["x"]), []
    for begin in (0, 10):  # the thread that started the workers is gone in the second turn
        thread = threading.Thread(
            target=lambda begin=begin: results.extend(evaluate(executor, numbers(10), begin))
        )
        thread.start()
        thread.join(LONG)
    assert sorted(f.job.number for f in results) == list(range(20))
    assert {f.outcome.state for f in results} == {State.COMPLETE}


def test_objectives_may_start_processes_of_their_own(start):
    def objective(config):
        import concurrent.futures
        import multiprocessing

        context = multiprocessing.get_context(config["method"])
        with concurrent.futures.ProcessPoolExecutor(2, mp_context=context) as pool:
            return sum(pool.map(math.factorial, range(4)))

    configs = [{"method": "fork"}, {"method": "spawn"}]
    done = outcomes(start(objective, workers=1), configs)
    assert [o.value for o in done] == [10.0, 10.0], done


def test_large_results_come_back_whole(start):
    def objective(config):
        return {"value": config["x"], "weights": bytes([config["x"]]) * 30_000_000}

    done = outcomes(start(objective, metric="value"), numbers(4))
    assert [o.metrics["weights"] for o in done] == [bytes([x]) * 30_000_000 for x in range(4)]


def test_more_jobs_than_workers_wait_their_turn(start):
    executor = start(lambda c: c["x"], workers=2)
    assert not executor.busy
    for number in range(5):
        executor.submit(Job(number, {"x": number}, seed=0))
    values = [executor.next().outcome.value for _ in range(5)]
    assert sorted(values) == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert not executor.busy


def test_a_job_that_waited_runs_while_the_driver_thinks(start, tmp_path):
    executor = start(lambda c: (tmp_path / str(c["x"])).touch() or 0.0, workers=1)
    executor.submit(Job(0, {"x": 0}, seed=0))
    executor.submit(Job(1, {"x": 1}, seed=0))
    assert executor.next().job.number == 0
    wait_until((tmp_path / "1").exists)  # and nobody calls `next`
    assert executor.next().job.number == 1


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_results_do_not_depend_on_the_order_of_submission(start, order):
    executor = start(lambda c, trial: c["x"] * 1000 + trial.seed + trial.number / 10, workers=2)
    done = {}
    for number in order:
        executor.submit(Job(number, {"x": number}, seed=7 * number))
    while executor.busy:
        finished = executor.next()
        done[finished.job.number] = finished.outcome.value
    assert done == {n: n * 1000 + 7 * n + n / 10 for n in range(3)}
