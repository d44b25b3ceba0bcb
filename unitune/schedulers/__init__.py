"""Who says, from what trials report, which of them go on."""

from unitune.schedulers.contract import Place, Release, Rung, Scheduler, Verdict

__all__ = ["Place", "Release", "Rung", "Scheduler", "Verdict"]
