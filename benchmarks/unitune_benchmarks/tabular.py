"""Tasks that answer from a table of recorded learning curves, at once.

Any result, and any study in a journal, becomes such a task:

    table = table_from_study("runs.db", "my-study")
    table.save("my-study.json.gz")
    task = make_task(Table.load("my-study.json.gz"))

Its objective reports the recorded values step by step, and by its method `curve` says what each
step had cost, for runs in virtual time: see `unitune_benchmarks.replay`.

The space of the task holds what was recorded and nothing else:

* 'grid': where the recorded configs are every combination of the values that each parameter has
  among them, the parameters stay, with just these values, numbers as ordered choices;
* 'index': otherwise one parameter, `row`, counts the recorded configs;
* 'recorded': the space that was searched, for running the recorded search again; a config that
  is not in the table fails.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from functools import lru_cache
from importlib.resources import as_file, files
from typing import Any, Literal

from unitune.errors import Infeasible, OptionError
from unitune.space import Bool, Categorical, Const, Int, Parameter, Space
from unitune.task import Task
from unitune.trial import State
from unitune_benchmarks.replay import Curve, RecordedFailure, Step
from unitune_benchmarks.tables import Table, TableError

Spaces = Literal["grid", "index", "recorded"]
# Looking a config up and reporting what it had takes microseconds.
COST = 1e-4
ROW = "row"


@dataclass(frozen=True, slots=True)
class Tabular(Curve):
    """An objective that answers from a table.

    Args:
        table: the table, or the name of one that unitune_benchmarks ships.
        indexed: whether configs count the recorded ones, see 'index'.
    """

    table: Table | str
    _: KW_ONLY
    indexed: bool = False

    def curve(self, config: Mapping[str, Any], seed: int = 0) -> list[Step]:
        table = shipped(self.table) if isinstance(self.table, str) else self.table
        row = table.pick(table.configs[config[ROW]] if self.indexed else config, seed)
        if row.state is State.INFEASIBLE:
            raise Infeasible(row.failure or "infeasible when it was recorded")
        if row.state is State.PRUNED:
            message = f"it was pruned when it was recorded; {table.name!r} knows no more of it"
            raise RecordedFailure(message, row.steps)
        if row.state is State.FAILED:
            raise RecordedFailure(row.failure or "failed when it was recorded", row.steps)
        return list(row.steps)


def make_task(
    table: Table | str, *, space: Spaces | None = None, name: str | None = None, **details: Any
) -> Task:
    """Return a task that answers from a table.

    Args:
        table: the table, or the name of one that unitune_benchmarks ships.
        space: see above; by default 'grid' where that is possible, otherwise 'index'.
        name: what the task is called, the table's name by default.
        details: further fields of the task.

    Raises:
        TableError: the table has no whole curve, or no grid where one was asked for.
    """
    known = shipped(table) if isinstance(table, str) else table
    grid = grid_space(known) if space in (None, "grid") else None
    kind: Spaces = space or ("grid" if grid is not None else "index")
    if kind not in ("grid", "index", "recorded"):
        raise OptionError(f"space={kind!r}: use 'grid', 'index' or 'recorded'.")
    if kind == "grid" and grid is None:
        raise TableError(
            f"The {len(known.configs)} configs of the table {known.name!r} are no full "
            f"grid; use space='index'."
        )
    values = _last_values(known)
    if not values:
        raise TableError(f"No trial of the table {known.name!r} ran to its end; record some.")
    complete = [row.steps for row in known.rows if row.state is State.COMPLETE]
    least, most = min(s[0].step for s in complete), max(s[-1].step for s in complete)
    given: dict[str, Any] = {
        "mode": known.mode,
        "optimum": min(values) if known.mode == "min" else max(values),
        "proven": kind != "recorded" and len(complete) == len(values),
        "source": known.source,
        "cost": COST,
        "resource": (least, most) if most > least else None,
        "unit": known.unit,
        "noisy": len(complete) > len(values),
        "stresses": ("recorded from real runs",),
    }
    own = {"grid": grid, "index": _index_space(known), "recorded": known.space}[kind]
    objective = Tabular(table, indexed=kind == "index")
    return Task(name or known.name, own or known.space, objective=objective, **{**given, **details})


def grid_space(table: Table) -> Space | None:
    """Return the grid that the recorded configs fill, None where they fill none."""
    levels = {name: _levels(table, name) for name in table.space}
    parameters = {
        name: _parameter(table, name, levels) for name, values in levels.items() if values
    }
    if not parameters:
        return None
    space = Space(parameters)
    full = space.size == len(table.configs) and all(map(space.contains, table.configs))
    return space if full else None


def _levels(table: Table, name: str) -> list[Any]:
    """Return the recorded values of a parameter, each once, in their order."""
    parameter = table.space[name]
    taken = [config[name] for config in table.configs if name in config]
    if isinstance(parameter, Bool | Categorical):
        indices = sorted({parameter.index(value) for value in taken})
        return [parameter.choices[index] for index in indices]
    if isinstance(parameter, Const):
        return taken[:1]
    return sorted(set(taken))


def _parameter(table: Table, name: str, levels: Mapping[str, list[Any]]) -> Parameter:
    """Return a parameter that takes just the recorded values."""
    parameter, values = table.space[name], levels[name]
    when = {
        condition.parent: [
            value
            for value in levels[condition.parent]
            if condition.holds({condition.parent: value})
        ]
        for condition in table.space.conditions[name]
    }
    if len(values) == 1:
        return Const(values[0], when=when or None)
    ordered = not isinstance(parameter, Bool | Categorical) or (
        isinstance(parameter, Categorical) and parameter.ordered
    )
    return Categorical(values, ordered=ordered, when=when or None)


def _index_space(table: Table) -> Space:
    count = len(table.configs)
    return Space({ROW: Int(0, count - 1) if count > 1 else Const(0)})


def _last_values(table: Table) -> list[float]:
    """Return the final value of each config, the mean of its evaluations."""
    values = []
    for config in table.configs:
        rows = [row for row in table.find(config) if row.state is State.COMPLETE]
        if rows:
            values.append(sum(row.steps[-1].value for row in rows) / len(rows))
    return values


@lru_cache(maxsize=8)
def shipped(name: str) -> Table:
    """Return a table that comes along, by its name.

    Raises:
        TableError: there is none of that name.
    """
    resource = files("unitune_benchmarks") / "data" / f"{name}.json.gz"
    if not resource.is_file():
        raise TableError(f"unitune_benchmarks ships no table {name!r}.")
    with as_file(resource) as path:
        return Table.load(path)


def tasks() -> list[Task]:
    """Return the tasks on tables that come along."""
    return [
        make_task(
            "digits-grid",
            stresses=("real networks", "virtual time", "ordered choices"),
            suites=("quick", "standard", "full"),
        )
    ]
