"""What goes wrong with a journal, said in one sentence each."""

from __future__ import annotations

from unitune.errors import UnituneError

_LOST = "the connection was lost: see to the server and resume the study"
_FULL = "its disk is full: make room and resume the study, nothing written so far is lost"
_READ_ONLY = "it is read-only: connect to a server that can be written to"
_DENIED = "this user may not do that: grant it the rights to create and write tables"
_AWAY = "the database cannot be reached: see to its address, name and user, and that it runs"

# SQLite's primary result codes (https://www.sqlite.org/rescode.html).
_SQLITE = {
    3: "it may not be accessed: see to its permissions",
    5: "another program has kept it locked for too long: end that program and resume the study",
    8: "it cannot be written: see to the permissions of the file and of its folder, which must "
    "be writable too, and that the file system is not mounted read-only",
    10: "the disk or its file system failed, or a limit on file sizes was reached",
    11: "it is damaged: bring back a copy, or begin another one",
    13: "the disk is full: make room and resume the study, nothing written so far is lost",
    14: "it cannot be opened: see to the path and its permissions, and that the file system is "
    "not mounted read-only",
    26: "it is no SQLite database: give another path",
}
# PostgreSQL's codes by their first characters, the longest first
# (https://www.postgresql.org/docs/current/errcodes-appendix.html).
_POSTGRESQL = {
    "53100": _FULL,
    "25006": _READ_ONLY,
    "42501": _DENIED,
    "08": _LOST,
    "57": "the server ended the connection: see to it and resume the study",
}
# MySQL's and MariaDB's numbers, which mostly mean the same
# (https://dev.mysql.com/doc/mysql-errors/8.4/en/, https://mariadb.com/kb/en/mariadb-error-codes).
_MYSQL = {
    0: _LOST,
    1021: _FULL,
    1044: _DENIED,
    1045: _AWAY,
    1049: _AWAY,
    1114: _FULL,
    1142: _DENIED,
    1153: "an event is larger than the server takes: raise its max_allowed_packet",
    1290: _READ_ONLY,
    1836: _READ_ONLY,
    1927: _LOST,
    2003: _AWAY,
    # Some servers hang up in the middle of what is too large for them instead of answering 1153.
    2006: "the connection was lost while it was written to: see to the server, raise its "
    "max_allowed_packet if the event is a large one, and resume the study",
    2013: _LOST,
    4031: _LOST,
}


class JournalError(UnituneError, OSError):
    """A journal cannot be opened, read or written, or a study of it is not to be had."""


def refusal(place: str, error: BaseException) -> JournalError:
    """Return what to raise for an error of the database.

    Args:
        place: the journal as messages call it, without a password.
        error: SQLAlchemy's error, or the driver's own.
    """
    original: BaseException = getattr(error, "orig", None) or error
    said = str(original).strip().partition("\n")[0]
    return JournalError(f"The journal {place} failed: {_reason(original)} ({said}).")


def _reason(error: BaseException) -> str:
    if isinstance(error, UnicodeDecodeError):
        # What SQLite says of a damaged file may hold bytes of it.
        return _SQLITE[11]
    code = getattr(error, "sqlite_errorcode", None)
    if isinstance(code, int):
        return _SQLITE.get(code & 0xFF, "SQLite refused")
    driver = type(error).__module__.partition(".")[0]
    if driver == "pymysql":
        return _MYSQL.get(error.args[0] if error.args else -1, "the database refused")
    state = getattr(error, "sqlstate", None) or ""
    if state:
        known = (words for prefix, words in _POSTGRESQL.items() if state.startswith(prefix))
        return next(known, "the database refused")
    # psycopg gives no code where it could not connect
    return _AWAY if driver == "psycopg" else "the database refused, or cannot be reached"
