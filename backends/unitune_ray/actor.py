"""What runs in an actor of the Ray executor: it evaluates one job after the other."""

from __future__ import annotations

import io
import pickle
import sys
import threading
from collections.abc import Sequence
from queue import SimpleQueue

from unitune.executors.channel import Channel
from unitune.executors.messages import Broken, Ready
from unitune.executors.nested import load_objective
from unitune.executors.worker import Worker


class Mailbox(Channel):
    """The channel between the thread that evaluates and the calls that the driver makes."""

    def __init__(self) -> None:
        self._up: SimpleQueue[bytes] = SimpleQueue()
        self._down: SimpleQueue[bytes] = SimpleQueue()

    def send(self, message: bytes) -> None:
        self._up.put(message)

    def receive(self) -> bytes:
        return self._down.get()

    def exchange(self, message: bytes | None) -> bytes:
        """Hand a message down, if there is one, and wait for the next that comes up."""
        if message is not None:
            self._down.put(message)
        return self._up.get()


class TrialActor:
    """A worker process as Ray keeps it.

    The driver makes one call for a job and one for the answer to each report; each returns the
    next thing the worker has to say. The objective runs in a thread, always the same one, so that
    it can wait in a report while no call is under way.

    Args:
        payload: the pickled evaluator.
        path: where the driver finds its modules; looked through after this process's own path.
    """

    def __init__(self, payload: bytes, path: Sequence[str]) -> None:
        sys.path.extend(place for place in path if place not in sys.path)
        self._mailbox = Mailbox()
        threading.Thread(target=_work, args=(payload, self._mailbox), daemon=True).start()

    def exchange(self, message: bytes | None) -> bytes:
        """Take a job, or the answer to a report, and return what the worker says next."""
        return self._mailbox.exchange(message)

    def present(self) -> bytes:
        """Say that this actor still lives."""
        return pickle.dumps(Ready())


def _work(payload: bytes, mailbox: Mailbox) -> None:
    try:
        evaluate, _ = load_objective(io.BytesIO(payload))
        Worker(evaluate, mailbox, "Ray actor").run()
    except BaseException as error:  # noqa: BLE001 - the driver says what it was
        mailbox.send(pickle.dumps(Broken(f"{type(error).__name__}: {error}")))
