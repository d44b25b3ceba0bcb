"""Learning curves as they were recorded, and what becomes of them one trial after the other."""

from __future__ import annotations

from unitune.schedulers import Verdict

# Validation loss after each epoch of a small network on scikit-learn's digits (MLPClassifier, one
# hidden layer, batches of 32, 1,200 digits to learn from), by learning rate and units.
CURVES = (
    (1.156, 1.054, 0.987, 1.291, 1.213, 1.030, 0.976, 1.529, 1.130),  # 0.19467, 57
    (1.475, 1.457, 1.499, 1.870, 1.737, 1.868, 2.126, 1.660, 1.727),  # 0.25829, 36
    (2.298, 2.257, 2.215, 2.173, 2.129, 2.086, 2.043, 2.000, 1.957),  # 0.00013, 33
    (1.761, 1.246, 0.908, 0.701, 0.580, 0.506, 0.458, 0.424, 0.400),  # 0.00156, 42
    (0.577, 0.375, 0.424, 0.665, 0.415, 0.397, 0.590, 0.617, 0.570),  # 0.05848, 40
    (0.961, 1.162, 0.886, 0.777, 0.829, 0.968, 0.929, 1.021, 1.055),  # 0.10594, 17
    (1.017, 0.530, 0.419, 0.369, 0.342, 0.326, 0.318, 0.313, 0.311),  # 0.00650, 26
    (1.054, 0.570, 0.450, 0.396, 0.366, 0.345, 0.333, 0.322, 0.313),  # 0.00368, 58
    (1.983, 1.522, 1.134, 0.860, 0.683, 0.576, 0.506, 0.456, 0.420),  # 0.00247, 15
)


def in_turn(scheduler, curves=CURVES):
    """Return (step, verdict) of each trial's last report, the trials run one after the other."""
    ends = []
    for number, curve in enumerate(curves):
        scheduler.begin(number)
        for step, loss in enumerate(curve, start=1):
            verdict = scheduler.report(number, step, loss)
            if verdict is not Verdict.CONTINUE:
                break
        else:
            scheduler.end(number, curve[-1])
        ends.append((step, verdict.value))
    return ends


def interleaved(rng, n_trials, length, *, workers=4, stride=1):
    """Yield (trial, step, last) as several workers would report, in an order drawn at random.

    Send True back to stop the trial.
    """
    new, running = iter(range(n_trials)), {}
    while True:
        while len(running) < workers and (number := next(new, None)) is not None:
            running[number] = 0
        if not running:
            return
        number = rng.choice(list(running))
        running[number] += rng.randint(1, stride)
        step = min(running[number], length)
        stop = yield number, step, step == length
        if stop or step == length:
            del running[number]
