"""How much memory a trial may allocate (Linux only)."""

from __future__ import annotations

import contextlib
import resource
from collections.abc import Iterator
from pathlib import Path


class Allowance:
    """Lets each trial allocate so many bytes more than this process holds when it begins.

    RLIMIT_DATA counts what is allocated, mappings included, and unlike RLIMIT_AS not the
    libraries and the address space that is only reserved.

    Args:
        size: how many bytes.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._base = held()

    @contextlib.contextmanager
    def granted(self) -> Iterator[None]:
        """Limit this process, and what it starts, while a trial runs."""
        before = resource.getrlimit(resource.RLIMIT_DATA)[0]
        _limit(held() + self._size)
        try:
            yield
        finally:
            _limit(before)

    @property
    def exhausted(self) -> bool:
        """Whether trials have left behind more than one of them may allocate."""
        return held() > self._base + self._size


def held() -> int:
    """Return how many bytes of this process RLIMIT_DATA counts."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmData:"))


def _limit(soft: int) -> None:
    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    if hard != resource.RLIM_INFINITY:  # which is a negative number
        soft = hard if soft == resource.RLIM_INFINITY else min(soft, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))
