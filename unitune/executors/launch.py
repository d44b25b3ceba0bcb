"""A worker process as the driver sees it: how it is started, watched and ended.

`subprocess` starts a fresh interpreter that never sees the user's script, in a session of its own,
so that Ctrl-C in the terminal does not reach it, not even while it starts.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import socket
import subprocess
import sys
import tempfile
import time
import weakref
from typing import IO

from unitune.errors import OptionError
from unitune.executors.channel import Channel
from unitune.executors.errors import full, lacking
from unitune.executors.nested import dump_objective
from unitune.job import Job
from unitune.objective import Evaluator
from unitune.trial import Report

# The path comes first: unitune itself may only be found by way of it.
_BOOT = """
import mmap, pickle, sys
numbers = [int(number) for number in sys.argv[1:]]
payload = mmap.mmap(numbers[0], 0, access=mmap.ACCESS_READ)
sys.path[:], sys.argv, memory = pickle.load(payload)
from unitune.executors.worker import main
main(payload, *numbers, memory)
"""

# Numerical libraries would each take all cores in every worker.
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


# Those of this process, for `_let_go`.
_LIFELINES: weakref.WeakSet[socket.socket] = weakref.WeakSet()


def _let_go() -> None:
    """Close the lifelines in a forked child, which would keep them open after this process."""
    for lifeline in list(_LIFELINES):
        lifeline.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_let_go)


def write_payload(evaluate: Evaluator, memory: int | None) -> IO[bytes]:
    """Write what every worker loads once into a file without a name.

    Raises:
        OptionError: the objective cannot be pickled.
        ExecutorError: there is no space for it.
    """
    try:
        payload = tempfile.TemporaryFile()  # noqa: SIM115 - the executor closes it
    except OSError as error:
        raise lacking(error) from error
    try:
        pickle.dump(([str(path) for path in sys.path], list(sys.argv), memory), payload)
        dump_objective(evaluate, payload)
        payload.flush()
    except BaseException as error:
        with contextlib.suppress(OSError):  # it may still hold what could not be written
            payload.close()
        if isinstance(error, OSError) and full(error):
            raise lacking(error) from error
        if not isinstance(error, Exception):
            raise
        raise OptionError(
            f"The objective cannot be sent to worker processes ({type(error).__name__}: {error}). "
            f"It is sent with all that it refers to: make locks, open files, connections and the "
            f"like inside it, or evaluate in this process, with workers=1."
        ) from error
    return payload


class LaunchedWorker:
    """A worker process, its end of the channel, and the job it has.

    Args:
        payload: what it loads once.
        threads: how many threads numerical libraries may use in it, unless the user's environment
            says so.

    Raises:
        ExecutorError: the system starts no further process.
    """

    def __init__(self, payload: IO[bytes], *, threads: int) -> None:
        with contextlib.ExitStack() as ends:
            try:
                ours, theirs = _pair(ends)
                self._lifeline, lifeline = _pair(ends)
                _LIFELINES.add(self._lifeline)
                numbers = (payload.fileno(), theirs.fileno(), lifeline.fileno())
                self._process = subprocess.Popen(  # noqa: S603 - this very interpreter
                    [sys.executable, *_flags(), "-c", _BOOT, *map(str, numbers)],
                    pass_fds=numbers,
                    env={**dict.fromkeys(THREADS, str(threads)), **os.environ},
                    stdin=subprocess.DEVNULL,
                    start_new_session=True,
                )
            except OSError as error:
                raise lacking(error) from error
            ends.pop_all()
        theirs.close()
        lifeline.close()
        self.channel = Channel(ours)
        self.ready = False
        self.closing = False
        self.job: Job | None = None
        self.reports: list[Report] = []
        self.begun = 0.0

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    @property
    def idle(self) -> bool:
        """Whether it could take a job; one that is not up yet takes its first in advance."""
        return self.job is None and not self.closing

    @property
    def exited(self) -> bool:
        """Whether the process is no more."""
        return self._process.poll() is not None

    def give(self, job: Job, message: bytes) -> None:
        """Hand over a job; raise OSError if the worker is gone."""
        if self.exited:
            raise BrokenPipeError
        self.channel.send(message)
        self.job, self.reports, self.begun = job, list(job.reports), time.monotonic()

    def take(self) -> tuple[Job, tuple[Report, ...]]:
        """Take the job back, with the reports made so far."""
        job, reports = self.job, tuple(self.reports)
        if job is None:
            raise RuntimeError("A worker without a job sent a result.")
        self.job, self.reports = None, []
        return job, reports

    def await_exit(self, seconds: float) -> None:
        """Let a process that is about to end do so, for its exit code."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)

    def kill(self) -> None:
        """Kill the process, and what it started, which is in its process group."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def bury(self) -> str:
        """Kill the process, give back all that it held, and say in words how it ended."""
        self.kill()
        code = self._process.wait()
        self.channel.close()
        self._lifeline.close()
        return ending(code)


def ending(code: int) -> str:
    """Say what an exit code means.

    Example:
        >>> ending(3)
        'ended with exit code 3'
        >>> ending(-11)
        'was killed by SIGSEGV (Segmentation fault)'
    """
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:  # a real-time signal
        return f"was killed by signal {-code}"
    words = signal.strsignal(-code)
    if name == "SIGKILL":
        words = "which is also what the system does when memory runs out"
    return f"was killed by {name} ({words})"


def _pair(ends: contextlib.ExitStack) -> tuple[socket.socket, socket.socket]:
    ours, theirs = socket.socketpair()
    return ends.enter_context(ours), ends.enter_context(theirs)


def _flags() -> list[str]:
    """Return the flags of this interpreter: -O, -W, -X and the like change what programs do."""
    # Private, but what multiprocessing does for its own workers.
    flags: list[str] = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined]
    return flags
