"""What a trial asks of the cluster, and whether the cluster has it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from unitune.errors import OptionError

# Ray's own names for what has a keyword of its own there.
_KEYWORDS = {"CPU": "num_cpus", "GPU": "num_gpus", "memory": "memory"}


def read_request(resources: Any) -> dict[str, float]:
    """Return what a trial asks for, under Ray's names; by default one CPU.

    Raises:
        OptionError: it is no mapping of names to amounts that Ray could grant.

    Example:
        >>> read_request({"cpu": 2, "gpu": 0.5})
        {'CPU': 2, 'GPU': 0.5}
    """
    if resources is None:
        return {"CPU": 1}
    if not isinstance(resources, Mapping):
        raise OptionError(f"resources={resources!r}: give a dict, as in {{'cpu': 2, 'gpu': 0.5}}.")
    request = {}
    for name, amount in resources.items():
        if not isinstance(name, str) or not name:
            raise OptionError(f"resources={resources!r}: the name {name!r} is no string.")
        _check_amount(name, amount)
        request[_name(name)] = amount
    # Ray takes an actor that does not say for one that needs a CPU to start and none to run.
    return {"CPU": 1, **request}


def actor_options(request: Mapping[str, float]) -> dict[str, Any]:
    """Return a request as the options of a Ray actor.

    Example:
        >>> actor_options({"CPU": 2, "tpu": 1})
        {'num_cpus': 2, 'resources': {'tpu': 1}}
    """
    options: dict[str, Any] = {
        _KEYWORDS[name]: amount for name, amount in request.items() if name in _KEYWORDS
    }
    custom = {name: amount for name, amount in request.items() if name not in _KEYWORDS}
    return options | ({"resources": custom} if custom else {})


def fitting(request: Mapping[str, float], nodes: Iterable[Mapping[str, Any]]) -> int:
    """Return how many such requests the living nodes could grant at once if they were empty.

    Example:
        >>> fitting({"CPU": 2}, [{"Alive": True, "Resources": {"CPU": 5.0}}])
        2
    """
    return sum(_times(request, node["Resources"]) for node in nodes if node["Alive"])


def describe(request: Mapping[str, float]) -> str:
    """Return a request in words.

    Example:
        >>> describe({"CPU": 2, "GPU": 0.5})
        '2 CPU and 0.5 GPU'
    """
    return " and ".join(f"{amount:g} {name}" for name, amount in request.items())


def _name(name: str) -> str:
    return name.upper() if name.lower() in ("cpu", "gpu") else name


def _times(request: Mapping[str, float], has: Mapping[str, float]) -> int:
    # Ray counts in units of 1/10000; without the rounding three times 0.1 would not fit in 0.3.
    each = [
        math.floor(round(has.get(name, 0.0) / amount, 4))
        for name, amount in request.items()
        if amount
    ]
    return min(each, default=10**6 if has else 0)


def _check_amount(name: str, amount: Any) -> None:
    good = isinstance(amount, int | float) and not isinstance(amount, bool)
    if not good or not 0 <= amount < math.inf:
        raise OptionError(f"resources={{{name!r}: {amount!r}}}: give a number from 0 on.")
    if amount > 1 and amount != int(amount):
        raise OptionError(
            f"resources={{{name!r}: {amount!r}}}: Ray grants fractions below 1 only; give a whole "
            f"number, or less than 1."
        )
