"""Cells: one contender on one task with one seed, and the key its result is kept under."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterable, Mapping
from dataclasses import KW_ONLY, asdict, dataclass, field
from typing import Any

from unitune.bench.budget import Budget
from unitune.bench.contenders import Contender
from unitune.bench.environment import task_versions, versions
from unitune.errors import OptionError
from unitune.settings import read_whole
from unitune.space import Config
from unitune.task import Task

# Settings that decide what is seen of a run, and nothing else.
SHOWN = frozenset({"progress"})


@dataclass(frozen=True, slots=True)
class Design:
    """What all runs of a comparison have in common.

    The configs that paired contenders begin with take the place of a library's own random start as
    the library has it: Optuna's and Hyperopt's TPE count them among their start-up trials, while
    scikit-optimize, as with `x0`, draws its own initial points after them.

    Args:
        budget: what each run may spend.
        paired: whether all contenders of one (task, seed) cell begin with the same configs and
            have the same trial seeds.
        own_seeds: whether a cell's seed is that of its run as it stands. Otherwise seeds differ
            from task to task too, so that luck on one of them says nothing of another.
        virtual: how many workers each run has on a virtual clock; None runs in real time.
        settings: further arguments of `unitune.run`, the same for all.
    """

    budget: Budget
    _: KW_ONLY
    paired: bool = True
    own_seeds: bool = False
    virtual: int | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cell:
    """One run to make."""

    task: Task
    contender: Contender
    _: KW_ONLY
    seed: int
    design: Design

    @property
    def name(self) -> tuple[str, str, int]:
        """What names its run in results: task, contender, seed."""
        return self.task.name, self.contender.name, self.seed

    @property
    def alone(self) -> bool:
        """Whether its library starts processes of its own, which need all cores."""
        return self.contender.find()[0].contract == "service"

    @property
    def paired(self) -> bool:
        """Whether its run begins with the cell's shared initial design."""
        given = "initial" in self.design.settings
        return self.design.paired and not self.contender.designed and not given

    @property
    def run_seed(self) -> int:
        """The seed of its run: shared by all contenders where they are paired."""
        if self.design.own_seeds:
            return self.seed
        apart = () if self.design.paired else (self.contender.name,)
        return derived(self.task.name, self.seed, *apart)

    def initial(self) -> list[Config]:
        """Return the configs that its run begins with."""
        if not self.paired:
            return []
        rng = random.Random(derived(self.task.name, self.seed, "initial"))
        count = self.design.budget.initial(self.task)
        return [self.task.space.sample(rng) for _ in range(count)]

    def arguments(self) -> dict[str, Any]:
        """Return the arguments of `unitune.run`, the space and the objective apart."""
        contender, task = self.contender, self.task
        given: dict[str, Any] = {
            "backend": contender.backend,
            "method": contender.method,
            "mode": task.mode,
            "metric": task.metric,
            "seed": self.run_seed,
            "options": dict(contender.options),
            "initial": self.initial(),
            "progress": False,
            **self.design.budget.settings(task, scheduled=contender.scheduled),
        }
        if task.resource is not None:
            given["resource"] = task.resource
        if contender.scheduler is not None:
            given["scheduler"] = contender.scheduler
        if contender.scheduler_options:
            given["scheduler_options"] = dict(contender.scheduler_options)
        if self.design.virtual is not None:
            given |= {"executor": "virtual", "workers": self.design.virtual}
        return {**given, **self.design.settings}

    def key(self) -> str:
        """Return what its result is kept under: it changes with whatever may change the result."""
        return _hashed([self.setup(), self.task_setup(), self.seed])

    def setup(self) -> str:
        """Return what changes with all of its contender and design that may change results."""
        contender, design = self.contender, self.design
        return _hashed(
            {
                "contender": [contender.name, contender.backend, contender.find()[1].name],
                "method": contender.method,
                "options": [contender.options, contender.scheduler, contender.scheduler_options],
                "budget": asdict(design.budget),
                "paired": design.paired,
                "virtual": design.virtual,
                "settings": {k: v for k, v in design.settings.items() if k not in SHOWN},
                "versions": versions(contender),
            }
        )

    def task_setup(self) -> str:
        """Return what changes with all of its task that may change results."""
        task = self.task
        return _hashed(
            {
                "task": [task.name, task.version, task.mode, task.metric, task.resource],
                "space": task.space.to_dict(),
                "versions": task_versions(task),
            }
        )


def lay_out(
    tasks: Iterable[Task], contenders: Iterable[Contender], seeds: Iterable[int], design: Design
) -> list[Cell]:
    """Return the cells of a comparison, seed by seed.

    A comparison cut short has every contender at equal budget on the seeds it finished. Within a
    seed the cells that need the machine to themselves come last, since all cores are waited for
    once for each stretch of them.
    """
    tasks, contenders = list(tasks), list(contenders)
    cells = []
    for seed in seeds:
        row = [
            Cell(task, contender, seed=seed, design=design)
            for task in tasks
            for contender in contenders
        ]
        cells += sorted(row, key=lambda cell: cell.alone)
    return cells


def read_seeds(seeds: int | Iterable[int]) -> list[int]:
    """Return seeds as a list: how many from 0 on, or which.

    Raises:
        OptionError: there is none, one is no seed, or one is there twice.
    """
    if isinstance(seeds, str) or not isinstance(seeds, Iterable):
        return list(range(read_whole("seeds", seeds, least=1)))
    numbers = [read_whole("seed", number, least=0) for number in seeds]
    if not numbers:
        raise OptionError("seeds= is empty; give how many runs each contender makes, or the seeds.")
    twice = [number for number in numbers if numbers.count(number) > 1]
    if twice:
        raise OptionError(
            f"seeds= has {twice[0]} twice, which would be the same run again; give each seed once."
        )
    return numbers


def _hashed(identity: Any) -> str:
    text = json.dumps(identity, sort_keys=True, default=_named)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _named(value: Any) -> str:
    """Return a text that is the same in every process: functions by their names."""
    name = getattr(value, "__qualname__", None)
    return repr(value) if name is None else f"{value.__module__}.{name}"


def derived(*parts: object) -> int:
    """Return a seed in [0, 2**32) that depends on all the parts.

    Example:
        >>> derived("branin", 0) == derived("branin", 0) != derived("branin", 1)
        True
    """
    text = json.dumps([str(part) for part in parts])
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=4).digest(), "big")
