"""What the schedulers of unitune itself are called."""

from __future__ import annotations

from unitune.capabilities import SchedulerSpec
from unitune.hookspecs import hookimpl


@hookimpl
def unitune_schedulers() -> list[SchedulerSpec]:
    """Yield unitune's own schedulers."""
    return [
        SchedulerSpec(
            "median",
            "unitune.schedulers.median:Median",
            about="stops trials that are worse than the median of the others",
        ),
        SchedulerSpec(
            "asha",
            "unitune.schedulers.asha:Asha",
            about="asynchronous successive halving: decides without waiting",
            resource=True,
            pauses=True,
        ),
        SchedulerSpec(
            "successive_halving",
            "unitune.schedulers.successive_halving:SuccessiveHalving",
            about="runs many trials briefly and the best of them on, rung by rung",
            resource=True,
            pauses=True,
        ),
        SchedulerSpec(
            "hyperband",
            "unitune.schedulers.hyperband:Hyperband",
            about="successive halving with every trade-off between many trials and long ones",
            resource=True,
            pauses=True,
        ),
        SchedulerSpec(
            "patience",
            "unitune.schedulers.patience:Patience",
            about="stops trials that no longer get better",
        ),
    ]
