"""What results depend on beside the seed: versions of libraries, and the machine."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import metadata
from pathlib import Path

import unitune
from unitune.bench.contenders import Contender
from unitune.plugins import find_backend
from unitune.preparation import split
from unitune.task import Task

# Numerical libraries would each take all cores in every run.
_POOLS = ("OMP", "OPENBLAS", "MKL", "NUMEXPR")
ONE_THREAD = {f"{pool}_NUM_THREADS": "1" for pool in _POOLS} | {"VECLIB_MAXIMUM_THREADS": "1"}


def versions(contender: Contender) -> dict[str, str]:
    """Return the versions of unitune and of the libraries that a contender's proposals need."""
    spec, method, _ = contender.find()
    specs = [spec]
    if method.through is not None:
        specs.append(find_backend(split(method.through)[0]))
    known = {name: _version(name) for s in specs if (name := s.distribution) is not None}
    return {"unitune": unitune.__version__, **known}


def task_versions(task: Task) -> dict[str, str]:
    """Return the versions of NumPy and of what else a task needs, by distribution."""
    modules = {"numpy", *(module.partition(".")[0] for module in task.needs)}
    return installed(sorted(modules))


def installed(modules: Iterable[str]) -> dict[str, str]:
    """Return the versions of the distributions that importable modules come from.

    Example:
        >>> list(installed(["sklearn", "no_such_module"]))
        ['scikit-learn']
    """
    return {name: _version(name) for module in modules for name in _homes().get(module, ())}


# Reading what is installed takes milliseconds for each distribution, and a benchmark has thousands
# of cells.
@cache
def _homes() -> Mapping[str, list[str]]:
    return metadata.packages_distributions()


@cache
def _version(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return ""


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
