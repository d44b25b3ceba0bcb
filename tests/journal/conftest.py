"""Journals to test on: SQLite always, PostgreSQL where its server is installed."""

from __future__ import annotations

import contextlib
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
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


@pytest.fixture(scope="session")
def server():
    """Yield the address of a server of our own, on loopback."""
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
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

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
    """Return the URL of an empty database."""
    import psycopg

    name = f"t{secrets.token_hex(4)}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return f"{server}/{name}"


@pytest.fixture(params=["sqlite", "postgresql"])
def storage(request, tmp_path):
    """Return a storage= of either kind."""
    if request.param == "sqlite":
        return str(tmp_path / "deep" / "journal.db")
    return request.getfixturevalue("database")


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
