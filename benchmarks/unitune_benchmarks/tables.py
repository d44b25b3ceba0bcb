"""Tables of what was evaluated: each config with its whole learning curve and what it cost.

They are kept as JSON (`.json`, `.json.gz`) or Parquet (`.parquet`), and hold no code.
"""

from __future__ import annotations

import gzip
import importlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import Any, Literal, Self

from unitune.backend import Mode
from unitune.errors import MissingLibraryError, SpaceError, UnituneError
from unitune.journal import JournalError
from unitune.journal.packing import pack_config, unpack_config
from unitune.space import Config, Space
from unitune.trial import State
from unitune_benchmarks.replay import Step

VERSION = 1
_MARK = "unitune_table"


class TableError(UnituneError, ValueError):
    """A table cannot be made, read or written."""


class NotRecordedError(UnituneError, LookupError):
    """A table knows nothing of a config."""


@dataclass(frozen=True, slots=True)
class Row:
    """One recorded evaluation.

    Attributes:
        config: what was evaluated.
        steps: its learning curve, a single step where it has none.
        seed: the seed of the trial.
        state: how the trial ended; what is known of one that was pruned ends with `steps`.
        failure: why it failed.
    """

    config: Config
    steps: tuple[Step, ...]
    _: KW_ONLY
    seed: int = 0
    state: State = State.COMPLETE
    failure: str | None = None


class Table:
    """What is known of a number of configs.

    Args:
        space: the space they were taken from; its constraints are not kept.
        rows: the evaluations; a config that was evaluated several times has several.
        name: what it is called.
        mode: whether smaller or greater values are better.
        unit: what steps are counted in.
        source: where it comes from.

    Attributes:
        configs: those of which everything is known, each once: not only a pruned beginning.
    """

    def __init__(
        self,
        space: Space,
        rows: Iterable[Row],
        *,
        name: str,
        mode: Mode = "min",
        unit: str = "steps",
        source: str = "",
    ) -> None:
        self.space = Space(dict(space))
        self.rows = list(rows)
        self.name = name
        self.mode: Mode = mode
        self.unit = unit
        self.source = source
        self._places: dict[str, list[int]] = {}
        for place, row in enumerate(self.rows):
            self._places.setdefault(self._key(row.config), []).append(place)
        if not self.rows:
            raise TableError(f"The table {name!r} has no rows; record a trial that has ended.")
        groups = ([self.rows[place] for place in places] for places in self._places.values())
        self.configs: list[Config] = [
            rows[0].config for rows in groups if any(row.state is not State.PRUNED for row in rows)
        ]

    def find(self, config: Mapping[str, Any]) -> list[Row]:
        """Return the evaluations of a config.

        Raises:
            NotRecordedError: there are none.
        """
        places = self._places.get(self._key(config))
        if places is None:
            raise NotRecordedError(
                f"The table {self.name!r} holds {len(self._places)} configs, and {dict(config)!r} "
                f"is none of them; search a space of recorded configs only."
            )
        return [self.rows[place] for place in places]

    def pick(self, config: Mapping[str, Any], seed: int) -> Row:
        """Return one evaluation of a config: the one made with that seed, or else one by the seed.

        Pruned ones are returned only where there is no other.

        Raises:
            NotRecordedError: there is none.
        """
        rows = self.find(config)
        whole = [row for row in rows if row.state is not State.PRUNED] or rows
        return next((row for row in rows if row.seed == seed), whole[seed % len(whole)])

    def save(self, path: str | Path) -> None:
        """Write the table to a file that ends in .json, .json.gz or .parquet."""
        path = Path(path)
        form = _form(path)
        if form == "parquet":
            _pyarrow("pyarrow.parquet").write_table(self._arrow(), path)
            return
        text = json.dumps({**self._head(), "rows": [self._packed(row) for row in self.rows]})
        if form == "gz":
            # without a time stamp, so that one table is always the same file
            path.write_bytes(gzip.compress(text.encode(), mtime=0))
        else:
            path.write_text(text, encoding="utf-8")

    @classmethod
    def load(cls, path: str | Path, *, objects: Mapping[str, Iterable[Any]] | None = None) -> Self:
        """Read a table that `save` wrote.

        Args:
            path: the file.
            objects: choices that JSON cannot hold, see `Space.from_dict`.

        Raises:
            TableError: the file holds no table.
            SpaceError: its space or its configs are damaged, or choices must be given.
        """
        path = Path(path)
        form = _form(path)
        try:
            if form == "parquet":
                data = _from_arrow(_pyarrow("pyarrow.parquet").read_table(path))
            else:
                raw = path.read_bytes()
                data = json.loads(gzip.decompress(raw) if form == "gz" else raw)
            _check_version(path, data[_MARK])
            space = Space.from_dict(data["space"], objects=objects)
            rows = [_unpacked(space, row) for row in data["rows"]]
            details = {key: data[key] for key in ("name", "mode", "unit", "source")}
        except (TableError, SpaceError, MissingLibraryError):
            raise
        except (OSError, EOFError, JournalError, KeyError, TypeError, ValueError) as error:
            raise TableError(
                f"{path} holds no table of learning curves ({type(error).__name__}: {error}); "
                f"give a file that Table.save wrote."
            ) from error
        return cls(space, rows, **details)

    def _key(self, config: Mapping[str, Any]) -> str:
        try:
            return json.dumps(pack_config(self.space, config), sort_keys=True)
        except (KeyError, TypeError, ValueError):
            return repr(config)  # of no config of the space

    def _head(self) -> dict[str, Any]:
        return {
            _MARK: VERSION,
            "name": self.name,
            "mode": self.mode,
            "unit": self.unit,
            "source": self.source,
            "space": self.space.to_dict(),
        }

    def _packed(self, row: Row) -> dict[str, Any]:
        return {
            "config": pack_config(self.space, row.config),
            "seed": row.seed,
            "state": row.state.value,
            "failure": row.failure,
            "steps": [step.step for step in row.steps],
            "values": [step.value for step in row.steps],
            "seconds": [step.seconds for step in row.steps],
        }

    def _arrow(self) -> Any:
        arrow = _pyarrow()
        rows = [self._packed(row) for row in self.rows]
        for row in rows:
            row["config"] = json.dumps(row["config"])
        kinds = {
            "config": arrow.string(),
            "seed": arrow.int64(),
            "state": arrow.string(),
            "failure": arrow.string(),
            "steps": arrow.list_(arrow.int64()),
            "values": arrow.list_(arrow.float64()),
            "seconds": arrow.list_(arrow.float64()),
        }
        schema = arrow.schema(list(kinds.items()), metadata={_MARK: json.dumps(self._head())})
        return arrow.Table.from_pylist(rows, schema=schema)


def _check_version(path: Path, version: Any) -> None:
    if version != VERSION:
        raise TableError(f"{path} is a table of version {version!r}; this unitune reads {VERSION}.")


def _from_arrow(table: Any) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(table.schema.metadata[_MARK.encode()])
    data["rows"] = table.to_pylist()
    for row in data["rows"]:
        row["config"] = json.loads(row["config"])
    return data


def _unpacked(space: Space, row: Mapping[str, Any]) -> Row:
    curve = zip(row["steps"], row["values"], row["seconds"], strict=True)
    return Row(
        space.coerce(unpack_config(space, row["config"])),
        tuple(Step(int(step), float(value), float(seconds)) for step, value, seconds in curve),
        seed=row["seed"],
        state=State(row["state"]),
        failure=row["failure"],
    )


def _form(path: Path) -> Literal["json", "gz", "parquet"]:
    name = path.name
    if name.endswith(".json"):
        return "json"
    if name.endswith(".json.gz"):
        return "gz"
    if name.endswith(".parquet"):
        return "parquet"
    raise TableError(f"Tables are kept in files that end in .json, .json.gz or .parquet: {path}.")


def _pyarrow(part: str = "pyarrow") -> Any:
    try:
        return importlib.import_module(part)
    except ImportError as error:
        raise MissingLibraryError(
            "Tables in Parquet need pyarrow, which is not installed. Install it with: "
            "pip install pyarrow, or take a file that ends in .json.gz."
        ) from error
