"""Checks of what a backend says of itself, and of what it refuses therefore."""

from __future__ import annotations

from typing import get_args

import pytest

from unitune.backend import Service, Study
from unitune.capabilities import Kind
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

    def test_record(self, seed: int) -> None:
        """The record of the backend holds together."""
        spec = self.spec()
        names = spec.method_names()
        known: set[str] = set(get_args(Kind))
        faults = [
            f"method {method.name!r} takes {sorted(set(method.takes) - known)}, which are no kinds"
            for method in spec.methods
            if set(method.takes) - known
        ]
        faults += [
            f"{name!r} is the name of two methods" for name in names if names.count(name) > 1
        ]
        if spec.flagship is not None and spec.flagship not in names:
            faults.append(f"its flagship {spec.flagship!r} is no method")
        for alias, name in spec.aliases.items():
            if name not in names or alias in names:
                faults.append(f"its alias {alias!r} for {name!r} leads nowhere, or hides a method")
        due = Service if spec.contract == "service" else Study
        if not issubclass(load(spec, spec.methods[0]), due):
            faults.append(f"{spec.target!r} is no {due.__name__}")
        require(not faults, f"The record of {self.backend} does not hold together: {faults}")

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
