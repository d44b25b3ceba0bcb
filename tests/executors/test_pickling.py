"""What travels between processes, and by what name."""

from __future__ import annotations

import importlib.util
import io
import math
import pickle
import subprocess
import sys

import cloudpickle
import pytest

from unitune.executors.pickling import dump, pack, unpack


@pytest.fixture
def module(tmp_path):
    """A module under a name by which nobody else finds it."""
    path = tmp_path / "objectives.py"
    path.write_text(
        "HALF = 0.5\n"
        "class Point:\n    x = 3\n"
        "def inner(x):\n    return x * HALF\n"
        "def half(x):\n    return inner(x) + Point.x\n"
    )
    spec = importlib.util.spec_from_file_location("known_to_nobody", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    sys.modules.pop(spec.name)


def dumped(value):
    file = io.BytesIO()
    dump(value, file)
    return file.getvalue()


def elsewhere(data, use):
    """Load in a fresh interpreter, and return what it prints."""
    code = f"import pickle, sys; value = pickle.load(sys.stdin.buffer); print({use})"
    done = subprocess.run([sys.executable, "-c", code], input=data, capture_output=True, check=True)
    return done.stdout.decode().strip()


def test_a_module_that_its_name_does_not_lead_to_is_taken_along(module):
    assert elsewhere(dumped(module.half), "value(2)") == "4.0"
    assert elsewhere(dumped({"in": [module.Point()]}), "value['in'][0].x") == "3"
    assert elsewhere(pack({"f": module.half}), "value['f'](2)") == "4.0"


def test_nothing_stays_registered(module):
    dumped(module.half)
    assert cloudpickle.list_registry_pickle_by_value() == set()
    cloudpickle.register_pickle_by_value(module)  # the user's own wish stays
    try:
        dumped(module.half)
        assert cloudpickle.list_registry_pickle_by_value() == {module.__name__}
    finally:
        cloudpickle.unregister_pickle_by_value(module)


def test_a_module_that_hides_another_of_its_name_is_taken_along(module, monkeypatch):
    monkeypatch.setitem(sys.modules, "colorsys", module)
    monkeypatch.setattr(module.half, "__module__", "colorsys")
    assert elsewhere(dumped(module.half), "value(2)") == "4.0"


@pytest.mark.parametrize("value", [math.sqrt, io.BytesIO, subprocess.run, pickle.Pickler, int])
def test_what_can_be_imported_goes_by_its_name(value):
    assert len(dumped(value)) < 100
    assert pickle.loads(dumped(value)) is value


def test_plain_mappings_are_packed_as_plain_pickles():
    plain = {"a": 1, "b": 0.5, "c": "x", "d": True, "e": None, "f": b"y"}
    assert pack(plain) == pickle.dumps(plain, pickle.HIGHEST_PROTOCOL)
    assert unpack(pack(plain)) == plain
    assert unpack(pack({"f": lambda x: x + 1, 2: (3,)}))["f"](1) == 2
