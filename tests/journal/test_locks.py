from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time

import pytest

from unitune.journal import JournalError, locks, open_journal
from unitune.journal.locks import take

HOLDER = """
import sys, time
from unitune.journal import open_journal

log = open_journal(sys.argv[1]).resume("s")
print("held", flush=True)
time.sleep(600)
"""


@pytest.fixture
def holder(storage, header):
    """Another process that holds study 's'."""
    with open_journal(storage) as journal:
        journal.create("s", header).close()
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, storage], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_a_second_driver_is_refused_and_told_who_holds_the_study(storage, holder):
    with open_journal(storage) as journal:
        with pytest.raises(JournalError, match="is held by") as caught:
            journal.resume("s")
        assert f"process {holder.pid} on host {socket.gethostname()} since" in str(caught.value)
        assert "another study=" in str(caught.value)


def test_the_lock_goes_with_its_holder(storage, holder):
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    with open_journal(storage) as journal, journal.resume("s") as log:
        log.append("resumed")


def test_a_held_study_can_be_read_and_others_written(storage, holder, header):
    with open_journal(storage) as journal:
        with journal.read("s") as log:
            assert list(log.events()) == []
        with journal.create("other", header) as log:
            log.append("asked", 0)
        assert [study.name for study in journal.studies()] == ["s", "other"]


def test_a_study_is_held_within_one_process_too_until_its_log_is_closed(journal, header):
    log = journal.create("s", header)
    with pytest.raises(JournalError, match=f"process {os.getpid()}"):
        journal.resume("s")
    log.close()
    journal.resume("s").close()


def test_a_process_started_by_the_driver_does_not_keep_the_lock(journal, header):
    log = journal.create("s", header)
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    try:
        log.close()
        journal.resume("s").close()
    finally:
        child.kill()
        child.wait()


def test_a_lock_file_left_by_a_killed_driver_means_nothing(file):
    with open_journal(file) as journal:
        log = journal.resume("s")
        (lock,) = file.parent.glob("*.lock")
        log.close()
        lock.write_text("left over")
        journal.resume("s").close()
    assert list(file.parent.iterdir()) == [file], "a closed journal is one file"


def test_a_lock_is_let_go_once(journal, header):
    journal.create("s", header).close()
    with journal.read("s") as log:
        lock = take(log._connection, "s")
        assert lock.held
        lock.release()
        lock.release()
        assert not lock.held


@pytest.fixture(params=["postgresql", "mariadb"])
def cut(request):
    """Return a storage=, and what makes its server end every other connection to it."""
    if request.param == "mariadb":
        url, do = (request.getfixturevalue(name) for name in ("mysql_database", "mysql_do"))

        def end():
            listed = "SELECT id FROM information_schema.processlist WHERE db = DATABASE()"
            others = f"{listed} AND id <> CONNECTION_ID()"
            for (number,) in do(url, others):
                do(url, f"KILL {number}")

        return url, end
    url = request.getfixturevalue("database")

    def end():
        import psycopg

        with psycopg.connect(url, autocommit=True) as other:
            other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE usename = current_user AND pid <> pg_backend_pid()"
            )

    return url, end


def test_a_server_that_ends_the_connection_ends_the_study_and_the_lock(cut, header):
    storage, end = cut
    with open_journal(storage) as journal:
        log = journal.create("s", header)
        log.append("asked", 0)
        end()
        with pytest.raises(JournalError, match=r"ended the connection|connection was lost"):
            log.append("asked", 1)
        with pytest.raises(JournalError):
            log.append("asked", 1)
        log.close()
        with resumed(journal) as again:
            assert [event.number for event in again.events()] == [0]


def resumed(journal):
    """Resume the study as soon as it is free."""
    while True:
        with contextlib.suppress(JournalError):
            return journal.resume("s")


# MySQL and MariaDB end sessions that say nothing for a while, and locks with them.


def test_a_session_outlives_the_servers_patience(mysql_database, mysql_do, header, monkeypatch):
    monkeypatch.setattr(locks, "SILENCE", 2)
    monkeypatch.setattr(locks, "PULSE", 0.2)
    (row,) = mysql_do(mysql_database, "SELECT @@wait_timeout")
    assert row == (3,), "the server's own"
    with open_journal(mysql_database) as journal, journal.create("s", header) as log:
        assert log._connection.exec_driver_sql("SELECT @@wait_timeout").scalar() == 2
        log._connection.commit()
        time.sleep(4.0)
        log.append("asked", 0)


IDLE = HOLDER.replace("time.sleep(600)", "sys.stdin.readline()\nlog.append('asked', 0)").replace(
    "log =", "from unitune.journal import locks\nlocks.SILENCE, locks.PULSE = 2, 0.2\nlog ="
)


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="this system does not stop processes")
def test_the_lock_of_a_host_that_vanished_becomes_free(mysql_database, header):
    """A stopped process stands in for the host: its end of the connection stays and is silent."""
    with open_journal(mysql_database) as journal:
        journal.create("s", header).close()
        command = [sys.executable, "-c", IDLE, mysql_database]
        pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        with subprocess.Popen(command, **pipes, text=True) as process:
            assert process.stdout.readline() == "held\n"
            process.send_signal(signal.SIGSTOP)
            with resumed(journal) as log:
                process.send_signal(signal.SIGCONT)
                assert "JournalError" in process.communicate("\n")[1]
                assert list(log.events()) == []


def test_the_same_name_in_another_database_of_the_server_is_another_study(
    mysql_database, mysql_do, header
):
    here, there = mysql_database, mysql_database + "b"
    mysql_do(here, f"CREATE DATABASE {there.rpartition('/')[2]}")
    with (
        open_journal(here) as first,
        open_journal(there) as second,
        first.create("s", header),
        second.create("s", header) as log,
    ):
        log.append("asked", 0)


@pytest.mark.skipif(sys.platform == "win32", reason="no process interrupts itself there")
def test_ctrl_c_does_not_cut_the_connection_in_the_middle_of_a_write(mysql_database, header):
    with open_journal(mysql_database) as journal, journal.create("s", header) as log:
        cursor = log._cursor

        class Interrupted:
            def execute(self, row):
                signal.raise_signal(signal.SIGINT)
                cursor.execute(row)

        log._cursor = Interrupted()
        with pytest.raises(KeyboardInterrupt):
            log.append("asked", 0)
        log._cursor = cursor
        log.append("ended")
        assert [event.kind for event in log.events()] == ["asked", "ended"]


def test_a_second_ctrl_c_ends_a_write_that_hangs(mysql_database, header):
    with open_journal(mysql_database) as journal, journal.create("s", header) as log:

        class Hanging:
            def execute(self, row):
                signal.raise_signal(signal.SIGINT)
                signal.raise_signal(signal.SIGINT)
                pytest.fail("it went on")

        log._cursor = Hanging()
        with pytest.raises(KeyboardInterrupt):
            log.append("asked", 0)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
