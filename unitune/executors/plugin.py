"""What the executors of unitune itself are called."""

from __future__ import annotations

from unitune.capabilities import ExecutorSpec
from unitune.hookspecs import hookimpl


@hookimpl
def unitune_executors() -> list[ExecutorSpec]:
    """Yield the executors that need no library."""
    return [
        ExecutorSpec(
            "serial",
            "unitune.executors:SerialExecutor",
            takes=frozenset(),
            about="in this process, one trial at a time",
            advice="It evaluates in this process, one trial at a time. Use executor='process'.",
        ),
        ExecutorSpec(
            "process",
            "unitune.executors.process:ProcessExecutor",
            takes=frozenset({"workers", "trial_timeout", "trial_memory"}),
            about="in worker processes, which may crash and be killed (Linux and macOS)",
        ),
        ExecutorSpec(
            "virtual",
            "unitune.bench.virtual:VirtualExecutor",
            about="on a clock of its own, for objectives whose learning curves are known",
        ),
    ]
