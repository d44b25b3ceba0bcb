"""When the state of a training is kept, and what is said of a metric that is not there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from unitune.errors import UnknownNameError, nearest
from unitune.handle import Handle


def is_due(trial: Handle, step: int, every: int | None = None) -> bool:
    """Return whether a trial keeps its state at a step, before it reports.

    Args:
        trial: the trial's handle.
        step: how many epochs or rounds were trained.
        every: how often the state is kept beyond what pauses need; None for no more than that.

    Example:
        >>> from unitune.job import Job
        >>> trial = Handle(Job(0, {}, seed=0, resource=3), None, float)
        >>> [step for step in range(1, 7) if is_due(trial, step)]
        [3, 4, 5, 6]
        >>> [step for step in range(1, 4) if is_due(trial, step, every=2)]
        [2, 3]
    """
    # Where a scheduler pauses trials, it does so at the first report from `resource` on.
    pauses = trial.resource is not None and step >= trial.resource
    return pauses or (every is not None and step % every == 0)


class Rounds:
    """The rounds of a boosted model that a trial has trained before, if it has.

    Args:
        trial: the trial's handle.
        save_every: keep the model every so many rounds too, not only where the trial may pause.

    Example:
        >>> import unitune
        >>> def train(config, trial):
        ...     rounds = Rounds(trial)
        ...     trained = rounds.booster or 0  # stands for a model
        ...     for _ in range(rounds.left(9)):
        ...         trained += 1
        ...         rounds.take(trained, config["x"] / trained, trained)
        >>> result = unitune.run(
        ...     {"x": unitune.Float(0, 1)}, train, backend="builtin", method="hyperband",
        ...     resource=(1, 9), n_trials=9, seed=0,
        ... )
        >>> sorted(set(result.resource.frame()["how"]))
        ['first', 'restored']
    """

    def __init__(self, trial: Handle, save_every: int | None = None) -> None:
        self._trial = trial
        self._every = save_every

    @property
    def booster(self) -> Any:
        """The model to go on with; None where the trial is at its start."""
        return self._trial.checkpoint.load((0, None))[1]

    def left(self, rounds: int) -> int:
        """Return how many of so many rounds in all are still to be trained.

        Args:
            rounds: how many the trial trains from its start to its end.
        """
        done: int = self._trial.checkpoint.load((0, None))[0]
        return max(0, rounds - done)

    def take(self, step: int, value: float, booster: Any = None) -> None:
        """Report a round, and keep the model before, if it is due and there is one.

        Args:
            step: how many rounds were trained.
            value: the metric after them.
            booster: the model after them; None keeps nothing.

        Raises:
            Stop: from `Handle.report`, to be let pass.
        """
        if booster is not None and is_due(self._trial, step, self._every):
            self._trial.checkpoint.save((step, booster))
        self._trial.report(value, step=step)


def no_metric(name: str, known: Iterable[str]) -> UnknownNameError:
    """Return the error for a metric that the training does not log.

    Args:
        name: what the callback is to report.
        known: what is logged.

    Example:
        >>> print(no_metric("val_los", ["lr", "val_loss"]))
        The callback reports 'val_los', which the training does not log. Did you mean 'val_loss'?
    """
    return UnknownNameError(
        f"The callback reports {name!r}, which the training does not log. {nearest(name, known)}"
    )
