"""The actors of a Ray executor, as the driver sees them."""

from __future__ import annotations

import contextlib
import math
import pickle
import sys
import time
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ray
from ray.exceptions import RayError

from unitune.errors import BackendError
from unitune.executors.messages import Message
from unitune.job import Job
from unitune.trial import Report
from unitune_ray.actor import TrialActor
from unitune_ray.resources import actor_options, fitting


@dataclass(slots=True, eq=False)
class ActorWorker:
    """One actor, and the job it has."""

    actor: Any
    awaited: Any = None  # the reference to what it says next; None while it is idle
    up: bool = False
    closing: bool = False
    job: Job | None = None
    reports: list[Report] = field(default_factory=list)
    since: float = 0.0  # when it got its job, or became idle
    deadline: float = math.inf

    def take(self) -> tuple[Job, tuple[Report, ...]]:
        """Take the job back, with the reports made so far."""
        job, self.job = self.job, None
        if job is None:
            raise RuntimeError("A Ray actor without a job sent a result.")
        return job, tuple(self.reports)


class Crew:
    """Starts actors, asks them, hears them, and kills them.

    Args:
        payload: the pickled evaluator; it goes once to each node.
        request: what each actor needs, under Ray's names.
    """

    def __init__(self, payload: bytes, request: Mapping[str, float]) -> None:
        self._payload = ray.put(payload)
        self._path = [str(Path(place).absolute()) for place in sys.path]
        self._factory: Any = ray.remote(TrialActor).options(
            max_restarts=0, max_task_retries=0, **actor_options(request)
        )
        self._awaited: dict[Any, ActorWorker] = {}
        self.workers: set[ActorWorker] = set()
        self.heard = time.monotonic()  # when the driver last listened

    def start(self) -> None:
        """Start an actor; the first that is heard of it is that it is up."""
        worker = ActorWorker(self._factory.remote(self._payload, self._path))
        self.workers.add(worker)
        self.ask(worker, None)

    def ask(self, worker: ActorWorker, message: bytes | None) -> None:
        """Hand a worker a message, or none; what it says next will be heard."""
        self._await(worker, worker.actor.exchange.remote(message))

    def look_for(self, worker: ActorWorker) -> None:
        """Ask an idle worker whether it still lives."""
        self._await(worker, worker.actor.present.remote())

    def listen(self, seconds: float) -> Iterator[tuple[ActorWorker, Message | RayError]]:
        """Wait until a worker has something to say, and return what each says, or how it died.

        Raises:
            BackendError: there is no Ray any more.
        """
        try:
            heard, rest = ray.wait(list(self._awaited), timeout=seconds)
            if heard and rest:
                heard += ray.wait(rest, num_returns=len(rest), timeout=0)[0]
        except RayError as error:
            raise BackendError(f"The connection to Ray was lost: {error}") from error
        self.heard = time.monotonic()
        for reference in heard:
            worker = self._awaited.pop(reference, None)
            if worker is not None:
                worker.awaited = None
                yield worker, _said(reference)

    def speaks(self, worker: ActorWorker) -> bool:
        """Return whether what a worker says next has come already."""
        return bool(ray.wait([worker.awaited], timeout=0)[0])

    def dismiss(self, worker: ActorWorker) -> None:
        """Kill a worker, and hear no more of it."""
        self.workers.discard(worker)
        self._awaited.pop(worker.awaited, None)
        with contextlib.suppress(RayError, ValueError), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ray.kill(worker.actor)

    def close(self) -> None:
        """Kill them all."""
        for worker in list(self.workers):
            self.dismiss(worker)

    def _await(self, worker: ActorWorker, reference: Any) -> None:
        worker.awaited = reference
        self._awaited[reference] = worker


def room_for(request: Mapping[str, float]) -> int:
    """Return how many such requests the cluster could grant at once if it were empty."""
    cluster: Any = ray
    return fitting(request, cluster.nodes())


def _said(reference: Any) -> Message | RayError:
    try:
        message: Message = pickle.loads(ray.get(reference))  # noqa: S301 - from an actor of ours
    except RayError as error:
        return error
    return message
