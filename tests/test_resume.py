"""Runs kept in a journal: taken up again after any end, exactly where they were."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from spaces import CONDITIONAL, MIXED, any_loss, mixed_loss

import unitune
from unitune.errors import OptionError, SpaceError, UnituneWarning
from unitune.journal import JournalError, open_journal
from unitune.space import Categorical, Float, Int, Space
from unitune.trial import State

METHODS = [
    *(("builtin", "random"), ("builtin", "grid"), ("optuna", "tpe"), ("optuna", "cmaes")),
    *(("hyperopt", "tpe"), ("hyperopt", "grid"), ("skopt", "forest"), ("skopt", "gp_fast")),
]


@pytest.fixture
def run(tmp_path):
    """Run on a journal of the test's own."""

    def start(space=MIXED, objective=mixed_loss, **settings):
        given = {"backend": "builtin", "method": "random", "n_trials": 24, "resume": True}
        given |= {"storage": tmp_path / "journal.db", "study": "mine", **settings}
        return unitune.run(space, objective, **given)

    return start


def failing(config, trial):
    """A loss with failures, which studies must also be told again."""
    if trial.number % 5 == 3:
        raise ValueError("every fifth")
    return mixed_loss(config)


def interrupted_at(number, objective=failing):
    """Return an objective that Ctrl-C ends in one trial."""

    def interrupted(config, trial):
        if trial.number == number:
            raise KeyboardInterrupt
        return objective(config, trial)

    return interrupted


def told(result):
    return [(trial.config, trial.state, trial.value, trial.seed) for trial in result.trials]


@pytest.mark.parametrize(("backend", "method"), METHODS)
def test_a_resumed_run_equals_an_unbroken_one(run, backend, method):
    given = {"backend": backend, "method": method}
    whole = unitune.run(MIXED, failing, n_trials=24, seed=5, **given)
    first = run(objective=interrupted_at(15), seed=5, **given)
    assert (first.reason, len(first.trials)) == ("interrupted", 15)
    second = run(objective=interrupted_at(19), **given)
    last = run(objective=failing, **given)
    assert (second.resumed, last.resumed) == ("exact", "exact")
    assert told(last) == told(whole)
    assert last.transcript == whole.transcript


def test_conditional_spaces_and_reports_come_back(run):
    def objective(config, trial):
        if trial.number == 16:
            raise KeyboardInterrupt
        yield from whole(config)

    def whole(config):
        for epoch in range(3):
            yield any_loss(config) + epoch

    settings = {"backend": "optuna", "method": "tpe", "seed": 1, "scheduler": "median"}
    assert run(CONDITIONAL, objective, **settings).reason == "interrupted"
    resumed = run(CONDITIONAL, whole, **settings)
    unbroken = unitune.run(CONDITIONAL, whole, n_trials=24, **settings)
    assert told(resumed) == told(unbroken)
    assert [t.reports for t in resumed.trials] == [t.reports for t in unbroken.trials]


def test_n_trials_is_the_total_over_all_runs(run):
    assert len(run(n_trials=5).trials) == 5
    assert len(run(n_trials=8).trials) == 8
    again = run(n_trials=8, objective=lambda config: pytest.fail("nothing is left to do"))
    assert (len(again.trials), again.reason) == (8, "n_trials")


def test_trials_that_were_running_do_not_exceed_a_smaller_budget(run):
    def interrupted(config, trial):
        if trial.number >= 7:
            time.sleep(0.2)
        return config["x"]

    def stop(trial, run):
        if trial.number == 6:
            raise KeyboardInterrupt

    run(objective=interrupted, workers=3, callbacks=[stop])
    left = run(objective=lambda config: config["x"], n_trials=8)
    assert len(left.trials) == 8
    assert len(run(objective=lambda config: config["x"], n_trials=12).trials) == 12


def test_without_resume_a_study_that_is_there_is_refused(run):
    run(n_trials=2)
    with pytest.raises(JournalError, match="has a study 'mine' already; pass resume=True"):
        run(resume=False)
    assert len(run(n_trials=2, study="other", resume=False).trials) == 2


def test_a_run_without_a_name_is_given_one(run):
    result = run(study=None, resume=False, n_trials=2)
    assert result.study
    assert len(run(study=result.study, n_trials=4).trials) == 4


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"mode": "max"}, "begun with mode=min"),
        ({"metric": "loss"}, "begun with metric=None"),
        ({"seed": 99}, "begun with seed=3 and cannot be resumed with seed=99"),
        ({"study": None}, "give study="),
        ({"storage": None}, "give storage= too"),
        ({"replay": [("ask", 0)]}, "replay= repeats a run from its start"),
        ({"backend": "ray"}, "owns its loop"),
    ],
)
def test_what_cannot_change_is_refused_and_nothing_is_lost(run, settings, sentence):
    run(n_trials=3, seed=3)
    with pytest.raises(OptionError, match=sentence):
        run(**settings)
    assert len(run(n_trials=3).trials) == 3


def test_a_study_goes_on_on_another_backend(run):
    first = run(n_trials=15, backend="hyperopt", method="tpe", seed=1)
    second = run(n_trials=24, backend="optuna", method="tpe")
    assert second.resumed.startswith("it was hyperopt:tpe")
    assert told(second)[:15] == told(first)
    assert len(second.native.trials) == 24
    assert len({repr(trial.config) for trial in second.trials}) == 24
    third = run(n_trials=26, backend="optuna", method="tpe")
    assert third.resumed == "exact"
    assert told(third)[:24] == told(second)


def test_widened_bounds_and_added_choices_are_accepted_and_told(run):
    small = Space({"x": Float(0.0, 1.0), "kind": Categorical(["a", "b"])})
    large = Space({"x": Float(-1.0, 2.0), "kind": Categorical(["new", "a", "b"])})

    def loss(config):
        return abs(config["x"] + 0.5) + (config["kind"] != "new")

    first = run(small, loss, n_trials=15, backend="optuna", seed=1)
    second = run(large, loss, n_trials=40, backend="optuna")
    assert "its bounds, 0.0 to 1.0, are now -1.0 to 2.0" in second.resumed
    assert [t.config for t in second.trials[:15]] == [t.config for t in first.trials]
    assert second.best.config["kind"] == "new"
    assert run(large, loss, n_trials=42, backend="optuna").resumed == "exact"


def test_any_other_change_of_the_space_is_refused_with_the_difference(run):
    run(Space({"x": Float(0.0, 1.0), "n": Int(1, 5)}), any_loss, n_trials=2)
    with pytest.raises(SpaceError, match=r"(?s)'n': it is gone.*'x': .*which is not wider"):
        run(Space({"x": Float(0.5, 1.0)}), any_loss)


def test_a_proposal_that_differs_goes_on_with_a_new_seed_and_says_so(run, tmp_path):
    first = run(n_trials=10, backend="optuna", method="random", seed=1)
    with sqlite3.connect(tmp_path / "journal.db") as base:
        query = "select data from unitune_events where kind='asked' and number=7"
        (text,) = base.execute(query).fetchone()
        changed = text.replace('"n":', '"n":1', 1)
        update = "update unitune_events set data=? where kind='asked' and number=7"
        base.execute(update, [changed])
    with pytest.warns(UnituneWarning, match="goes on with a new seed"):
        second = run(n_trials=20, backend="optuna", method="random")
    assert "no longer proposes" in second.resumed
    configs = [repr(trial.config) for trial in second.trials]
    assert len(set(configs)) == 20
    assert len(first.trials) == 10
    assert run(n_trials=22, backend="optuna", method="random").resumed == "exact"


def test_two_drivers_on_one_study_are_refused_and_a_second_study_is_fine(run, tmp_path):
    run(n_trials=1)
    with open_journal(tmp_path / "journal.db") as journal, journal.resume("mine"):
        with pytest.raises(JournalError, match=f"held by process {os.getpid()}"):
            run()
        assert len(run(study="other", n_trials=2).trials) == 2
    assert len(run(n_trials=2).trials) == 2


def test_retries_are_counted_over_resumes(run):
    def broken(config, trial):
        if trial.number == 2:
            raise OSError("disk")
        if trial.number == 4:
            raise KeyboardInterrupt
        return 1.0

    run(objective=broken, retries=1, n_trials=6)
    last = run(objective=lambda config: 1.0, retries=1, n_trials=6)
    assert [str(failure) for failure in last.trials[2].attempts] == ["OSError: disk"]
    assert last.trials[2].state is State.FAILED


def test_the_journal_holds_json_only(run, tmp_path):
    space = Space({"f": Categorical([max, min]), "x": Float(0.0, 1.0)})
    result = run(space, lambda config: {"loss": config["x"], "lock": object()}, metric="loss")
    assert all(trial.config["f"] in (max, min) for trial in result.trials)
    with sqlite3.connect(tmp_path / "journal.db") as base:
        kinds = {type(data) for (data,) in base.execute("select data from unitune_events")}
    assert kinds == {str}


# The driver killed, at random moments

SCRIPT = """
    import sys, time
    sys.path.insert(0, TESTS)
    from spaces import MIXED, mixed_loss
    import unitune

    def objective(config, trial):
        time.sleep(0.004)
        if trial.number % 7 == 5:
            raise ValueError("every seventh")
        return mixed_loss(config)

    unitune.run(
        MIXED, objective, backend=BACKEND, method=METHOD, n_trials=40, seed=2, workers=WORKERS,
        storage=STORAGE, study="killed", resume=True, progress=False,
        options={"n_initial_points": 60} if BACKEND == "skopt" else None,
    )
"""


def finished(storage):
    """Return the stored text of every finished trial by number."""
    if not Path(storage).exists():
        return {}
    try:
        with sqlite3.connect(f"file:{storage}?mode=ro", uri=True, timeout=10) as base:
            query = "select number, data from unitune_events where kind='finished'"
            rows = base.execute(query).fetchall()
    except sqlite3.OperationalError:  # not made yet
        return {}
    assert len(rows) == len(dict(rows)), "a number was finished twice"
    return dict(rows)


@pytest.mark.parametrize("workers", [1, 2], ids=["serial", "process"])
@pytest.mark.parametrize(
    ("backend", "method"),
    [("builtin", "random"), ("optuna", "tpe"), ("hyperopt", "tpe"), ("skopt", "forest")],
)
def test_nothing_is_lost_when_the_driver_is_killed(tmp_path, backend, method, workers):
    storage = str(tmp_path / "journal.db")
    names = {"TESTS": str(Path(__file__).parent), "BACKEND": backend, "METHOD": method}
    names |= {"STORAGE": storage, "WORKERS": workers}
    header = "\n".join(f"{name} = {value!r}" for name, value in names.items())
    code = f"{header}\n{textwrap.dedent(SCRIPT)}"
    dice = random.Random(f"{backend}/{workers}")
    kept = {}
    for moment in (6, 14, 22, 30):  # four kills for each of eight cells: 32 in all
        with subprocess.Popen([sys.executable, "-c", code]) as driver:
            while len(finished(storage)) < moment and driver.poll() is None:
                time.sleep(0.002)
            time.sleep(dice.uniform(0, 0.02))
            driver.send_signal(signal.SIGKILL)
        now = finished(storage)
        assert kept.items() <= now.items()
        kept = now
    subprocess.run([sys.executable, "-c", code], check=True)
    end = finished(storage)
    assert kept.items() <= end.items()
    assert sorted(end) == list(range(40))
    settings = {"backend": backend, "method": method, "n_trials": 40}
    if backend == "skopt":
        settings["options"] = {"n_initial_points": 60}
    result = unitune.run(
        MIXED, killed_loss, storage=storage, study="killed", resume=True, **settings
    )
    assert [trial.number for trial in result.trials] == list(range(40))
    assert result.resumed == "exact"
    if workers == 1:
        unbroken = unitune.run(MIXED, killed_loss, seed=2, **settings)
        assert told(result) == told(unbroken)


def killed_loss(config, trial):
    """What the killed script evaluates, without its sleep."""
    if trial.number % 7 == 5:
        raise ValueError("every seventh")
    return mixed_loss(config)


def test_a_trial_that_kills_its_driver_again_and_again_is_lost(tmp_path):
    storage = str(tmp_path / "journal.db")
    code = textwrap.dedent(
        f"""
        import os, unitune

        def objective(config, trial):
            if trial.number == 2:
                os._exit(9)
            return config["x"]

        unitune.run(
            {{"x": unitune.Float(0.0, 1.0)}}, objective, backend="builtin", method="random",
            n_trials=5, storage={storage!r}, study="deadly", resume=True, progress=False,
        )
        """
    )
    ends = [subprocess.run([sys.executable, "-c", code], check=False) for _ in range(4)]
    assert [end.returncode for end in ends] == [9, 9, 9, 0]
    space = Space({"x": Float(0.0, 1.0)})
    result = unitune.run(
        space,
        lambda config: pytest.fail("all is done"),
        backend="builtin",
        method="random",
        n_trials=5,
        resume=True,
        storage=storage,
        study="deadly",
    )
    assert [t.number for t in result.trials if t.state is State.FAILED] == [2]
    assert result.trials[2].failure.kind == "Lost"


def test_a_disk_that_fills_ends_the_run_with_a_sentence_and_nothing_is_lost(tmp_path):
    storage = str(tmp_path / "journal.db")
    code = textwrap.dedent(
        f"""
        import resource, signal, unitune

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

        def objective(config, trial):
            if trial.number == 30:
                resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))
            return config["x"]

        try:
            unitune.run(
                {{"x": unitune.Float(0.0, 1.0)}}, objective, backend="builtin", method="random",
                n_trials=5000, storage={storage!r}, study="full", progress=False,
            )
        except unitune.UnituneError as error:
            print(type(error).__name__, len(error.result.trials), error)
        """
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.startswith("JournalError"), done.stdout + done.stderr
    assert "nothing written so far is lost" in done.stdout or "limit on file sizes" in done.stdout
    kept = finished(storage)
    assert len(kept) == 30
    result = unitune.run(
        Space({"x": Float(0.0, 1.0)}),
        lambda config: config["x"],
        backend="builtin",
        method="random",
        n_trials=35,
        resume=True,
        storage=storage,
        study="full",
    )
    assert (len(result.trials), result.resumed) == (35, "exact")
    assert kept.items() <= finished(storage).items()
