from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unitune.journal import JournalError, open_journal
from unitune.journal.encoding import decode, encode
from unitune.journal.leases import Lease

WRITER = """
import sys
from unitune.journal import Header, open_journal

log = open_journal(sys.argv[1]).create("s", Header("b", "m", mode="min", seed=0, space={}))
number = 0
while True:
    log.append("started", number, {"attempt": 1})
    print(number, flush=True)
    number += 1
"""


def data_of(log):
    return [event.data for event in log.events()]


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_float_comes_back_exactly(number):
    assert repr(decode(encode({"value": number}))["value"]) == repr(number)


def test_what_json_cannot_hold_is_kept_as_its_repr_and_the_rest_as_it_is(journal, header):
    circle = {}
    circle["self"] = circle
    with journal.create("s", header) as log:
        log.append("finished", 0, {"metrics": {"gap": math.nan, "top": math.inf, "ok": 0.1}})
        log.append("finished", 1, {"metrics": {"f": len, 3: {1, 2}, "s": "\ud800\0ü", "t": (1,)}})
        log.append("finished", 2, {"metrics": {"n": np.float32(0.5), "i": np.int64(3)}})
        log.append("finished", 3, {"metrics": {("a", 1): np.nan, "z": np.zeros(2)}})
        log.append("finished", 4, {"metrics": circle})
        metrics = [data["metrics"] for data in data_of(log)]
    assert math.isnan(metrics[0]["gap"])
    assert (metrics[0]["top"], metrics[0]["ok"]) == (math.inf, 0.1)
    assert metrics[1] == {"f": repr(len), "3": repr({1, 2}), "s": "\ud800\0ü", "t": [1]}
    assert metrics[2] == {"n": 0.5, "i": 3}
    assert metrics[3]["z"] == repr(np.zeros(2))
    assert math.isnan(metrics[3]["('a', 1)"])
    assert list(metrics[4]) == ["self"]


def test_a_metric_that_looks_like_our_own_mark_stays_what_it_is():
    assert decode(encode({"a": {"$float": "much"}})) == {"a": {"$float": "much"}}


def test_events_carry_the_time_at_which_they_were_written(journal, header):
    before = time.time()
    with journal.create("s", header) as log:
        log.append("asked", 0)
        log.append("asked", 1)
        times = [event.time for event in log.events()]
    assert before <= times[0] <= times[1] <= time.time()


def test_a_log_is_read_in_parts_while_it_is_written(journal, header, monkeypatch):
    monkeypatch.setattr("unitune.journal.study_log.CHUNK", 10)
    with journal.create("s", header) as log, journal.read("s") as reader:
        for number in range(25):
            log.append("started", number)
        stream = reader.events()
        first = next(stream)
        for number in range(25, 40):
            log.append("started", number)
        assert [first.seq, *(event.seq for event in stream)] == list(range(1, 41))


def test_a_log_that_was_opened_for_reading_refuses_to_append(journal, header):
    journal.create("s", header).close()
    with journal.read("s") as log, pytest.raises(JournalError, match="opened for reading"):
        log.append("asked", 0)


def test_a_closed_log_says_that_it_is_closed(journal, header):
    log = journal.create("s", header)
    log.close()
    log.close()
    with pytest.raises(JournalError, match="is closed"):
        log.append("asked", 0)
    with pytest.raises(JournalError, match="is closed"):
        next(log.events())


def test_an_unknown_kind_is_refused(journal, header):
    with journal.create("s", header) as log, pytest.raises(JournalError, match="no event 'aked'"):
        log.append("aked", 0)


@pytest.mark.parametrize("written", [True, False])
def test_ctrl_c_in_the_middle_of_an_append_leaves_no_gap(journal, header, written):
    with journal.create("s", header) as log:
        log.append("asked", 0)
        cursor = log._cursor

        class Interrupted:
            def execute(self, *arguments):
                if written:
                    cursor.execute(*arguments)
                raise KeyboardInterrupt

        log._cursor = Interrupted()
        with pytest.raises(KeyboardInterrupt):
            log.append("asked", 1)
        log._cursor = cursor
        log.append("ended", None, {"reason": "interrupted"})
        # With leases, what was written in a transaction that was broken off is taken back.
        kept = written and not isinstance(log._lock, Lease)
        assert [event.seq for event in log.events()] == [1, 2, 3][: 2 + kept]


def test_several_threads_may_append(journal, header):
    with journal.create("s", header) as log:

        def write():
            for number in range(50):
                log.append("started", number)

        threads = [threading.Thread(target=write) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [event.seq for event in log.events()] == list(range(1, 201))


@pytest.mark.parametrize("after", [1, 17, 90])
def test_what_was_appended_survives_the_death_of_the_driver(storage, after):
    driver = subprocess.Popen(
        [sys.executable, "-c", WRITER, storage], stdout=subprocess.PIPE, text=True
    )
    for line in driver.stdout:
        if int(line) >= after:
            break
    driver.send_signal(signal.SIGKILL)
    written = after + 1 + len(driver.stdout.readlines())
    driver.wait()
    driver.stdout.close()
    with open_journal(storage) as journal, journal.resume("s") as log:
        numbers = [event.number for event in log.events()]
        assert numbers == list(range(len(numbers)))
        assert written <= len(numbers) <= written + 1
        log.append("resumed")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_process_may_not_write_and_does_not_keep_the_lock(journal, header):
    log = journal.create("s", header)
    child = os.fork()
    if child == 0:
        try:
            log.append("asked", 0)
        except JournalError as error:
            os._exit(0 if "forked" in str(error) else 1)
        os._exit(2)
    assert os.waitpid(child, 0)[1] == 0
    log.append("asked", 0)
    sleeper = os.fork()
    if sleeper == 0:
        time.sleep(600)
        os._exit(0)
    try:
        log.close()
        with journal.resume("s") as again:
            assert len(list(again.events())) == 1
    finally:
        os.kill(sleeper, signal.SIGKILL)
        os.waitpid(sleeper, 0)
