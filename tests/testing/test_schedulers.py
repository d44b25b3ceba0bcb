"""Unitune's own schedulers pass the kit."""

# ruff: noqa: RUF012 - settings of a suite, which nobody changes

from __future__ import annotations

from unitune.testing import KnownFailure, SchedulerSuite


class TestMedian(SchedulerSuite):
    scheduler = "median"


class TestAsha(SchedulerSuite):
    scheduler = "asha"


class TestAshaByPromotion(SchedulerSuite):
    scheduler = "asha"
    options = {"variant": "promotion"}
    seed = 1
    known = {
        "test_plan": KnownFailure(
            "never",
            reason="it decides without waiting: who went on stays when better ones come later",
        )
    }


class TestSuccessiveHalving(SchedulerSuite):
    scheduler = "successive_halving"


class TestHyperband(SchedulerSuite):
    scheduler = "hyperband"


class TestPatience(SchedulerSuite):
    scheduler = "patience"
