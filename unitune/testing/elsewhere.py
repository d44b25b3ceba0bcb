"""What a backend does in another process, whose hashes have another order."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

from unitune.plugins import missing
from unitune.testing.methods import MethodSuite
from unitune.testing.suite import require

SCRIPT = """
import contextlib, io, json, sys
import unitune
from unitune.plugins import find_backend, find_method, load
given = json.loads(sys.argv[1])
unitune.backends()
found = {"imported": given["module"] in sys.modules, "proposals": {}}
words = io.StringIO()
with contextlib.redirect_stdout(words), contextlib.redirect_stderr(words):
    if given["first"]:
        spec = find_backend(given["backend"])
        load(spec, find_method(spec, given["first"]))
found["said"] = words.getvalue()
from unitune.testing.spaces import MIXED, any_loss
from unitune.testing.stepping import by_value, setting, takeable
for method, (options, count) in given["methods"].items():
    space = takeable(MIXED, given["backend"], method)
    study = setting(space, given["backend"], method, options).open(given["seed"])
    asked = study.go(by_value(any_loss), count)
    found["proposals"][method] = [dict(each.values) for each in asked]
print(json.dumps(found, default=lambda number: number.item()))
"""


def proposals_elsewhere(suite: MethodSuite, seed: int) -> dict[str, list[dict[str, Any]]]:
    """Return the first raw proposals of each method on MIXED, made by another process."""
    found: dict[str, list[dict[str, Any]]] = _answer(suite, seed)["proposals"]
    return found


def imported_by_listing(suite: MethodSuite, seed: int) -> bool:
    """Return whether listing the backends imports the wrapped library."""
    return bool(_answer(suite, seed)["imported"])


def said_by_import(suite: MethodSuite, seed: int) -> str:
    """Return what is printed when the study is imported."""
    try:
        return str(_answer(suite, seed)["said"])
    except AssertionError:  # another check needs the other process, and says so
        return ""


def _answer(suite: MethodSuite, seed: int) -> dict[str, Any]:
    """Return what the other process says; it is asked once for a suite."""
    kept = suite.kept
    if "elsewhere" not in kept:
        kept["elsewhere"] = _run(suite, seed)
    answer: dict[str, Any] = kept["elsewhere"]
    return answer


def _run(suite: MethodSuite, seed: int) -> dict[str, Any]:
    spec, methods = suite.spec(), {}
    names = [name for name in suite.names() if missing(spec, suite.described(name)) is None]
    if spec.contract == "service":
        names = []
    for name in names:
        options = dict(suite.options.get(name, {}))
        if suite.described(name).reproducible and _is_json(options):
            methods[name] = (options, suite.random_start(name) + 3)
    given = {
        "backend": spec.name,
        "module": spec.module,
        "seed": seed,
        "methods": methods,
        "first": names[0] if names else None,
    }
    path = os.pathsep.join(filter(None, sys.path))
    done = subprocess.run(  # noqa: S603 - this interpreter, and a script of our own
        [sys.executable, "-c", SCRIPT, json.dumps(given)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": str(seed % 2**32)},
    )
    require(done.returncode == 0, f"another process cannot use the backend: {done.stderr}")
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def _is_json(options: Any) -> bool:
    try:
        return bool(json.loads(json.dumps(options)) == options)
    except (TypeError, ValueError):
        return False
