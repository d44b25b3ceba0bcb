"""What runs in a worker process: it evaluates the jobs that come down, until it is killed.

A worker is a fresh interpreter; it imports nothing of the user's script. It gets two sockets: one
for messages, and a lifeline on which nothing is ever sent and whose other end only the driver
holds, so that its closing tells that the driver is gone.
"""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import mmap
import os
import pickle
import signal
import socket
import sys
import threading
import time
import traceback

from unitune.executors.channel import Channel
from unitune.executors.memory import Allowance
from unitune.executors.messages import (
    OUT_OF_MEMORY,
    Broken,
    Closed,
    Done,
    Message,
    Ready,
    Reported,
    as_done,
    kind_of,
)
from unitune.executors.nested import bequeath, load_objective
from unitune.executors.pickling import unpack
from unitune.job import Finished, Job
from unitune.objective import Evaluator
from unitune.trial import Failure, Outcome, State, Verdict


def main(payload: mmap.mmap, number: int, channel: int, lifeline: int, memory: int | None) -> None:
    """Load the evaluator, then evaluate until the driver is gone.

    Args:
        payload: holds the evaluator, from where it stands on.
        number: the payload's file descriptor.
        channel: that of the socket for messages.
        lifeline: that of the socket which closes when the driver is gone.
        memory: bytes that a trial may allocate.
    """
    for inherited in (number, channel, lifeline):
        os.set_inheritable(inherited, False)  # noqa: FBT003 - children get none of it
    end_with_driver(socket.socket(fileno=lifeline))
    wire = Channel(socket.socket(fileno=channel))
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(line_buffering=True)  # prints come when they are made
    try:
        with payload:
            start = payload.tell()
            evaluate, names = load_objective(payload)
        bequeath(number, start, names)
        allowance = None if memory is None else Allowance(memory)
    except BaseException as error:  # noqa: BLE001 - the driver says what it was
        wire.send(_bytes(Broken(f"{type(error).__name__}: {error}")))
        return
    with contextlib.suppress(EOFError, ConnectionError):  # the driver is gone
        Worker(evaluate, wire, "worker process", allowance).run()


class Worker:
    """Evaluates jobs; sends their reports up and waits for what is decided on each.

    Args:
        evaluate: evaluates one job.
        channel: leads to the driver.
        where: the kind of worker, for messages.
        allowance: what each trial may allocate, if there is a limit.
    """

    def __init__(
        self,
        evaluate: Evaluator,
        channel: Channel,
        where: str,
        allowance: Allowance | None = None,
    ) -> None:
        self._evaluate = evaluate
        self._channel = channel
        self._where = where
        self._allowance = allowance
        self._pid = os.getpid()
        self._number: int | None = None
        self._lock = threading.Lock()

    def run(self) -> None:
        """Evaluate one job after the other; raise EOFError when the driver is gone."""
        self._channel.send(_bytes(Ready()))
        while True:
            number, *rest = pickle.loads(self._channel.receive())  # noqa: S301
            if number is None:
                self._discard(*rest)
                continue
            seed, limit, reports, place, packed = rest
            job = Job(number, {}, seed=seed, resource=limit, reports=reports, place=place)
            finished = self._finish(job, packed)
            if os.getpid() != self._pid:
                os._exit(1)  # a fork of the objective's that found its way here
            with contextlib.suppress(Exception):  # whatever the objective put in its place
                sys.stdout.flush()
            self._channel.send(_bytes(self._done(finished)))

    def _done(self, finished: Finished) -> Done:
        done = as_done(finished, self._where)
        if self._allowance is None:
            return done
        out_of_memory = done.failure is not None and done.failure.kind == OUT_OF_MEMORY
        return done._replace(spent=out_of_memory or self._allowance.exhausted)

    def _discard(self, numbers: tuple[int, ...]) -> None:
        for number in numbers:
            self._evaluate.discard(number)
        self._channel.send(_bytes(Closed()))

    def _finish(self, job: Job, packed: bytes) -> Finished:
        try:
            job = dataclasses.replace(job, config=unpack(packed))
        except Exception as error:  # noqa: BLE001 - the user's classes run here
            text = f"the config could not be loaded in the {self._where}: {_words(error)}"
            return Finished(job, _failed(Failure(kind_of(error), text)), 0.0)
        begun = time.perf_counter()
        self._number = job.number
        try:
            with self._allowance.granted() if self._allowance else contextlib.nullcontext():
                return self._evaluate(job, self._on_report)
        except BaseException as error:  # noqa: BLE001 - KeyboardInterrupt, asyncio's, pytest's
            text = "".join(traceback.format_exception(error))
            failure = Failure(type(error).__name__, str(error), traceback=text)
            return Finished(job, _failed(failure), time.perf_counter() - begun)
        finally:
            with self._lock:
                self._number = None

    def _on_report(self, number: int, step: int, value: float) -> Verdict:
        if os.getpid() != self._pid:
            raise RuntimeError("A report must come from the process that evaluates the trial.")
        with self._lock:  # the objective may have threads
            if number != self._number:
                return Verdict.STOP  # a thread that outlived its trial
            self._channel.send(_bytes(Reported(step, value, time.monotonic())))
            return Verdict(self._channel.receive().decode())


def _bytes(message: Message) -> bytes:
    return pickle.dumps(message, pickle.HIGHEST_PROTOCOL)


def _failed(failure: Failure) -> Outcome:
    return Outcome(State.FAILED, failure=failure)


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def end_with_driver(lifeline: socket.socket, *, by_kernel: bool = sys.platform == "linux") -> None:
    """Have this process and its children killed as soon as the lifeline's other end closes.

    On Linux the kernel does it, whatever this process is doing; elsewhere a thread does, which has
    to wait while C code holds the interpreter lock.
    """
    if not by_kernel:
        threading.Thread(target=_wait_and_kill, args=(lifeline,), daemon=True).start()
        return
    # fcntl(2): a file set to O_ASYNC sends the signal of F_SETSIG to the group of F_SETOWN.
    fcntl.fcntl(lifeline, fcntl.F_SETOWN, -os.getpgrp())
    fcntl.fcntl(lifeline, fcntl.F_SETSIG, signal.SIGKILL)
    fcntl.fcntl(lifeline, fcntl.F_SETFL, fcntl.fcntl(lifeline, fcntl.F_GETFL) | os.O_ASYNC)
    with contextlib.suppress(BlockingIOError):
        if not lifeline.recv(1, socket.MSG_DONTWAIT):  # it was closed before that
            os.killpg(0, signal.SIGKILL)
    lifeline.detach()  # it stays open when the object goes


def _wait_and_kill(lifeline: socket.socket) -> None:
    lifeline.recv(1)
    os.killpg(0, signal.SIGKILL)
