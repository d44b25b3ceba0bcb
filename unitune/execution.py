"""Choosing and making the executor of a run."""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Any, Literal, cast

from unitune.backend import build
from unitune.capabilities import BackendSpec
from unitune.errors import MissingLibraryError, OptionError, nearest
from unitune.executors import Executor, SerialExecutor
from unitune.objective import Evaluator, OnReport
from unitune.plugins import find_backend, missing

Name = Literal["serial", "process", "ray"]
NAMES: tuple[Name, ...] = ("serial", "process", "ray")


@dataclass(frozen=True, slots=True)
class Execution:
    """Where trials are to run.

    Attributes:
        name: 'serial', 'process', 'ray', or None for what fits.
        workers: how many run side by side.
        trial_timeout: seconds after which a trial is killed.
        trial_memory: bytes that a trial may allocate.
        options: further ones of the executor's own.
    """

    name: str | None
    _: KW_ONLY
    workers: int = 1
    trial_timeout: float | None = None
    trial_memory: int | None = None
    options: Mapping[str, Any] = field(default_factory=dict)

    def chosen(self, spec: BackendSpec) -> Execution:
        """Return the same with a name, checked against the backend.

        Raises:
            OptionError: the settings do not go together.
            MissingLibraryError: the executor's library is not installed.
        """
        limited = self.trial_timeout is not None or self.trial_memory is not None
        if spec.contract == "service":
            if self.name is not None or limited or self.options:
                raise OptionError(
                    f"Backend {spec.name!r} runs trials itself, so that executor=, "
                    f"executor_options=, trial_timeout= and trial_memory= have no meaning for it. "
                    f"Leave them out, or use an ask-and-tell backend with executor='ray'."
                )
            return self
        name = self.name or ("process" if self.workers > 1 or limited else "serial")
        if name not in NAMES:
            raise OptionError(f"There is no executor {name!r}. {nearest(str(name), NAMES)}")
        if name == "serial" and (self.workers > 1 or limited or self.options):
            raise OptionError(
                "executor='serial' evaluates in this process, one trial at a time: it has no "
                "workers, trial_timeout, trial_memory or options. Use executor='process'."
            )
        if name == "ray":
            self._check_ray()
        return dataclasses.replace(self, name=name)

    def factory(self, evaluate: Evaluator) -> Callable[[OnReport], Executor]:
        """Return what makes the executor, given where reports go."""
        return lambda on_report: self._make(evaluate, on_report)

    def _make(self, evaluate: Evaluator, on_report: OnReport) -> Executor:
        if self.name == "serial":
            return SerialExecutor(evaluate, on_report)
        fixed: dict[str, Any] = {"evaluate": evaluate, "on_report": on_report}
        fixed |= {"workers": self.workers, "trial_timeout": self.trial_timeout}
        if self.name == "process":
            fixed["trial_memory"] = self.trial_memory
            from unitune.executors.process import ProcessExecutor

            return build(ProcessExecutor, self.options, **fixed)
        executor = importlib.import_module("unitune_ray.executor").RayExecutor
        return cast("Executor", build(executor, self.options, **fixed))

    def _check_ray(self) -> None:
        if self.trial_memory is not None:
            raise OptionError(
                "executor='ray' limits memory through executor_options={'resources': {'memory': "
                "bytes}}; leave trial_memory out."
            )
        lack = missing(find_backend("ray"))
        if lack is not None:
            raise MissingLibraryError(lack)
