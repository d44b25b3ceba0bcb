"""How worker processes begin and end, as the driver sees it."""

from __future__ import annotations

import errno
import io
import os
import resource
import signal
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from unitune.errors import OptionError
from unitune.executors.errors import ExecutorError
from unitune.executors.launch import LaunchedWorker, ending, write_payload
from unitune.objective import Evaluator


def test_endings_are_said_in_words():
    assert ending(0) == "ended with exit code 0"
    assert ending(-signal.SIGABRT) == "was killed by SIGABRT (Aborted)"
    assert ending(-(signal.SIGRTMIN + 1)) == f"was killed by signal {signal.SIGRTMIN + 1}"


def test_what_cannot_be_pickled_is_refused_with_what_to_do():
    lock = threading.Lock()
    with pytest.raises(OptionError, match=r"cannot be sent .*lock.*make locks, .* inside it"):
        write_payload(Evaluator(lambda config: lock), None)


def test_a_process_that_the_system_does_not_start_is_an_error_that_says_so(monkeypatch):
    with write_payload(Evaluator(lambda config: 0.0), None) as payload:
        monkeypatch.setattr(sys, "executable", "/nowhere/python")
        with pytest.raises(ExecutorError, match=r"cannot be started .*nowhere.* fewer workers"):
            LaunchedWorker(payload, threads=1)


def open_files():
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.parametrize("left", [0, 1, 2, 3, 5])
def test_files_that_run_out_are_named_and_nothing_stays_open(left):
    with write_payload(Evaluator(lambda config: 0.0), None) as payload:
        before = open_files()
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        highest = max(int(path.name) for path in Path("/proc/self/fd").iterdir())
        filler = [os.dup(0) for _ in range(highest + 1 - before)]
        resource.setrlimit(resource.RLIMIT_NOFILE, (highest + 1 + left, hard))
        try:
            with pytest.raises(
                ExecutorError, match=r"Too many open files.* raise the limit .ulimit -n"
            ):
                LaunchedWorker(payload, threads=1)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
            for number in filler:
                os.close(number)
        assert open_files() == before


class Full(io.BytesIO):
    """A file on a disk without space."""

    def write(self, data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_is_named_and_not_the_objective(monkeypatch):
    monkeypatch.setattr(tempfile, "TemporaryFile", Full)
    with pytest.raises(ExecutorError, match=r"No space left on device.* set TMPDIR"):
        write_payload(Evaluator(lambda config: 0.0), None)


def test_a_folder_without_space_for_a_file_at_all_is_named(monkeypatch):
    def refuse():
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    with pytest.raises(ExecutorError, match=r"No space left on device.* set TMPDIR"):
        write_payload(Evaluator(lambda config: 0.0), None)
