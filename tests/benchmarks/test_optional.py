from __future__ import annotations

import sys

import pytest

from unitune.errors import MissingLibraryError
from unitune_benchmarks import coco, hpotables, iohprofiler
from unitune_benchmarks.optional import load_library


def test_a_library_that_is_there_is_returned():
    assert load_library("math", "bench-tables").sqrt(4.0) == 2.0


def test_a_library_that_is_not_there_is_named_with_the_command_that_installs_it():
    with pytest.raises(MissingLibraryError, match=r"pip install 'unitune\[bench-ioh\]'"):
        load_library("no_such_library", "bench-ioh")


@pytest.mark.parametrize("home", [coco, hpotables, iohprofiler], ids=lambda home: home.__name__)
def test_a_task_says_so_when_its_library_is_not_there(home, monkeypatch):
    task = home.tasks()[0]
    monkeypatch.setitem(sys.modules, task.needs[0], None)
    loader = getattr(home, "load", None) or home._load
    loader.cache_clear()
    with pytest.raises(MissingLibraryError, match=task.extra):
        getattr(task.objective, "curve", task.objective)(task.space.sample(0))
