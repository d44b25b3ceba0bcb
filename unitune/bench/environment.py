"""What results depend on beside the seed: versions of libraries, and the machine."""

from __future__ import annotations

import os
import platform
from pathlib import Path

import unitune
from unitune.bench.contenders import Contender
from unitune.plugins import find_backend, library_version
from unitune.preparation import split

# Numerical libraries would each take all cores in every run.
_POOLS = ("OMP", "OPENBLAS", "MKL", "NUMEXPR")
ONE_THREAD = {f"{pool}_NUM_THREADS": "1" for pool in _POOLS} | {"VECLIB_MAXIMUM_THREADS": "1"}


def versions(contender: Contender) -> dict[str, str]:
    """Return the versions of unitune and of the libraries that a contender's proposals need."""
    spec, method, _ = contender.find()
    specs = [spec]
    if method.through is not None:
        specs.append(find_backend(split(method.through)[0]))
    known = {s.distribution: library_version(s) or "" for s in specs if s.distribution is not None}
    return {"unitune": unitune.__version__, **known}


def hardware() -> dict[str, str | int]:
    """Return a few words about this machine: system, processor, cores, memory, Python.

    Example:
        >>> hardware()["cores"] >= 1
        True
    """
    found: dict[str, str | int] = {
        "system": f"{platform.system()} {platform.release()}",
        "processor": _processor(),
        "cores": cores(),
        "python": platform.python_version(),
    }
    memory = _memory()
    return found if memory is None else {**found, "memory": f"{memory / 2**30:.0f} GiB"}


def cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or platform.machine())


def _memory() -> int | None:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None
