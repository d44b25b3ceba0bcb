"""Record the table that unitune_benchmarks ships: a grid of networks that learn to read digits.

    python benchmarks/record_digits.py [FILE]

Trains every config of a grid over the parameters of `unitune_benchmarks.networks`, one at a time,
and keeps each learning curve with the seconds of each epoch. It takes about a minute.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import unitune
from unitune import Categorical, Space
from unitune_benchmarks.networks import EPOCHS, PLAIN, losses
from unitune_benchmarks.recording import table_from_study
from unitune_benchmarks.replay import Step
from unitune_benchmarks.seeding import Seeded
from unitune_benchmarks.tables import Row, Table

PLACE = Path(__file__).parent / "unitune_benchmarks" / "data" / "digits-grid.json.gz"
space = Space(
    {
        "lr": Categorical((0.001, 0.004, 0.016, 0.064, 0.256, 1.0), ordered=True),
        "momentum": Categorical((0.0, 0.8, 0.9, 0.98), ordered=True),
        "batch_size": Categorical((16, 64, 256), ordered=True),
        "units": Categorical((8, 24, 72), ordered=True),
        "activation": Categorical(("relu", "tanh")),
    }
)


WARM = {"lr": 0.1, "momentum": 0.5, "batch_size": 64, "units1": 8, "activation": "relu"}


def objective(config: Mapping[str, Any], trial: Seeded) -> Iterator[float]:
    """Yield the validation loss after each epoch."""
    given = {name: value for name, value in config.items() if name != "units"}
    yield from losses({**PLAIN, **given, "units1": config["units"]}, trial.seed, EPOCHS)


def main() -> None:
    """Record the table and say what is in it."""
    next(losses({**PLAIN, **WARM}, 0, 1))  # the data are loaded before anything is timed
    place = Path(sys.argv[1]) if len(sys.argv) > 1 else PLACE
    with tempfile.TemporaryDirectory() as folder:
        kept = {"storage": f"{folder}/digits.db", "study": "digits-grid"}
        size = int(space.size)
        unitune.run(
            space, objective, backend="builtin", method="grid", n_trials=size, seed=0, **kept
        )
        table = table_from_study(
            **kept,
            unit="epochs",
            source="scikit-learn's digits, recorded by this project (benchmarks/record_digits.py)",
        )
    place.parent.mkdir(exist_ok=True)
    rounded(table).save(place)
    best = min(row.steps[-1].value for row in table.rows)
    spent = sum(step.seconds for row in table.rows for step in row.steps)
    print(f"{len(table.rows)} curves, best loss {best:.4f}, {spent:.0f} s of training, in {place}")


def rounded(table: Table) -> Table:
    """Return the table with six digits of each loss and microseconds, which compress well."""
    rows = [
        Row(
            row.config,
            tuple(Step(s.step, float(f"{s.value:.6g}"), round(s.seconds, 6)) for s in row.steps),
            seed=row.seed,
            state=row.state,
            failure=row.failure,
        )
        for row in table.rows
    ]
    return Table(
        table.space,
        rows,
        name=table.name,
        mode=table.mode,
        unit=table.unit,
        source=table.source,
    )


if __name__ == "__main__":
    main()
