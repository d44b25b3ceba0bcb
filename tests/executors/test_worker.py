"""What holds inside a worker process."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

LONG = 60.0  # seconds; nothing here takes that long


def gone(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        return True


@pytest.mark.parametrize("by_kernel", [True, False])
@pytest.mark.parametrize("early", [True, False])
def test_a_lifeline_ends_a_process_and_its_children(by_kernel, early):
    if by_kernel and sys.platform != "linux":
        pytest.skip("only Linux has it")
    code = f"""
        import os, socket, sys, time
        from unitune.executors.worker import end_with_driver
        lifeline = socket.socket(fileno=int(sys.argv[1]))
        child = os.fork()
        if child == 0:
            time.sleep(60)
        print(child, flush=True)
        sys.stdin.readline()
        end_with_driver(lifeline, by_kernel={by_kernel})
        print("up", flush=True)
        time.sleep(60)
    """
    ours, theirs = socket.socketpair()
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), str(theirs.fileno())],
        pass_fds=[theirs.fileno()],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        theirs.close()
        child = int(process.stdout.readline())
        if early:
            ours.close()
        process.stdin.write("\n")
        process.stdin.flush()
        if not early:
            assert process.stdout.readline() == "up\n"
            ours.close()
        assert process.wait(LONG) == -signal.SIGKILL
        end = time.monotonic() + LONG
        while not gone(child):
            assert time.monotonic() < end
            time.sleep(0.01)


def test_memory_is_limited_above_what_is_held():
    code = """
        import resource
        from unitune.executors.worker import limit_memory
        held = bytearray(200_000_000)
        limit_memory(100_000_000)
        limit_memory(10**15)  # a later one may be larger
        limit_memory(100_000_000)
        more = bytearray(50_000_000)
        try:
            bytearray(80_000_000)
        except MemoryError:
            print("enough")
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True
    )
    assert done.stdout == "enough\n"


def test_a_limit_that_was_there_before_is_kept():
    code = """
        import resource
        from unitune.executors.worker import limit_memory
        resource.setrlimit(resource.RLIMIT_DATA, (2**31, 2**31))
        limit_memory(2**40)
        print(resource.getrlimit(resource.RLIMIT_DATA) == (2**31, 2**31))
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True
    )
    assert done.stdout == "True\n"
