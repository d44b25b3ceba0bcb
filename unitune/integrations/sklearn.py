"""scikit-learn: estimators with `partial_fit`, one report an epoch."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any

from unitune.handle import Handle
from unitune.integrations.saving import is_due


def partial_fit(
    estimator: Any,
    X: Any,  # noqa: N803 - scikit-learn's name
    y: Any,
    *,
    epochs: int,
    score: Callable[[Any], float | Mapping[str, float]],
    classes: Sequence[Any] | None = None,
    trial: Handle | None = None,
    save_every: int | None = None,
) -> Generator[float | Mapping[str, float], None, None]:
    """Train an estimator epoch by epoch, and yield its score after each of them.

    Return it from an objective, which makes that a generator. Where a paused generator cannot
    wait, an objective that hands its trial on goes on from the estimator that was kept.

    Args:
        estimator: has `partial_fit`; it is trained in place, unless one is kept to go on with.
        X: what to train on; an epoch is one call of `partial_fit` with all of it.
        y: the targets.
        epochs: how many there are at most.
        score: takes the estimator; returns the value to report.
        classes: all the labels, for classifiers.
        trial: the trial's handle, to keep the estimator for after a pause.
        save_every: keep it every so many epochs too, for trials that are tried again.

    Example:
        >>> from sklearn.linear_model import SGDRegressor
        >>> X, y = [[0.0], [1.0], [2.0]], [0.0, 1.0, 2.0]
        >>> scores = partial_fit(
        ...     SGDRegressor(random_state=0), X, y, epochs=3, score=lambda model: model.score(X, y)
        ... )
        >>> len(list(scores))
        3
    """
    done = 0
    if trial is not None:
        done, estimator = trial.checkpoint.load((0, estimator))
    known = {} if classes is None else {"classes": classes}
    for epoch in range(done + 1, epochs + 1):
        estimator.partial_fit(X, y, **known)
        if trial is not None and is_due(trial, epoch, save_every):
            trial.checkpoint.save((epoch, estimator))
        yield score(estimator)
