"""Leases, on databases that have locks of their own as well, and on one that has none."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

import unitune
from unitune.errors import OptionError
from unitune.journal import JournalError, open_journal
from unitune.journal.leases import Lease, _read
from unitune.journal.schema import leases
from unitune.space import Float

# Appends an event for every line it is sent, and says how it went.
DRIVER = """
import os, signal, sys
from unitune.journal import JournalError, open_journal

log = open_journal(sys.argv[1]).resume("s")
print("held", flush=True)
for line in sys.stdin:
    if line == "stop\\n":
        with log._turn:  # between two writes, as nearly every moment is
            os.kill(os.getpid(), signal.SIGSTOP)
        continue
    try:
        log.append("started", int(line))
        print("written", flush=True)
    except JournalError as error:
        print(error, flush=True)
"""


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def leased(request, tmp_path):
    """Return a storage= that is kept with leases of a second."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/journal.db?lease=1"
    name = {"postgresql": "database", "mariadb": "mysql_database"}[request.param]
    return f"{request.getfixturevalue(name)}?lease=1"


@contextlib.contextmanager
def driver_of(storage, header):
    with open_journal(storage) as journal:
        journal.create("s", header).close()
    command = [sys.executable, "-c", DRIVER, storage]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes) as process:
        try:
            assert process.stdout.readline() == "held\n"
            yield process
        finally:
            process.kill()


def append(process, number):
    process.stdin.write(f"{number}\n")
    process.stdin.flush()
    return process.stdout.readline()


def take_when_free(journal):
    """Resume the study once its driver was silent for long enough, however slow the machine is."""
    while True:
        with contextlib.suppress(JournalError):
            return journal.resume("s")


def numbers(log):
    return [event.number for event in log.events()]


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="this system does not stop processes")
def test_a_driver_that_wakes_up_after_another_took_over_may_not_write(leased, header):
    with driver_of(leased, header) as sleeper, open_journal(leased) as journal:
        assert append(sleeper, 0) == "written\n"
        sleeper.stdin.write("stop\n")
        sleeper.stdin.flush()
        with take_when_free(journal) as log:
            log.append("started", 1)
            sleeper.send_signal(signal.SIGCONT)
            answer = append(sleeper, 2)
            assert "lost its lock" in answer or "took over this study" in answer
            assert append(sleeper, 3) != "written\n"
            log.append("started", 4)
            assert numbers(log) == [0, 1, 4]


def test_a_killed_drivers_study_is_free_once_its_lease_ran_out_and_not_before(leased, header):
    with driver_of(leased, header) as driver, open_journal(leased) as journal:
        assert append(driver, 0) == "written\n"
        driver.kill()
        driver.wait()
        begun = time.monotonic()
        with take_when_free(journal) as log:
            assert time.monotonic() - begun >= 1.0
            assert numbers(log) == [0]


def test_a_driver_in_the_middle_of_a_write_is_waited_for_or_keeps_its_study(leased, header):
    """The one moment that a check before writing would leave open."""
    with open_journal(leased) as journal:
        slow = journal.create("s", header)
        with open_journal(leased) as other, other.read("s") as reader:
            seen = _read(reader._connection, slow._lock.key)
            rival = Lease(reader._connection, slow._lock.key, 1.0)
            won = []
            with slow._turn, slow._lock.fence():
                # What the rival saw was long ago; it takes what it believes to be silent.
                thread = threading.Thread(target=lambda: won.append(rival.take_over(seen)))
                thread.start()
                thread.join(0.2)
                assert won in ([], [False])
            thread.join()
            assert won == [False]
            slow.append("started", 0)
        slow.close()


def test_a_write_that_meets_a_driver_taking_over_is_refused(leased, header):
    with open_journal(leased) as journal, journal.create("s", header) as log:
        log.append("started", 0)
        answers = []

        def write():
            try:
                log.append("started", 1)
                answers.append("written")
            except JournalError as error:
                answers.append(str(error))

        with journal.read("s") as reader:
            rival = Lease(reader._connection, log._lock.key, 1.0)
            with reader._connection.begin():
                rival._set(leases.c.token == log._lock._token, token=rival._token, beats=0)
                thread = threading.Thread(target=write)
                thread.start()
                thread.join(0.3)
                assert answers == [], "it waits for what becomes of the lease"
            thread.join()
            assert "took over this study" in answers[0] or "lost its lock" in answers[0]
            assert numbers(reader) == [0]


def test_a_driver_that_lost_its_lease_writes_nothing(leased, header):
    with open_journal(leased) as journal, journal.create("s", header) as log:
        log.append("started", 0)
        with journal.read("s") as reader:
            rival = Lease(reader._connection, log._lock.key, 1.0)
            with log._turn:
                assert rival.take_over(_read(reader._connection, rival.key))
            with pytest.raises(JournalError, match=r"took over this study|lost its lock"):
                log.append("started", 1)
            assert not log._lock.held
            log.close()
            assert _read(reader._connection, rival.key).token != "free", "it lets go of its own"
            assert numbers(reader) == [0]


def test_one_of_several_drivers_gets_a_free_study(leased, header):
    with open_journal(leased) as journal:
        journal.create("s", header).close()
    start = threading.Barrier(4)
    won = []

    def resume():
        with open_journal(leased) as journal:
            start.wait()
            with contextlib.suppress(JournalError):
                won.append(journal.resume("s"))

    threads = [threading.Thread(target=resume) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    won[0].append("resumed")
    won[0].close()


def test_a_silent_driver_is_announced_before_its_study_is_taken(leased, header, caplog):
    with driver_of(leased, header) as driver, open_journal(leased) as journal:
        driver.kill()
        driver.wait()
        take_when_free(journal).close()
    assert "driver of study 's' is silent; the study is taken from it in" in caplog.text


def test_a_lease_outlives_its_connection(database, header):
    import psycopg

    with open_journal(f"{database}?lease=60") as journal, journal.create("s", header) as log:
        log.append("started", 0)
        with psycopg.connect(database, autocommit=True) as other:
            other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE usename = current_user AND pid <> pg_backend_pid()"
            )
        with pytest.raises(JournalError):
            log.append("started", 1)
        log.append("started", 2)
        assert numbers(log) == [0, 2]


@pytest.mark.parametrize("begun", ["", "?lease=9"])
def test_drivers_with_and_without_leases_do_not_share_a_journal(tmp_path, begun):
    url = f"sqlite:///{tmp_path}/journal.db"
    open_journal(url + begun).close()
    other = "" if begun else "?lease=9"
    sentence = "take lease= out of its URL" if other else r"add '\?lease=60' to its URL"
    with pytest.raises(JournalError, match=sentence):
        open_journal(url + other)
    open_journal(url + begun).close()


@pytest.mark.parametrize("given", ["0", "0.5", "-1", "nan", "inf", "x", "1&lease=2"])
def test_leases_of_no_sensible_length_are_refused(tmp_path, given):
    with pytest.raises(OptionError, match="lease="):
        open_journal(f"sqlite:///{tmp_path}/journal.db?lease={given}")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE unitune_leases ENGINE = MyISAM",
        "ALTER TABLE unitune_leases DROP PRIMARY KEY",
    ],
)
def test_databases_that_cannot_keep_leases_are_refused(mysql_database, mysql_do, header, change):
    with open_journal(f"{mysql_database}?lease=9") as journal:
        journal.create("s", header).close()
        mysql_do(mysql_database, change)
        with pytest.raises(JournalError, match="does not keep the journal's primary keys apart"):
            journal.resume("s")
        assert len(mysql_do(mysql_database, "SELECT * FROM unitune_leases")) <= 2


def test_a_database_that_may_not_be_written_says_so(tmp_path, header):
    path = tmp_path / "journal.db"
    with open_journal(f"sqlite:///{path}?lease=9") as journal:
        journal.create("s", header).close()
    with (
        open_journal(f"sqlite:///file:{path}?mode=ro&uri=true&lease=9") as journal,
        pytest.raises(JournalError, match="it cannot be written: see to the permissions"),
    ):
        journal.resume("s")


# A database without any locks that SQLAlchemy reaches by a package of another hand.


@pytest.fixture
def duckdb(tmp_path):
    pytest.importorskip("duckdb_engine")
    return f"duckdb:///{tmp_path}/journal.duckdb?lease=3"


def test_a_journal_is_kept_in_a_database_that_only_sqlalchemy_knows(duckdb, header):
    with open_journal(duckdb) as journal, journal.create("s", header) as log:
        log.append("asked", 0, {"x": 1})
        log.append("finished", 0, {"state": "complete", "value": 0.5, "pad": "x" * 100_000})
        with pytest.raises(JournalError, match=f"held by process {os.getpid()}"):
            journal.resume("s")
    with open_journal(duckdb) as journal, journal.resume("s") as log:
        log.append("resumed")
        assert [event.seq for event in log.events()] == [1, 2, 3]
        assert journal.studies()[0].best == 0.5
        with pytest.raises(JournalError, match="has a study 's' already"):
            journal.create("s", header)


def test_a_run_is_resumed_exactly_there(duckdb):
    space = {"x": Float(-1.0, 1.0)}

    def loss(config, trial):
        if trial.number == 15 and not again:
            raise KeyboardInterrupt
        return config["x"] ** 2

    again = []
    given = {"backend": "optuna", "method": "tpe", "storage": duckdb, "study": "mine"}
    given |= {"n_trials": 24, "resume": True}
    assert unitune.run(space, loss, seed=3, **given).reason == "interrupted"
    again.append(1)
    resumed = unitune.run(space, loss, **given)
    unbroken = unitune.run(space, loss, backend="optuna", method="tpe", n_trials=24, seed=3)
    assert resumed.resumed == "exact"
    assert [t.config for t in resumed.trials] == [t.config for t in unbroken.trials]
