"""Journals to test on: SQLite always, PostgreSQL and MariaDB where a server is installed."""

from __future__ import annotations

import contextlib
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

from unitune.journal import Header, open_journal
from unitune.space import Bool, Categorical, Float, Int, Space

SPACE = Space(
    {
        "x": Float(-1.0, 1.0),
        "kind": Categorical(["a", ("b", 1), None]),
        "n": Int(1, 9, when={"kind": "a"}),
        "flag": Bool(),
    }
)


@pytest.fixture
def header():
    return Header(
        *("optuna", "tpe"),
        mode="min",
        seed=7,
        metric="loss",
        n_trials=20,
        options={"n_startup_trials": 5},
        space=SPACE.to_dict(),
        versions={"unitune": "0.1.0"},
        through="hyperopt:tpe",
    )


def binaries():
    """Return the folder of the server's programs, the newest of several."""
    found = shutil.which("initdb")
    folders = [Path(found).parent] if found else []
    folders += sorted(p.parent for p in Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return folders[-1] if folders else None


def as_server(command):
    """Return a command as a user that the server agrees to run as: it refuses root."""
    return ["runuser", "-u", "postgres", "--", *command] if os.geteuid() == 0 else command


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@pytest.fixture(scope="session")
def server():
    """Yield the address of a PostgreSQL server of our own, on loopback."""
    folder = binaries()
    if folder is None:
        pytest.skip("no PostgreSQL server is installed here")
    pytest.importorskip("psycopg")
    home = Path(tempfile.mkdtemp(prefix="unitune-pg-"))
    if os.geteuid() == 0:
        try:
            user = pwd.getpwnam("postgres")
        except KeyError:
            pytest.skip("root cannot run PostgreSQL, and there is no user 'postgres'")
        os.chown(home, user.pw_uid, user.pw_gid)
    port = free_port()

    def call(program, *arguments):
        subprocess.run(
            as_server([str(folder / program), "-D", str(home / "data"), *arguments]),
            check=True,
            cwd=home,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    call("initdb", "-A", "trust", "-U", "postgres", "--no-sync")
    options = f"-p {port} -k {home} -c listen_addresses=127.0.0.1 -c fsync=off"
    call("pg_ctl", "-w", "-l", str(home / "log"), "-o", options, "start")
    yield f"postgresql://postgres@127.0.0.1:{port}"
    call("pg_ctl", "-w", "-m", "immediate", "stop")
    shutil.rmtree(home)


@pytest.fixture
def database(server):
    """Return the URL of a user with an empty schema; a database of its own would be 7 MB."""
    import psycopg

    name = f"t{secrets.token_hex(4)}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {name} LOGIN SUPERUSER")
        connection.execute(f"CREATE SCHEMA AUTHORIZATION {name}")
    return f"{server.replace('postgres@', f'{name}@')}/postgres"


@pytest.fixture(scope="session")
def mariadb():
    """Yield the address of a MariaDB server of our own, on loopback."""
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
    # The last one is what the second one calls.
    names = ("mariadbd", "mariadb-install-db", "my_print_defaults")
    daemon, install, _ = found = [shutil.which(name, path=path) for name in names]
    if None in found:
        pytest.skip("no MariaDB server is installed here")
    pymysql = pytest.importorskip("pymysql")
    home = Path(tempfile.mkdtemp(prefix="unitune-my-"))
    port = free_port()
    user = ["--user=root"] if os.geteuid() == 0 else []
    given = ["--no-defaults", *user, f"--datadir={home}/data", "--innodb-log-file-size=4M"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    method = "--auth-root-authentication-method=normal"
    subprocess.run([install, *given, method, "--skip-test-db"], check=True, **quiet)
    here = [f"--port={port}", "--bind-address=127.0.0.1", f"--socket={home}/socket"]
    # Small packets, and impatience, are what a journal has to live with.
    harsh = ["--max-allowed-packet=1M", "--wait-timeout=3", "--innodb-flush-log-at-trx-commit=0"]
    process = subprocess.Popen([daemon, *given, *here, *harsh], **quiet)
    try:
        _wait_until_it_answers(pymysql, process, port)
        yield f"mysql://root@127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(home)


def _wait_until_it_answers(pymysql, process, port):
    while process.poll() is None:
        with contextlib.suppress(pymysql.err.OperationalError):
            pymysql.connect(host="127.0.0.1", port=port, user="root").close()
            return
        time.sleep(0.05)
    pytest.fail("the MariaDB server ended before it answered")


@pytest.fixture
def mysql_database(mariadb):
    """Return the URL of an empty database, whose defaults are the worst for a journal."""
    name = f"t{secrets.token_hex(4)}"
    _mysql_do(mariadb, f"CREATE DATABASE {name} CHARACTER SET latin1 COLLATE latin1_swedish_ci")
    return f"{mariadb}/{name}"


@pytest.fixture
def mysql_do():
    """Return what runs statements on a database."""
    return _mysql_do


def _mysql_do(url, *statements):
    """Run statements on a connection of their own; returns the rows of the last one."""
    import pymysql
    from sqlalchemy import make_url

    at = make_url(url)
    with (
        contextlib.closing(
            pymysql.connect(host=at.host, port=at.port, user=at.username, database=at.database)
        ) as connection,
        connection.cursor() as cursor,
    ):
        for statement in statements:
            cursor.execute(statement)
        connection.commit()
        return cursor.fetchall()


# What has no lock of its own is kept with leases, which these databases can do as well; how
# leases fare on the others, their own tests show.
LEASED = "?lease=3"


@pytest.fixture(params=["sqlite", "postgresql", "mariadb", "sqlite-leased"])
def storage(request, tmp_path):
    """Return a storage= of every kind."""
    kind, _, leased = request.param.partition("-")
    if kind == "sqlite":
        path = tmp_path / "deep" / "journal.db"
        return f"sqlite:///{path}{LEASED}" if leased else str(path)
    url = request.getfixturevalue({"postgresql": "database", "mariadb": "mysql_database"}[kind])
    return url + LEASED if leased else url


@pytest.fixture
def journal(storage):
    with open_journal(storage) as opened:
        yield opened


@pytest.fixture
def file(tmp_path):
    """Return the path of a journal that is closed and has a study 's' of ten events."""
    path = tmp_path / "file.db"
    with contextlib.ExitStack() as stack:
        opened = stack.enter_context(open_journal(path))
        first = Header("optuna", "tpe", mode="min", seed=0, space=SPACE.to_dict())
        log = stack.enter_context(opened.create("s", first))
        for number in range(10):
            log.append("started", number, {"attempt": 1})
    return path
