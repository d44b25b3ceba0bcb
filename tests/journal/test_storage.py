from __future__ import annotations

import dataclasses
import datetime as dt
import subprocess
import sys
import threading

import platformdirs
import pytest

from unitune.errors import MissingLibraryError, OptionError, UnituneError
from unitune.journal import JournalError, open_journal


def test_a_study_comes_back_with_its_header_and_its_events(storage, header):
    with open_journal(storage) as journal, journal.create("s", header) as log:
        assert (log.name, log.header) == ("s", header)
        log.append("asked", 0, {"x": 1})
    with open_journal(storage) as journal, journal.read("s") as log:
        assert log.header == header
        assert [(e.seq, e.kind, e.number, e.data) for e in log.events()] == [
            (1, "asked", 0, {"x": 1})
        ]


def test_one_journal_holds_many_studies_that_are_written_side_by_side(journal, header):
    logs = [journal.create(name, header) for name in ("a", "ü", "c d/e")]
    for number in range(5):
        for log in logs:
            log.append("started", number, {"of": log.name})
    for log in logs:
        assert [(e.seq, e.data["of"]) for e in log.events()] == [(i, log.name) for i in range(1, 6)]
        log.close()
    assert [study.name for study in journal.studies()] == ["a", "ü", "c d/e"]
    assert "ü" in journal
    assert "u" not in journal


def test_a_second_study_of_the_same_name_is_refused(journal, header):
    with journal.create("s", header) as log:
        assert not journal.begun("s")
        log.append("ended", None, {"reason": "n_trials"})
    assert journal.begun("s")
    with pytest.raises(JournalError, match="pass resume=True to go on with it, or another study="):
        journal.create("s", header)


def test_a_study_in_which_nothing_has_happened_is_begun_anew(journal, header):
    journal.create("s", header).close()
    other = dataclasses.replace(header, method="another")
    with journal.create("s", other) as log:
        assert log.header.method == "another"
        with pytest.raises(JournalError, match="is held by"):
            journal.create("s", header)
    assert [study.name for study in journal.studies()] == ["s"]


@pytest.mark.parametrize("name", ["", "a\nb", "x" * 501, 3, "s ", " s", "\ud800"])
def test_impossible_names_of_studies_are_refused_and_never_found(journal, header, name):
    with pytest.raises(OptionError, match="study="):
        journal.create(name, header)
    assert name not in journal
    for way in (journal.read, journal.resume):
        with pytest.raises(JournalError, match="There is no study"):
            way(name)


def test_a_summary_shows_what_the_last_run_asked_for_and_was(journal, header):
    with journal.create("s", header) as log:
        log.append("resumed", None, {"exact": False, "backend": "skopt", "method": "gp"})
        log.append("resumed", None, {"exact": True, "n_trials": 50})
    (study,) = journal.studies()
    assert (study.backend, study.method, study.n_trials) == ("skopt", "gp", 50)


@pytest.mark.parametrize("way", ["resume", "read"])
def test_an_unknown_study_is_refused_with_the_nearest_names(journal, header, way):
    journal.create("digits", header).close()
    with pytest.raises(JournalError, match="Did you mean 'digits'"):
        getattr(journal, way)("digit")


def test_a_resumed_study_goes_on_where_it_ended(journal, header):
    with journal.create("s", header) as log:
        log.append("asked", 0)
    with journal.resume("s") as log:
        log.append("resumed")
        assert [e.seq for e in log.events()] == [1, 2]


def test_a_log_outlives_its_journal(storage, header):
    journal = open_journal(storage)
    log = journal.create("s", header)
    journal.close()
    log.append("asked", 0)
    assert len(list(log.events())) == 1
    log.close()


def test_a_summary_counts_states_and_shows_the_best_value_and_the_reason(journal, header):
    def asked(log, number, state=None, value=None):
        log.append("asked", number, {"config": {}})
        if state is not None:
            log.append("finished", number, {"state": state, "value": value})

    before = dt.datetime.now(dt.UTC)
    with journal.create("least", header) as log:
        asked(log, 0, "complete", 2.5)
        asked(log, 1, "complete", -1.5)
        asked(log, 2, "pruned", -9.0)
        asked(log, 3, "failed")
        asked(log, 4)
        log.append("ended", None, {"reason": "timeout"})
    with journal.create("most", dataclasses.replace(header, mode="max")) as log:
        asked(log, 0, "complete", 2.5)
        asked(log, 1, "complete", -1.5)
        log.append("ended", None, {"reason": "n_trials"})
        log.append("resumed", None, {"exact": False, "backend": "skopt", "method": "gp"})
    journal.create("empty", header).close()
    least, most, empty = journal.studies()
    assert (least.states, least.running) == ({"complete": 2, "failed": 1, "pruned": 1}, 1)
    assert (least.best, least.reason, least.backend) == (-1.5, "timeout", "optuna")
    assert (most.best, most.reason, most.backend, most.method) == (2.5, None, "skopt", "gp")
    assert (empty.states, empty.running, empty.best, empty.reason) == ({}, 0, None, None)
    assert before <= least.created <= least.last <= empty.created
    assert least.created.tzinfo is dt.UTC


def test_a_bare_name_is_a_file_in_the_users_data_directory(tmp_path, monkeypatch, header):
    monkeypatch.setattr(platformdirs, "user_data_dir", lambda name: str(tmp_path / name))
    with open_journal("mine") as journal:
        journal.create("s", header).close()
    assert (tmp_path / "unitune" / "mine.db").exists()


def test_a_path_and_its_url_are_the_same_journal(tmp_path, header):
    with open_journal(tmp_path / "a.db") as journal:
        journal.create("s", header).close()
    with open_journal(f"sqlite:///{tmp_path}/a.db") as journal:
        assert [study.name for study in journal.studies()] == ["s"]


@pytest.mark.parametrize(
    ("storage", "sentence"),
    [
        ("nosuch://root@localhost/x", "SQLAlchemy cannot use it .*nosuch.*install the package"),
        ("sqlite://localhost/x", "SQLAlchemy cannot use it .*Invalid SQLite URL"),
        ("duckdb://", "in memory"),
        ("sqlite://", "in memory"),
        ("sqlite:///:memory:", "in memory"),
        ("://", "not a URL"),
        ("", "no place for a journal"),
        (3, "no place for a journal"),
        ("a\0b", "no place for a journal"),
        ("\ud800", "no place for a journal"),
    ],
)
def test_what_is_no_place_for_a_journal_is_refused(storage, sentence):
    with pytest.raises(OptionError, match=sentence):
        open_journal(storage)


def test_names_of_studies_are_told_apart_to_the_letter(journal, header):
    names = ["mine", "Mine", "miné", "mïne", "ﬁne", "fine", "🚀", "🛰", "x" * 500, "ü" * 500]
    for name in names:
        journal.create(name, header).close()
    assert [study.name for study in journal.studies()] == names
    with pytest.raises(JournalError, match="There is no study 'MINE'"):
        journal.read("MINE")
    assert "MINE" not in journal
    for name in names:
        journal.resume(name).close()


def test_a_database_that_takes_capitals_for_small_letters_keeps_studies_apart(
    mysql_database, mysql_do, header
):
    with open_journal(mysql_database) as journal:
        journal.create("Mine", header).close()
        charset = "CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci"
        mysql_do(mysql_database, f"ALTER TABLE unitune_studies MODIFY name VARCHAR(500) {charset}")
        assert "mine" not in journal
        with pytest.raises(JournalError, match=r"no study 'mine'.* Did you mean 'Mine'"):
            journal.resume("mine")
        with pytest.raises(JournalError, match="has a study 'Mine' already"):
            journal.create("mine", header)


def test_long_events_come_back_whole(journal, header):
    text = "'\"\\%s%(x)s:x ü\0🚀" * 10_000
    wide = dataclasses.replace(header, options={"text": text})
    with journal.create("s", wide) as log:
        log.append("asked", 0, {"text": text})
        assert next(log.events()).data == {"text": text}
    with journal.read("s") as log:
        assert log.header.options == {"text": text}


def test_several_drivers_may_begin_studies_at_the_same_moment(storage, header):
    open_journal(storage).close()
    start = threading.Barrier(4)

    def begin(name):
        with open_journal(storage) as journal:
            start.wait()
            for number in range(5):
                with journal.create(f"{name}{number}", header) as log:
                    log.append("asked", number, {"by": log.name})

    threads = [threading.Thread(target=begin, args=name) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with open_journal(storage) as journal:
        names = [study.name for study in journal.studies()]
        assert sorted(names) == sorted(f"{name}{number}" for name in "abcd" for number in range(5))
        for name in names:
            with journal.read(name) as log:
                assert [event.data for event in log.events()] == [{"by": name}]


def test_tables_whose_making_was_cut_short_are_made_to_the_end(mysql_database, mysql_do, header):
    open_journal(mysql_database).close()
    for change in ("DELETE FROM unitune_journal", "DROP TABLE unitune_journal, unitune_events"):
        mysql_do(mysql_database, change)
        with open_journal(mysql_database) as journal:
            journal.studies()
    with open_journal(mysql_database) as journal, journal.create("s", header) as log:
        log.append("asked", 0)


@pytest.mark.parametrize(
    ("storage", "driver", "package"),
    [
        ("mysql://me:secret@localhost/x", "pymysql", r"'unitune\[mysql\]'"),
        ("mariadb+mariadbconnector://me:secret@localhost/x", "pymysql", r"'unitune\[mysql\]'"),
        ("oracle+oracledb://me:secret@localhost/x", "oracledb", "'oracledb'"),
        ("mssql+pyodbc:///?odbc_connect=PWD%3Dsecret", "pyodbc", "'pyodbc'"),
    ],
)
def test_a_missing_driver_of_any_database_gives_the_install_command(
    monkeypatch, storage, driver, package
):
    monkeypatch.setitem(sys.modules, driver, None)
    with pytest.raises(MissingLibraryError, match=f"pip install {package}") as caught:
        open_journal(storage)
    assert "secret" not in str(caught.value)


def test_a_driver_for_asyncio_is_refused(monkeypatch):
    from sqlalchemy.dialects import registry
    from sqlalchemy.dialects.sqlite import dialect

    class Waiting(dialect):
        is_async = True

    monkeypatch.setitem(registry.impls, "other.waiting", lambda: Waiting)
    with pytest.raises(OptionError, match="is for asyncio"):
        open_journal("other+waiting:///x")


def test_a_missing_driver_gives_the_install_command(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(MissingLibraryError, match=r"pip install 'unitune\[postgres\]'"):
        open_journal("postgresql://nobody:secret@localhost/x")


def test_a_server_that_is_not_there_is_named_without_the_password():
    with pytest.raises(JournalError, match="cannot be reached") as caught:
        open_journal("postgresql://me:secret@127.0.0.1:9/x?connect_timeout=2")
    assert "secret" not in str(caught.value)
    assert isinstance(caught.value, UnituneError)


def test_a_mysql_server_that_is_not_there_is_named_without_the_password():
    pytest.importorskip("pymysql")
    with pytest.raises(JournalError, match="cannot be reached") as caught:
        open_journal("mariadb://me:secret@127.0.0.1:9/x?connect_timeout=2")
    assert "secret" not in str(caught.value)


def test_a_mysql_database_that_is_not_there_is_named(mariadb):
    with pytest.raises(JournalError, match=r"cannot be reached.*Unknown database 'nowhere'"):
        open_journal(f"{mariadb}/nowhere")


def test_a_database_that_is_not_there_is_named(server):
    with pytest.raises(JournalError, match=r'cannot be reached.*database "nowhere" does not exist'):
        open_journal(f"{server}/nowhere")


def test_two_drivers_may_open_a_new_journal_at_the_same_moment(storage):
    code = f"from unitune.journal import open_journal; open_journal({storage!r}).close()"
    drivers = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(4)]
    assert [driver.wait() for driver in drivers] == [0, 0, 0, 0]


def test_the_package_is_imported_without_the_database():
    code = "import sys, unitune.journal; print('sqlalchemy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_an_unknown_name_of_the_package_is_an_attribute_error():
    import unitune.journal

    with pytest.raises(AttributeError, match="no attribute 'Jornal'"):
        unitune.journal.Jornal  # noqa: B018 - the access itself is what is tested
