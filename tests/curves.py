"""Objectives with known learning curves; workers import them by name."""

from __future__ import annotations


def curve(config):
    """Yield a loss that falls towards the config's x."""
    for epoch in range(27):
        yield config["x"] + 1 / (epoch + 1)


def resumes(config, trial):
    """Report the same, going on from a checkpoint."""
    done = trial.checkpoint.load(0)
    for epoch in range(done, 27):
        trial.checkpoint.save(epoch + 1)
        trial.report(config["x"] + 1 / (epoch + 1))
