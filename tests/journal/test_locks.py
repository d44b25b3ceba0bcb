from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time

import pytest

from unitune.journal import JournalError, open_journal
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


def test_a_server_that_ends_the_connection_ends_the_study_and_the_lock(database, header):
    import psycopg

    with open_journal(database) as journal:
        log = journal.create("s", header)
        log.append("asked", 0)
        with psycopg.connect(database, autocommit=True) as other:
            other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        with pytest.raises(JournalError, match=r"ended the connection|connection was lost|failed"):
            log.append("asked", 1)
        log.close()
        deadline = time.monotonic() + 60
        while True:
            try:
                again = journal.resume("s")
                break
            except JournalError:
                assert time.monotonic() < deadline
        assert [event.number for event in again.events()] == [0]
        again.close()
