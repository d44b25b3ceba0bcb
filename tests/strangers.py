"""Plugins of strangers: packages made up in a folder, found through real entry points."""

from __future__ import annotations

import sys
import textwrap

import pytest

from unitune.discovery import forget


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Return a function that puts a distribution into a folder on the path."""
    monkeypatch.syspath_prepend(str(tmp_path))
    modules = set(sys.modules)

    def put(name, *, code="", entry=None, version="1.0", requires=()):
        package = name.replace("-", "_")
        info = tmp_path / f"{package}-{version}.dist-info"
        info.mkdir()
        lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
        lines += [f"Requires-Dist: {one}" for one in requires]
        (info / "METADATA").write_text("\n".join(lines) + "\n")
        if entry is not None:
            text = f"[unitune]\n{entry} = {package}\n"
            (info / "entry_points.txt").write_text(text)
        (tmp_path / f"{package}.py").write_text(textwrap.dedent(code))
        forget()

    yield put
    forget()
    for module in set(sys.modules) - modules:
        if str(getattr(sys.modules[module], "__file__", None) or "").startswith(str(tmp_path)):
            del sys.modules[module]


# A backend in the fewest lines: it takes floats in a box, and nothing else.
SMALLEST = """
    import random
    from unitune.backend import Proposal, Study
    from unitune.capabilities import BackendSpec, Method
    from unitune.hookspecs import hookimpl

    class Smallest(Study):
        @classmethod
        def native_space(cls, translation):
            return {name: (p.low, p.high) for name, p in translation.targets.items()}

        @classmethod
        def open(cls, problem):
            study = cls()
            study.boxes, study.rng = problem.translation.natives, random.Random(problem.seed)
            study.told = []
            return study

        def ask(self):
            return self.inject({n: self.rng.uniform(*box) for n, box in self.boxes.items()})

        def inject(self, values):
            return Proposal(values, values)

        def tell(self, token, outcome):
            self.told.append((token, outcome))

        native = property(lambda self: self.told)

    @hookimpl
    def unitune_backends():
        method = Method("random", frozenset({"float/linear"}))
        return [BackendSpec("NAME", "MODULE:Smallest", methods=(method,)SETTINGS)]
"""


# A plugin that leaves a file beside itself, with the number of each process that loads it.
TELLTALE = """
    import os
    from pathlib import Path

    Path(f"{__file__}.{os.getpid()}").touch()
"""


def smallest(name, module, settings=""):
    """Return the code of the smallest backend under a name."""
    code = SMALLEST.replace("NAME", name).replace("MODULE", module)
    return code.replace("SETTINGS", f", {settings}" if settings else "")


# A backend that owns its loop, and proposes the middle of a box of floats again and again.
LOOP = """
    from unitune.backend import Service
    from unitune.capabilities import BackendSpec, Method
    from unitune.hookspecs import hookimpl
    from unitune.trial import Outcome, State

    class Loop(Service):
        @classmethod
        def native_space(cls, translation):
            return translation.targets

        @classmethod
        def open(cls, problem):
            loop = cls()
            loop.problem = problem
            return loop

        def run(self, evaluate, sink):
            for number in range(self.problem.n_trials):
                values = {name: 0.5 for name in self.problem.translation.targets}
                sink.proposed(str(number), values)
                sink.begun(str(number))
                sink.finished(str(number), Outcome(State.COMPLETE, 1.0), 0.0)

        native = None

    @hookimpl
    def unitune_backends():
        method = Method("random", frozenset({"float/linear"}))
        return [BackendSpec("loop", "loop:Loop", methods=(method,), contract="service")]
"""
