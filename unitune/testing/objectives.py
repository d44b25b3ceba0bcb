"""Objectives that executors are tried on; they can be sent to other processes by their names."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from unitune.errors import Infeasible

NAP = 0.1  # seconds
HUGE = 2**31  # bytes
LONG = 60.0  # seconds; nothing takes that long, not even on a busy machine


def double(config: Mapping[str, Any]) -> float:
    """Return twice a number."""
    return 2.0 * float(config["x"])


def shown(config: dict[str, Any], trial: Any) -> dict[str, Any]:
    """Return what arrived, and spoil it."""
    found = {"loss": 0.0, "config": repr(config), "number": trial.number, "seed": trial.seed}
    config.clear()
    return found


def curve(config: Mapping[str, Any]) -> Iterator[float]:
    """Report five values, each one less."""
    for step in range(1, 6):
        yield float(config["x"]) - step


def troubled(config: Mapping[str, Any]) -> Any:
    """Come to no value, in the way that is asked for."""
    match config["x"]:
        case "raises":
            raise KeyError("no such thing")
        case "refuses":
            raise Infeasible("not this one")
        case "exits":
            raise SystemExit(3)
        case "nan":
            return float("nan")
        case "text":
            return "0.5"
    return 1.0


def deadly(config: Mapping[str, Any]) -> float:
    """End the process in one trial."""
    if config["x"] == 1:
        os._exit(7)
    return 1.0


def endless(config: Mapping[str, Any]) -> float:
    """Take for ever in one trial."""
    if config["x"] == 1:
        time.sleep(10 * LONG)
    return 1.0


def one(_: Mapping[str, Any]) -> float:
    """Return 1."""
    return 1.0


def process(_: Mapping[str, Any]) -> float:
    """Return the number of the process."""
    return float(os.getpid())


def meeting(config: Mapping[str, Any]) -> float:
    """Return how many trials ran at the same time; several wait for each other, others less."""
    place, several = Path(config["place"]), config["several"]
    mark, most = place / str(config["x"]), 0
    mark.touch()
    end = time.monotonic() + (LONG if config["x"] < several else 10 * NAP)
    while time.monotonic() < end and most <= several:
        here = len(list(place.iterdir()))
        if most < several <= here:  # a while longer, for one too many
            end = min(end, time.monotonic() + 10 * NAP)
        most = max(most, here)
        time.sleep(0.01)
    mark.unlink()
    return float(most)


def nap(_: Mapping[str, Any]) -> float:
    """Take a while."""
    time.sleep(NAP)
    return 1.0


def closing(config: Mapping[str, Any]) -> Iterator[float]:
    """Report two values, and leave a mark when that is over."""
    try:
        yield 1.0
        yield 0.0
    finally:
        Path(config["x"]).touch()


def hungry(config: Mapping[str, Any]) -> float:
    """Take much memory in one trial."""
    return float(len(bytearray(HUGE if config["x"] == 1 else 1)))


class Stubborn:
    """Something that cannot be pickled."""

    def __reduce__(self) -> str:
        raise TypeError("it cannot be pickled")


def unsendable(config: Mapping[str, Any]) -> Any:
    """Return a mapping that cannot be sent, in one trial."""
    return {"loss": 1.0, "extra": Stubborn() if config["x"] == 1 else None}
