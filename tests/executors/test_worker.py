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
