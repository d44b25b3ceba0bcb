"""Making the run of one cell, and what is watched meanwhile."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import Any

from unitune.api import run
from unitune.backend import Study, watch_options
from unitune.bench.cells import Cell
from unitune.bench.contenders import Contender
from unitune.bench.virtual import Stretch
from unitune.errors import BackendError, UnituneError
from unitune.plugins import load
from unitune.preparation import plan
from unitune.recorder import Run
from unitune.result import Result
from unitune.space import Float, Space
from unitune.trial import Trial

LINE = Space({"x": Float(0.0, 1.0)})


@dataclass(frozen=True, slots=True)
class Ran:
    """What came of a cell.

    Attributes:
        cell: the cell.
        result: the run's result; what there was of it, where the run failed; None for nothing.
        error: what ended the run, in words; None in general.
        ends: seconds from the first proposal to the end of each trial, by number.
        effective: what the library's constructors were called with, by their names.
        timeline: when each trial ran, on a virtual clock; empty in real time.
    """

    cell: Cell
    result: Result | None
    _: KW_ONLY
    error: str | None = None
    ends: Mapping[int, float] = field(default_factory=dict)
    effective: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    timeline: Sequence[Stretch] = ()


def prepare(cell: Cell) -> Callable[..., Any]:
    """Import what a cell needs, so that no contender's time includes it; return the objective.

    Raises:
        MissingLibraryError, PluginError: the contender cannot be loaded.
        OptionError: the task's objective cannot.
    """
    spec, method, _ = cell.contender.find()
    load(spec, method)
    for module in method.needs:
        importlib.import_module(module)
    _warm_up(cell.contender)
    return cell.task.load()


def _warm_up(contender: Contender) -> None:
    """Have a library load what it loads when it is first used."""
    # What fails here fails again in the run, where it is an outcome.
    with contextlib.suppress(Exception):
        ready = plan(LINE, contender.backend, contender.method, contender.options)
        opened = ready.open(seed=0, n_trials=2, options=contender.options)
        if isinstance(opened, Study):
            opened.ask()
        opened.close()


def make(cell: Cell) -> Ran:
    """Make the run of a cell; a library that fails is an outcome too.

    Raises:
        UnituneError: the task is broken, or something given is not acceptable.
    """
    objective = prepare(cell)
    ends: dict[int, float] = {}

    def note(trial: Trial, record: Run) -> None:
        ends[trial.number] = record.elapsed

    given = cell.arguments()
    given["callbacks"] = [note, *given.get("callbacks", ())]
    timeline: list[Stretch] = []
    if cell.design.virtual is not None:
        given["executor_options"] = {"timeline": timeline}
    with watch_options() as effective:
        try:
            result = run(cell.task.space, objective, **given)
        except BackendError as error:
            if _kept(error) is None:
                raise
            return Ran(cell, _kept(error), error=str(error), ends=ends, effective=effective)
    return Ran(cell, result, ends=ends, effective=effective, timeline=timeline)


def make_or_fail(cell: Cell) -> Ran:
    """Make the run of a cell; whatever goes wrong is an outcome.

    An objective that fails from the first trial on is one as well: in a benchmark of many tasks
    it must not end the others.
    """
    try:
        return make(cell)
    except UnituneError as error:
        return Ran(cell, _kept(error), error=f"{type(error).__name__}: {error}")
    except Exception as error:  # noqa: BLE001 - an import may fail in any way
        return Ran(cell, None, error=f"{type(error).__name__}: {error}")


def _kept(error: UnituneError) -> Result | None:
    return error.result if isinstance(error.result, Result) else None
