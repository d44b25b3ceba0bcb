"""How worker processes begin and end, as the driver sees it."""

from __future__ import annotations

import signal
import sys
import threading

import pytest

from unitune.errors import OptionError
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
        with pytest.raises(OptionError, match=r"starts no further worker process .*fewer workers"):
            LaunchedWorker(payload, threads=1)
