"""Unitune's own executors pass the kit."""

from __future__ import annotations

import pytest

from unitune.testing import ExecutorSuite


class TestSerial(ExecutorSuite):
    executor = "serial"


class TestProcess(ExecutorSuite):
    executor = "process"


@pytest.fixture(scope="module")
def one_ray():
    from clusters import local_ray  # imports Ray, which is left out with its tests

    with local_ray():
        yield


@pytest.mark.ray
@pytest.mark.usefixtures("one_ray")
class TestRay(ExecutorSuite):
    executor = "ray"
