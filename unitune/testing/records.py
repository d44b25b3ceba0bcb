"""Checks of what a backend says of itself, and of what it refuses therefore."""

from __future__ import annotations

import contextlib

import pytest

from unitune.backend import Service, Study
from unitune.errors import BackendError, TranslationError
from unitune.plugins import load
from unitune.preparation import plan
from unitune.space import Space
from unitune.testing.elsewhere import imported_by_listing
from unitune.testing.methods import MethodSuite
from unitune.testing.spaces import EVERY_KIND, any_loss
from unitune.testing.stepping import by_value, searchable, setting, takeable
from unitune.testing.suite import remembered, require


class RecordChecks(MethodSuite):
    """Checks of a backend's record."""

    def test_target(self, seed: int) -> None:
        """The class that the record names is there, and of the contract that it declares."""
        spec = self.spec()
        target = load(spec, spec.methods[0])
        due = Service if spec.contract == "service" else Study
        require(
            isinstance(target, type) and issubclass(target, due),
            f"The record of {self.backend} names {spec.target!r}, which is no {due.__name__}",
        )

    def test_listing(self, seed: int) -> None:
        """Listing the backends does not import the wrapped library."""
        if self.spec().module is None:
            pytest.skip("its record names no module of a library")
        require(
            not imported_by_listing(self, seed),
            f"The plugin module of {self.backend} imports {self.spec().module}; import it in the "
            f"module of the study only",
        )

    @remembered
    def test_kinds(self, method: str, seed: int) -> None:
        """Every kind of parameter, alone, is taken, or refused before anything begins."""
        counts = iter([self.random_start(method) + 1])  # one kind past the random start will do
        for name, parameter in EVERY_KIND.items():
            space = Space({name: parameter})
            if parameter.size == 1:
                continue
            if not searchable(takeable(space, self.backend, method)):
                with pytest.raises(TranslationError, match=name):
                    plan(space, self.backend, method, {})
            else:
                self._takes_kind(method, space, seed, next(counts, 2))
        whole = takeable(EVERY_KIND, self.backend, method)
        if searchable(whole):
            self._leaves_nothing_out(method, whole)

    def _takes_kind(self, method: str, space: Space, seed: int, count: int) -> None:
        """Run the method on the space; what is proposed is looked at in other checks."""
        self._leaves_nothing_out(method, space)
        if self.spec().contract == "study":
            study = setting(space, self.backend, method, self.options.get(method)).open(seed)
            with contextlib.suppress(BackendError):
                study.go(by_value(any_loss), count)

    def _leaves_nothing_out(self, method: str, space: Space) -> None:
        translation = plan(space, self.backend, method, {}).translation
        left = set(translation.targets) - set(translation.natives)
        require(not left, f"{self.backend}:{method} makes nothing of {sorted(left)}")
