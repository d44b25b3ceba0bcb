"""Checks of what a backend leaves alone, and of how it refuses."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from unitune.errors import OptionError
from unitune.preparation import plan
from unitune.testing.elsewhere import said_by_import
from unitune.testing.methods import MethodSuite
from unitune.testing.spaces import PLANE, plane_loss
from unitune.testing.stepping import Stepper, complete, failed, infeasible, pruned
from unitune.testing.suite import require
from unitune.testing.watching import Traces, watching
from unitune.trial import Outcome, State

MISSPELT = "no_method_has_this_option"

# What goes wrong in these goes wrong where all calls are watched as well.
_OBSERVED = (
    *("test_failed", "test_infeasible", "test_pruned", "test_reports", "test_repeats"),
    "test_inject",
)
_BAD_ENDS = (failed(), infeasible(), pruned(()), pruned((2.0, 1.0)))


class MannerChecks(MethodSuite):
    """Checks of what a method touches and refuses."""

    def test_options(self, method: str, seed: int) -> None:
        """An option that nobody knows is refused by its name, before the first trial."""
        prepared = plan(
            self.prepared(PLANE, method).plan.translation.space, self.backend, method, {}
        )
        error = _error_of(lambda: prepared.open(seed=seed, options={MISSPELT: 1}))
        require(
            isinstance(error, OptionError) and MISSPELT in str(error),
            f"{self.backend}:{method} does not refuse an unknown option with an OptionError that "
            f"names it: {error!r}",
        )

    def test_callers_objects(self, method: str, seed: int) -> None:
        """Nothing that was handed in, or handed out, is changed."""
        prepared = self.prepared(PLANE, method).plan
        options = copy.deepcopy(dict(self.options.get(method, {})))
        foreign = prepared.translation.lower(dict.fromkeys(PLANE, 0.25))
        given: list[dict[str, Any]] = [dict(foreign), dict(options), {"loss": 1.0}]
        opened: Any = prepared.open(seed=seed, options=given[1])
        study, kept = Stepper(opened, prepared.translation), []
        measured = Outcome(State.COMPLETE, 1.0, metrics=given[2])
        opened.tell(opened.inject(given[0]).token, measured)
        for number in range(self.length(method)):
            for asked in study.several(1):
                kept.append((asked.values, dict(asked.values)))
                value = complete(plane_loss(asked.config))
                study.tell(asked, measured if number % 4 == 3 else value)
        names = ("the injected config", "the options", "the metrics of an outcome")
        due = (foreign, options, {"loss": 1.0})
        changed = [n for n, now, then in zip(names, given, due, strict=True) if now != then]
        changed += ["an earlier proposal" for now, then in kept if dict(now) != then][:1]
        require(not changed, f"{self.backend}:{method} changes {', '.join(changed)}")

    def test_global_random_state(self, method: str, observed: Traces) -> None:
        """The random numbers of `random`, numpy and torch are neither used nor disturbed."""
        touched = observed.random
        require(not touched, f"{self.backend}:{method} disturbs the global state of {touched}")

    def test_files(self, method: str, observed: Traces) -> None:
        """Nothing is written where the user is, or at home; directory and environment stay."""
        left, changed = observed.files, observed.environment
        require(not left, f"{self.backend}:{method} leaves {left} behind")
        require(not observed.moved, f"{self.backend}:{method} changes the current directory")
        require(not changed, f"{self.backend}:{method} changes the environment: {changed}")

    def test_quiet(self, method: str, seed: int, observed: Traces) -> None:
        """Nothing is printed or warned of, and no filter or logger is changed."""
        who = f"{self.backend}:{method}"
        said = observed.said or said_by_import(self, seed)
        require(not said, f"{who} says {said[:200]!r}")
        require(not observed.warned, f"{who} warns {observed.warned[:2]}")
        require(not observed.logging, f"{who} changes {' and '.join(observed.logging)}")

    @pytest.fixture
    def observed(
        self,
        method: str,
        seed: int,
        tmp_path: Path,
        capfd: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> Traces:
        """What a study of the method leaves behind; one is run for all checks."""
        for check in _OBSERVED:
            self.needs(check, method, seed)
        key = ("observed", method, seed)
        if key not in self.kept:
            self._make_every_call(method, seed, _nothing)  # so that everything is imported
            with watching(tmp_path, capfd, monkeypatch) as traces:
                self._make_every_call(method, seed, traces.look)
            self.kept[key] = traces
        observed: Traces = self.kept[key]
        return observed

    def _make_every_call(self, method: str, seed: int, look: Callable[[], None]) -> None:
        """Make every call there is on a study of the method, and look after each."""
        study = self.prepared(PLANE, method).open(seed)
        look()
        todo, ends = [study.inject(dict.fromkeys(PLANE, 0.25))], iter(_BAD_ENDS)
        for _ in range(self.length(method) + len(_BAD_ENDS)):
            for asked in todo:
                look()
                study.study.report(asked.token, 1, 1.0)
                look()
                study.tell(asked, next(ends, complete(plane_loss(asked.config))))
                look()
                study.study.native  # noqa: B018 - a property may do something
                look()
            todo = study.several(1)
        look()
        for asked in todo:
            study.repeat(asked, None)
        look()
        study.study.close()


def _nothing() -> None:
    pass


def _error_of(call: Callable[[], Any]) -> Exception | None:
    try:
        call()
    except Exception as error:  # noqa: BLE001 - whichever it is, is the question
        return error
    return None
