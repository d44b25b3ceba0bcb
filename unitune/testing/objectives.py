"""Objectives that executors are tried on; they can be sent to other processes by their names."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from unitune.errors import Infeasible

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
    """Wait until every one of several trials is running at the same time."""
    place = Path(config["place"])
    (place / str(config["x"])).touch()
    end = time.monotonic() + LONG
    while len(list(place.iterdir())) < config["several"]:
        if time.monotonic() > end:
            return 0.0
        time.sleep(0.01)
    return 1.0


class Stubborn:
    """Something that cannot be pickled."""

    def __reduce__(self) -> str:
        raise TypeError("it cannot be pickled")


def unsendable(config: Mapping[str, Any]) -> Any:
    """Return a mapping that cannot be sent, in one trial."""
    return {"loss": 1.0, "extra": Stubborn() if config["x"] == 1 else None}
