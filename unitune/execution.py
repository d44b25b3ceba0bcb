"""Choosing and making the executor of a run."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Any

from unitune.backend import build
from unitune.capabilities import BackendSpec, ExecutorSpec, Setting
from unitune.errors import OptionError, UnknownNameError
from unitune.executors import Executor
from unitune.job import OnReport
from unitune.objective import Evaluator
from unitune.plugins import find_executor, load_executor


@dataclass(frozen=True, slots=True)
class Execution:
    """Where trials are to run.

    Attributes:
        name: the executor's, such as 'serial', 'process' and 'ray'; None for what fits.
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
        fitting = "process" if self.workers > 1 or limited else "serial"
        name = fitting if self.name is None else self.name
        self._check(_found(name))
        return dataclasses.replace(self, name=name)

    def factory(self, evaluate: Evaluator) -> Callable[[OnReport], Executor]:
        """Return what makes the executor, given where reports go."""
        return lambda on_report: self._make(evaluate, on_report)

    def _make(self, evaluate: Evaluator, on_report: OnReport) -> Executor:
        spec = _found(self.name)
        fixed: dict[str, Any] = {"evaluate": evaluate, "on_report": on_report}
        fixed |= {setting: getattr(self, setting) for setting in spec.takes}
        executor: Executor = build(load_executor(spec), self.options, **fixed)
        return executor

    def _check(self, spec: ExecutorSpec) -> None:
        asked: dict[Setting, bool] = {
            "workers": self.workers > 1,
            "trial_timeout": self.trial_timeout is not None,
            "trial_memory": self.trial_memory is not None,
        }
        for setting, wanted in asked.items():
            if wanted and setting not in spec.takes:
                raise OptionError(
                    f"executor={spec.name!r} takes no {setting}. {spec.advice}".rstrip()
                )
        load_executor(spec)


def _found(name: str | None) -> ExecutorSpec:
    try:
        return find_executor(str(name))
    except UnknownNameError as error:
        raise OptionError(str(error)) from None
