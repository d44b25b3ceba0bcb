"""Training a network on the digits, epoch by epoch."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import KW_ONLY, dataclass

import numpy as np

from unitune_benchmarks.images import Part, load_splits
from unitune_benchmarks.network import Network, cross_entropy
from unitune_benchmarks.rules import Rule
from unitune_benchmarks.threads import one_thread

# What a network that diverged scores: well above log(10) = 2.3, the loss of one that knows nothing,
# and near enough to it that a single bad config does not drown the others in a model of the loss.
WORST = 10.0


@dataclass(frozen=True, slots=True)
class Regime:
    """How a network is trained.

    Attributes:
        batch_size: how many examples each step looks at.
        dropout: which share of the hidden units is silenced.
        l1: strength of the L1 penalty.
        l2: strength of the L2 penalty.
        schedule: what the learning rate is multiplied with, by the share of the training that is
            over; None keeps it as it is.
    """

    batch_size: int
    _: KW_ONLY
    dropout: float = 0.0
    l1: float = 0.0
    l2: float = 0.0
    schedule: Callable[[float], float] | None = None


def fit(
    network: Network, rule: Rule, regime: Regime, *, epochs: int, rng: np.random.Generator
) -> Iterator[Network]:
    """Train a network and yield it after each epoch; it is the same object each time.

    Args:
        network: is trained in place.
        rule: moves its weights.
        regime: how.
        epochs: how often it sees each example.
        rng: draws the order of the examples and the units that are silenced.
    """
    top = rule.lr
    for epoch in range(epochs):
        rates = None
        if regime.schedule is not None:
            rates = [top * regime.schedule((epoch + over) / epochs) for over in _shares(regime)]
        with one_thread():
            _epoch(network, rule, regime, rates, rng)
        yield network


# A diverging network overflows on its way to a loss that is not finite. NumPy is told so in
# functions, not around a yield, where it would also hold for whoever consumes the generator.
@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def loss_on(network: Network, part: Part) -> float:
    """Return the mean cross-entropy in nats; it may be NaN or infinite."""
    with one_thread():
        return cross_entropy(network.logits(part.x), part.labels)


def validation_losses(
    networks: Iterator[Network], epochs: int, *, patience: int | None = None
) -> Iterator[float]:
    """Yield the validation loss after each epoch, cut off at `WORST`, as often as there are epochs.

    A network whose outputs are no longer finite is not trained any further and scores `WORST` to
    the end.

    Args:
        networks: what `fit` returned.
        epochs: how many losses to yield.
        patience: training stops early after so many epochs in a row without a better loss, and
            the best loss so far stands to the end; None never stops early.
    """
    validation = load_splits().validation
    loss = best = math.inf
    since = 0
    for epoch in range(epochs):
        if patience is None or since < patience:
            loss = loss_on(next(networks), validation)
            if not math.isfinite(loss):
                yield from [WORST] * (epochs - epoch)
                return
            since = 0 if loss < best else since + 1
            best = min(best, loss)
        stopped = patience is not None and since >= patience
        yield min(best if stopped else loss, WORST)


def _shares(regime: Regime) -> list[float]:
    """Return which share of an epoch is over at each of its steps."""
    steps = math.ceil(len(load_splits().training.labels) / regime.batch_size)
    return [step / steps for step in range(steps)]


@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def _epoch(
    network: Network,
    rule: Rule,
    regime: Regime,
    rates: list[float] | None,
    rng: np.random.Generator,
) -> None:
    training = load_splits().training
    order = rng.permutation(len(training.labels))
    for step, start in enumerate(range(0, len(order), regime.batch_size)):
        rows = order[start : start + regime.batch_size]
        if rates is not None:
            rule.lr = rates[step]
        _, gradient = network.gradient(
            training.x[rows],
            training.labels[rows],
            weight_decay=regime.l2,
            l1=regime.l1,
            dropout=regime.dropout,
            rng=rng,
        )
        rule.step(network.theta, gradient)
