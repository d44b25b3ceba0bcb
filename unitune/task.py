"""A task: a space and an objective with a known or reference best value, to compare on."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from typing import Any

from unitune.backend import Mode
from unitune.errors import OptionError
from unitune.space import Space


@dataclass(frozen=True, slots=True)
class Task:
    """What contenders are compared on.

    Args:
        name: what users call it, such as 'branin' or 'digits-mlp'.
        space: the search space.
        objective: as `unitune.run` takes it, or its 'package.module:name'; it must be possible to
            send it to another process.
        mode: whether smaller or greater values are better.
        metric: which value of a mapping counts.
        optimum: the best value there is, or the best one known; None where nothing is known.
        proven: whether `optimum` cannot be beaten.
        source: where the task and its best value come from.
        cost: about how many seconds one whole evaluation takes on one core.
        resource: the least and the most resource of one evaluation, where it has any; the
            objective then reports at every step, and a trial that ran to the end has used the most.
        unit: what the resource is counted in.
        noisy: whether one config has different values under different trial seeds.
        stresses: what it is hard for, in a few words each.
        suites: the suites it belongs to.
        needs: importable modules it needs.
        extra: the unitune extra that installs them.
        version: raised with every change that changes values.
    """

    name: str
    space: Space
    _: KW_ONLY
    objective: Callable[..., Any] | str
    mode: Mode = "min"
    metric: str | None = None
    optimum: float | None = None
    proven: bool = False
    source: str = ""
    cost: float = 0.0
    resource: tuple[int, int] | None = None
    unit: str = "steps"
    noisy: bool = False
    stresses: tuple[str, ...] = ()
    suites: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    extra: str | None = None
    version: int = 1

    def load(self) -> Callable[..., Any]:
        """Return the objective itself.

        Raises:
            OptionError: it is named, and not there.
        """
        if not isinstance(self.objective, str):
            return self.objective
        module, _, name = self.objective.partition(":")
        try:
            objective: Callable[..., Any] = getattr(importlib.import_module(module), name)
        except (ImportError, AttributeError, ValueError) as error:
            raise OptionError(
                f"Task {self.name!r} names its objective {self.objective!r}, which cannot be "
                f"loaded: {error}."
            ) from error
        return objective
