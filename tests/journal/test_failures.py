from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
import sys
import tempfile

import pytest
from sqlalchemy.engine import Connection

from unitune.errors import OptionError
from unitune.journal import JournalError, open_journal, places
from unitune.journal.history import as_stored, past

FILL = """
import resource, sys
from unitune.journal import JournalError, open_journal

with open_journal(sys.argv[1]) as journal, journal.resume("s") as log:
    if sys.argv[2] == "limit":
        resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))
    elif sys.argv[2] == "pages":
        log._connection.exec_driver_sql("PRAGMA max_page_count=60")
    written = 0
    try:
        while True:
            log.append("started", written, {"attempt": 1, "pad": "x" * 1000})
            written += 1
    except JournalError as error:
        print(written, error)
"""


def sql(path, *statements):
    with sqlite3.connect(path) as connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()


def fill(path, how):
    done = subprocess.run(
        [sys.executable, "-c", FILL, str(path), how], capture_output=True, text=True, check=True
    )
    written, _, sentence = done.stdout.partition(" ")
    return int(written), sentence


def set_pages(log, most):
    with log._connection.begin():
        log._connection.exec_driver_sql(f"PRAGMA max_page_count={most}")


def check_intact(path, written):
    with open_journal(path) as journal, journal.resume("s") as log:
        assert [event.seq for event in log.events()] == list(range(1, 11 + written))
        log.append("resumed")
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()


def test_a_full_database_is_said_to_be_full_and_stays_intact(file):
    written, sentence = fill(file, "pages")
    assert "the disk is full: make room and resume the study" in sentence
    assert written > 10
    check_intact(file, written)


@pytest.mark.skipif(sys.platform == "win32", reason="no such limit there")
def test_a_limit_on_file_sizes_is_named_and_the_journal_stays_intact(file):
    written, sentence = fill(file, "limit")
    assert "a limit on file sizes was reached" in sentence
    assert written > 10
    check_intact(file, written)


def test_a_full_disk_is_said_to_be_full_and_the_journal_stays_intact(tmp_path, file):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
    if sys.platform != "linux" or os.geteuid() or subprocess.run(mount, check=False).returncode:
        pytest.skip("a small disk can be made by root only")
    try:
        path = disk / "file.db"
        path.write_bytes(file.read_bytes())
        written, sentence = fill(path, "disk")
        assert "the disk is full: make room and resume the study" in sentence
        assert written > 10
        room = tmp_path / "file.db"
        for part in disk.iterdir():
            (room.parent / part.name).write_bytes(part.read_bytes())
        check_intact(room, written)
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_a_log_goes_on_once_there_is_room_again(file):
    with open_journal(file) as journal, journal.resume("s") as log:
        set_pages(log, 1)
        with pytest.raises(JournalError, match="disk is full"):
            log.append("started", 10, {"pad": "x" * 100_000})
        set_pages(log, 1_000_000)
        log.append("started", 10, {"pad": "x" * 100_000})
        assert [event.seq for event in log.events()] == list(range(1, 12))


def test_a_read_only_journal_can_be_read_and_says_why_it_cannot_be_written(file, header):
    with open_journal(f"sqlite:///file:{file}?mode=ro&uri=true") as journal:
        with journal.read("s") as log:
            assert len(list(log.events())) == 10
        assert journal.studies()[0].name == "s"
        for attempt in (lambda: journal.resume("s"), lambda: journal.create("t", header)):
            with pytest.raises(JournalError, match="it cannot be written: see to the permissions"):
                attempt()
        assert list(file.parent.glob("*.lock")) == []


def let_in(path):
    """Let other users read a file, in a folder in which nobody may write."""
    for folder in path.parents[1:]:
        if folder.is_relative_to(tempfile.gettempdir()) and folder.owner() == path.owner():
            folder.chmod(folder.stat().st_mode | 0o055)
    path.parent.chmod(0o555)
    path.chmod(0o444)


@pytest.mark.skipif(sys.platform == "win32", reason="permissions are others there")
def test_a_folder_that_may_not_be_written_is_named(file, header):
    code = (
        "import os, sys\n"
        "from unitune.journal import JournalError, open_journal\n"
        "from unitune.journal import storage\n"
        "if os.geteuid() == 0: os.setuid(65534)\n"
        "try:\n"
        "    with open_journal(sys.argv[1]) as journal: journal.resume('s')\n"
        "except JournalError as error:\n"
        "    print(error)\n"
    )
    let_in(file)
    try:
        import unitune.journal.storage  # noqa: F401 - it compiles what the other user may not

        done = subprocess.run(
            [sys.executable, "-c", code, str(file)], capture_output=True, text=True, check=False
        )
    finally:
        file.parent.chmod(0o755)
    if "Permission" in done.stderr:
        pytest.skip("another user may not read what is installed here")
    assert str(file) in done.stdout, done.stderr
    assert "permissions" in done.stdout


def test_a_file_that_is_no_database_is_refused(tmp_path):
    (tmp_path / "notes.db").write_text("shopping list " * 1000)
    with pytest.raises(JournalError, match="no SQLite database"):
        open_journal(tmp_path / "notes.db")


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(JournalError, match="is a folder"):
        open_journal(tmp_path)


def test_a_long_name_is_refused_where_a_journal_is_made_and_not_there_where_it_is_read(tmp_path):
    with pytest.raises(OptionError, match="a name of 237 bytes at most"):
        open_journal(tmp_path / "deep" / ("ü" * 119))
    assert list(tmp_path.iterdir()) == []
    for name, sentence in (("ü" * 119, "There is no journal"), ("x" * 300, "File name too long")):
        with pytest.raises(JournalError, match=sentence):
            open_journal(tmp_path / name, create=False)


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(JournalError, match="its folder cannot"):
        open_journal(tmp_path / "file" / "a.db")


def test_a_reader_makes_no_file(tmp_path):
    with pytest.raises(JournalError, match="There is no journal"):
        open_journal(tmp_path / "a.db", create=False)
    assert list(tmp_path.iterdir()) == []


READ = """
import os, sys, tempfile
from unitune.journal import JournalError, open_journal
with tempfile.TemporaryDirectory() as folder:  # loads all that the other user may not
    with open_journal(folder + "/a.db") as journal: journal.studies()
if os.geteuid() == 0: os.setuid(65534)
try:
    with open_journal(sys.argv[1], create=False) as journal, journal.read("s") as log:
        print(len(list(log.events())), [study.name for study in journal.studies()])
except JournalError as error:
    print(error)
"""


def read_by_another(path):
    """Return what another user reads, whom only this folder and its file let in."""
    let_in(path)
    try:
        done = subprocess.run(
            [sys.executable, "-c", READ, str(path)], capture_output=True, text=True, check=False
        )
    finally:
        path.parent.chmod(0o755)
    return done.stdout.strip() or done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="permissions are others there")
def test_a_journal_can_be_read_where_nothing_may_be_written(file):
    odd = file.with_name("odd? name%41#.db")
    file.rename(odd)
    before = odd.read_bytes()
    assert read_by_another(odd) == "10 ['s']"
    assert odd.read_bytes() == before
    assert [path.name for path in odd.parent.iterdir()] == [odd.name]


@pytest.mark.skipif(sys.platform == "win32", reason="permissions are others there")
def test_what_a_driver_at_work_has_written_is_read_too(file):
    with open_journal(file) as journal, journal.resume("s") as log:
        log.append("resumed")
        for end in ("-wal", "-shm"):
            file.with_name(file.name + end).chmod(0o444)
        assert read_by_another(file) == "11 ['s']"


def test_a_read_only_file_system_is_named(tmp_path, file):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
    if sys.platform != "linux" or os.geteuid() or subprocess.run(mount, check=False).returncode:
        pytest.skip("a small disk can be made by root only")
    try:
        (disk / "file.db").write_bytes(file.read_bytes())
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        with open_journal(disk / "file.db", create=False) as journal, journal.read("s") as log:
            assert len(list(log.events())) == 10
        for name in ("file.db", "new.db"):
            with pytest.raises(JournalError, match="not mounted read-only"):
                open_journal(disk / name)
    finally:
        subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.parametrize("create", [True, False])
def test_another_programs_database_is_refused_and_stays_as_it_is(tmp_path, create):
    path = tmp_path / "customers.db"
    sql(path, "CREATE TABLE customers (name TEXT)")
    before = path.read_bytes()
    with pytest.raises(
        JournalError, match=r"is (no journal|another program's database).*customers"
    ):
        open_journal(path, create=create)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_an_empty_file_is_no_journal_to_read_and_stays_empty(tmp_path):
    path = tmp_path / "empty.db"
    path.touch()
    with pytest.raises(JournalError, match="is no journal: it is empty"):
        open_journal(path, create=False)
    assert path.read_bytes() == b""
    open_journal(path).close()
    assert open_journal(path, create=False).studies() == []


def test_a_servers_database_may_be_shared_and_is_not_written_by_a_reader(database):
    import psycopg

    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("CREATE TABLE customers (name TEXT)")
    with pytest.raises(JournalError, match="is no journal: it has the tables customers"):
        open_journal(database, create=False)
    open_journal(database).close()
    assert open_journal(database, create=False).studies() == []


@pytest.mark.parametrize("statement", ["BEGIN IMMEDIATE", "COMMIT"])
def test_ctrl_c_while_a_journal_is_made_comes_out_as_it_is(tmp_path, monkeypatch, statement):
    whole = Connection.exec_driver_sql

    def interrupted(self, words, *arguments):
        if words == statement:
            raise KeyboardInterrupt
        return whole(self, words, *arguments)

    with monkeypatch.context() as patched:
        patched.setattr(Connection, "exec_driver_sql", interrupted)
        with pytest.raises(KeyboardInterrupt):
            open_journal(tmp_path / "a.db")
    assert open_journal(tmp_path / "a.db").studies() == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"CREATE TABLE unitune_studies", b"CREATE TABLE unitune_stud\xff\xfes"),
        (b'"backend":"optuna"', b'"backend":"optun\xff"'),
        (b'"backend":"optuna"', b'"backerd":"optuna"'),
        (b'{"backend":"optuna"', b'["backend":"optuna"'),
        (b'"type":"Float"', b'"typo":"Float"'),
        (b'{"unitune_space":1', b'{"unitune_spice":1'),
        (b'"parameters":', b'"paramotors":'),
    ],
)
def test_whatever_is_damaged_is_said_to_be_damaged(file, old, new):
    before = file.read_bytes()
    assert old in before
    file.write_bytes(before.replace(old, new))
    for read in (
        lambda journal: journal.studies(),
        lambda journal: past(journal.read("s"), as_stored),
        lambda journal: journal.resume("s").close(),
    ):
        with contextlib.suppress(JournalError), open_journal(file) as journal:
            read(journal)


def test_errors_that_hold_bytes_of_a_damaged_file_are_said_to_be_damage(file, monkeypatch):
    def undecodable(connection, record):
        raise UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte")

    monkeypatch.setattr(places, "_settle_sqlite", undecodable)
    with pytest.raises(JournalError, match="it is damaged: bring back a copy"):
        open_journal(file)


def test_a_newer_journal_asks_for_a_newer_unitune(file):
    sql(file, "UPDATE unitune_journal SET version = 2")
    with pytest.raises(JournalError, match=r"journal version 2; this one reads up to 1: upgrade"):
        open_journal(file)


@pytest.mark.parametrize(
    "change", ["UPDATE unitune_journal SET version = 0", "DELETE FROM unitune_journal"]
)
def test_a_version_that_never_was_is_refused(file, change):
    sql(file, change)
    with pytest.raises(JournalError, match="names no journal version"):
        open_journal(file)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("DELETE FROM unitune_events WHERE seq = 4", "event 4 is missing"),
        ("UPDATE unitune_events SET data = '{' WHERE seq = 4", "event 4 is no JSON"),
    ],
)
def test_a_damaged_study_is_said_to_be_damaged(file, change, sentence):
    sql(file, change)
    with (
        open_journal(file) as journal,
        journal.read("s") as log,
        pytest.raises(JournalError, match=sentence),
    ):
        list(log.events())


def test_a_study_with_a_gap_is_not_gone_on_with(file):
    sql(file, "DELETE FROM unitune_events WHERE seq IN (4, 5)")
    with open_journal(file) as journal:
        with pytest.raises(JournalError, match="of its 10 events 2 are missing"):
            journal.resume("s")
        assert list(file.parent.glob("*.lock")) == [], "the refusal lets the lock go"


def test_a_damaged_header_is_said_to_be_damaged(file):
    sql(file, "UPDATE unitune_studies SET header = '{}'")
    with open_journal(file) as journal, pytest.raises(JournalError, match="header cannot be read"):
        journal.read("s")


def test_whoever_writes_past_the_lock_is_noticed(file):
    with open_journal(file) as journal, journal.resume("s") as log:
        sql(file, "INSERT INTO unitune_events VALUES (1, 11, 'told', 1, '{}', 0, NULL, NULL)")
        with pytest.raises(JournalError, match="written by someone else, past the lock"):
            log.append("started", 1)


def test_a_file_locked_by_another_program_is_named(file, monkeypatch):
    monkeypatch.setattr("unitune.journal.places.PATIENCE", 0.1)
    with open_journal(file) as journal, journal.resume("s") as log:
        other = sqlite3.connect(file, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(JournalError, match="another program has kept it locked"):
            log.append("started", 11)
        other.execute("ROLLBACK")
        other.close()
        log.append("started", 11)


def test_an_event_larger_than_the_server_takes_is_named_and_the_journal_stays_whole(
    mysql_database, header
):
    with open_journal(mysql_database) as journal:
        with journal.create("s", header) as log:
            log.append("asked", 0)
            with pytest.raises(JournalError, match="raise its max_allowed_packet"):
                log.append("asked", 1, {"text": "x" * 2_000_000})
        with journal.resume("s") as log:
            log.append("resumed")
            assert [event.seq for event in log.events()] == [1, 2]


def test_a_user_who_may_only_read_is_told_so(mysql_database, mysql_do, header):
    user, server = "guest", mysql_database.partition("@")[2]
    with open_journal(mysql_database) as journal:
        journal.create("s", header).close()
    name = mysql_database.rpartition("/")[2]
    mysql_do(mysql_database, f"CREATE USER {user}", f"GRANT SELECT ON {name}.* TO {user}")
    with open_journal(f"mysql://{user}@{server}") as journal:
        assert [study.name for study in journal.studies()] == ["s"]
        with pytest.raises(JournalError, match="this user may not do that: grant it the rights"):
            journal.resume("s")
