"""Checks of what a backend says of itself, and of what it refuses therefore."""

from __future__ import annotations

import pytest

from unitune.backend import Service, Study
from unitune.errors import TranslationError
from unitune.plugins import load
from unitune.preparation import plan
from unitune.space import Space
from unitune.testing.elsewhere import imported_by_listing
from unitune.testing.methods import MethodSuite
from unitune.testing.spaces import EVERY_KIND
from unitune.testing.stepping import searchable, setting, takeable
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
        for name, parameter in EVERY_KIND.items():
            space = Space({name: parameter})
            if parameter.size == 1:
                continue
            if not searchable(takeable(space, self.backend, method)):
                with pytest.raises(TranslationError, match=name):
                    plan(space, self.backend, method, {})
            else:
                self._takes_kind(method, space, seed)

    def _takes_kind(self, method: str, space: Space, seed: int) -> None:
        """Open the method on the space; what is proposed is looked at in other checks."""
        prepared = plan(space, self.backend, method, {})
        if self.spec().contract == "study":
            setting(space, self.backend, method, self.options.get(method)).open(seed)
        require(set(prepared.translation.natives) == set(space), f"{set(space)} is left out")
