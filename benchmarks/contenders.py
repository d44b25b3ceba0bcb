"""What `overhead.py` compares: a search by unitune, and the same search written by hand.

The hand-written ones are what a user of the library writes for the parameters that
`unitune.translate` shows, down to the way back from a library's value to the user's. Both sides
propose the same configs for the same seed, so that they have the same work to do.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from typing import Any, Literal

import unitune

# Takes the six values by name; returns the loss.
Loss = Callable[..., float]
# Searches with a library by hand: number of trials, seed, loss.
ByHand = Callable[[int, int, Loss], object]

SPACE = unitune.Space(
    {
        "x": unitune.Float(-5.0, 5.0),
        "lr": unitune.Float(1e-5, 1e-1, scale="log"),
        "momentum": unitune.Float(0.9, 0.999, scale="reverse_log"),
        "n": unitune.Int(1, 64),
        "units": unitune.Int(1, 64, scale="log"),
        "kind": unitune.Categorical(("a", "b", "c")),
    }
)


@dataclass(frozen=True, slots=True)
class Contender:
    """One method, searched with in both ways.

    Attributes:
        backend: unitune's name of the library.
        method: unitune's name of the method.
        by_hand: the same search without unitune.
        target: what is asked of unitune: for a method that computes, that the whole run takes at
            most 1.05 times as long; for one that merely draws, at most 0.3 ms more per trial.
        needs: a module without which the method does not run.
        trials: how many by default; fewer where a single proposal takes a second or so.
        rounds: how many pairs of runs by default.
    """

    backend: str
    method: str
    by_hand: ByHand
    _: KW_ONLY
    target: Literal["ratio", "added"]
    needs: str = "unitune"
    trials: int = 200
    rounds: int = 5

    @property
    def name(self) -> str:
        """'backend:method'."""
        return f"{self.backend}:{self.method}"

    def by_unitune(self, trials: int, seed: int, loss: Loss) -> object:
        """Search with unitune."""
        return unitune.run(
            SPACE,
            lambda config: loss(**config),
            backend=self.backend,
            method=self.method,
            n_trials=trials,
            seed=seed,
            progress=False,
        )


def cheap_loss(*, x: float, lr: float, momentum: float, n: int, units: int, kind: str) -> float:
    """Return a smooth loss that takes a microsecond."""
    return (
        (x - 1.0) ** 2
        + abs(math.log10(lr) + 3.0)
        + abs(math.log10(1.0 - momentum) + 2.0)
        + (n + units) / 64
        + (kind == "a")
    )


def optuna_by_hand(sampler: str) -> ByHand:
    """Return a search with one of Optuna's samplers by `study.optimize`."""

    def search(trials: int, seed: int, loss: Loss) -> object:
        import optuna

        def objective(trial: Any) -> float:
            return loss(
                x=trial.suggest_float("x", -5.0, 5.0),
                lr=trial.suggest_float("lr", 1e-5, 1e-1, log=True),
                momentum=1.0 - trial.suggest_float("momentum", 1.0 - 0.999, 1.0 - 0.9, log=True),
                n=trial.suggest_int("n", 1, 64),
                units=trial.suggest_int("units", 1, 64, log=True),
                kind=trial.suggest_categorical("kind", ["a", "b", "c"]),
            )

        # At its default, INFO, it would also pay for a line of log per trial.
        level = optuna.logging.get_verbosity()
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        try:
            study = optuna.create_study(sampler=getattr(optuna.samplers, sampler)(seed=seed))
            study.optimize(objective, n_trials=trials)
        finally:
            optuna.logging.set_verbosity(level)
        return study

    return search


def hyperopt_by_hand(algorithm: str) -> ByHand:
    """Return a search with one of Hyperopt's algorithms by `fmin`."""

    def search(trials: int, seed: int, loss: Loss) -> object:
        import hyperopt
        import numpy as np
        from hyperopt import hp

        space = {
            "x": hp.uniform("x", -5.0, 5.0),
            "lr": hp.loguniform("lr", math.log(1e-5), math.log(1e-1)),
            "momentum": hp.loguniform("momentum", math.log(1.0 - 0.999), math.log(1.0 - 0.9)),
            "n": hp.uniform("n", 0.5, 64.5),
            "units": hp.loguniform("units", math.log(0.5), math.log(64.5)),
            "kind": hp.choice("kind", ["a", "b", "c"]),
        }

        def objective(point: dict[str, Any]) -> float:
            return loss(
                x=point["x"],
                lr=point["lr"],
                momentum=1.0 - point["momentum"],
                n=_whole(point["n"]),
                units=_whole(point["units"]),
                kind=point["kind"],
            )

        record = hyperopt.Trials()
        hyperopt.fmin(
            objective,
            space,
            algo=getattr(hyperopt, algorithm).suggest,
            max_evals=trials,
            trials=record,
            rstate=np.random.default_rng(seed),
            show_progressbar=False,
        )
        return record

    return search


def skopt_by_hand(function: str) -> ByHand:
    """Return a search by `gp_minimize` or `forest_minimize`."""

    def search(trials: int, seed: int, loss: Loss) -> object:
        import skopt

        # gp_minimize would draw the two end values of an Integer half as often as the others.
        dimensions = _dimensions(whole_n=function != "gp_minimize")
        minimize = getattr(skopt, function)
        return minimize(
            lambda point: _skopt_loss(point, loss),
            dimensions,
            n_calls=trials,
            random_state=seed,
            # Without it every model of the run is kept.
            model_queue_size=1,
        )

    return search


def skopt_random_by_hand(trials: int, seed: int, loss: Loss) -> object:
    """Search at random by asking and telling; dummy_minimize fails with today's scikit-learn."""
    import skopt

    # So many initial points that the model is never fitted.
    optimizer = skopt.Optimizer(
        _dimensions(whole_n=True), "ET", n_initial_points=trials + 1, random_state=seed
    )
    for _ in range(trials):
        point = optimizer.ask()
        optimizer.tell(point, _skopt_loss(point, loss))
    return optimizer.get_result()


def _dimensions(*, whole_n: bool) -> list[Any]:
    from skopt.space import Categorical, Integer, Real

    return [
        Real(-5.0, 5.0),
        Real(1e-5, 1e-1, prior="log-uniform"),
        Real(1.0 - 0.999, 1.0 - 0.9, prior="log-uniform"),
        Integer(1, 64) if whole_n else Real(0.5, 64.5),
        Real(0.5, 64.5, prior="log-uniform"),
        Categorical(["a", "b", "c"]),
    ]


def _skopt_loss(point: list[Any], loss: Loss) -> float:
    x, lr, y, n, units, kind = point
    return loss(x=x, lr=lr, momentum=1.0 - y, n=_whole(n), units=_whole(units), kind=kind)


def _whole(number: float) -> int:
    return min(max(math.floor(number + 0.5), 1), 64)


CONTENDERS = (
    Contender("optuna", "random", optuna_by_hand("RandomSampler"), target="added"),
    Contender("optuna", "tpe", optuna_by_hand("TPESampler"), target="ratio"),
    Contender("optuna", "cmaes", optuna_by_hand("CmaEsSampler"), target="added", needs="cmaes"),
    Contender(
        "optuna",
        "gp",
        optuna_by_hand("GPSampler"),
        target="ratio",
        needs="torch",
        trials=40,
        rounds=2,
    ),
    Contender("hyperopt", "random", hyperopt_by_hand("rand"), target="added"),
    Contender("hyperopt", "tpe", hyperopt_by_hand("tpe"), target="ratio"),
    Contender("skopt", "random", skopt_random_by_hand, target="added"),
    Contender("skopt", "gp", skopt_by_hand("gp_minimize"), target="ratio", trials=40, rounds=2),
    Contender(
        "skopt", "forest", skopt_by_hand("forest_minimize"), target="ratio", trials=60, rounds=2
    ),
)
