"""Two searches that take turns, one trial each, and are charged for their own turns only.

On a shared machine the speed changes from second to second. A whole run after a whole run is
then compared under different conditions; trial by trial both meet the same ones.
"""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

Loss = Callable[..., float]
Search = Callable[[int, int, Loss], object]


@dataclass(slots=True)
class Bill:
    """What one search has used: seconds of CPU and of wall clock, and the losses it found."""

    cpu: float = 0.0
    wall: float = 0.0
    losses: list[float] = field(default_factory=list)


class _Player(threading.Thread):
    """A search in a thread of its own that runs only while it is its turn."""

    def __init__(self, search: Search, trials: int, seed: int, loss: Loss) -> None:
        super().__init__(daemon=True)
        self.bill = Bill()
        self.turn = threading.Semaphore(0)
        self.over = False
        self.error: BaseException | None = None
        self.other: _Player = self
        self._search = search
        self._trials = trials
        self._seed = seed
        self._loss = loss
        self._cpu = self._wall = 0.0

    def run(self) -> None:
        self._begin()
        try:
            self._search(self._trials, self._seed, self._evaluate)
        except BaseException as error:  # noqa: BLE001 - raised again in the thread that waits
            self.error = error
        self.over = True
        self._end()

    def _evaluate(self, **values: object) -> float:
        loss = self._loss(**values)
        self.bill.losses.append(loss)
        if not self.other.over:
            self._end()
            self._begin()
        return loss

    def _begin(self) -> None:
        self.turn.acquire()
        self._cpu, self._wall = time.thread_time(), time.perf_counter()

    def _end(self) -> None:
        self.bill.cpu += time.thread_time() - self._cpu
        self.bill.wall += time.perf_counter() - self._wall
        self.other.turn.release()


def take_turns(
    first: Search, second: Search, *, trials: int, seed: int, loss: Loss
) -> tuple[Bill, Bill]:
    """Run both searches, trial by trial in turn, and return what each has used.

    Whatever a search does outside the loss counts, from its beginning to its return; the loss
    itself counts too. One that makes fewer calls than the other lets it go on alone.
    """
    players = [_Player(search, trials, seed, loss) for search in (first, second)]
    players[0].other, players[1].other = players[1], players[0]
    gc.collect()
    for player in players:
        player.start()
    players[0].turn.release()
    for player in players:
        player.join()
    for player in players:
        if player.error is not None:
            raise player.error
    return players[0].bill, players[1].bill
