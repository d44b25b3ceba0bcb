"""Benchmark results made up for tests: whole tables, with the columns that real ones have."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from unitune import analysis
from unitune.bench.results import Results

RANDOM = "builtin:random"
SKILLS = {RANDOM: 1.0, "optuna:tpe": 1.25, "skopt:gp": 1.4}
# So far apart that twelve tasks with five seeds separate them.
STRONG = {RANDOM: 1.0, "optuna:tpe": 1.5, "skopt:gp": 2.5}
SECONDS = {RANDOM: 0.0001, "optuna:tpe": 0.005, "skopt:gp": 0.3}
RUN = ["task", "contender", "seed"]


def made(
    skills: Mapping[str, float] = SKILLS,
    *,
    tasks: int | Iterable[str] = 12,
    seeds: int = 5,
    n_trials: int = 30,
    workers: int = 1,
    mode: str = "min",
    optimum: float | None = 0.0,
    proven: bool = True,
    noisy: bool = False,
    most: int | None = None,
    pruned: float = 0.0,
    failed: float = 0.0,
    rng: int = 0,
) -> Results:
    """Return the results of contenders that draw losses u^skill · scale; greater skills do better.

    With `most`, tasks have resource 1 to most, and a share `pruned` of the trials of every
    contender but random search stops early, with a last value far better than any whole one, as a
    trap. A share `failed` of all trials fails. In 'max' mode, values are the losses negated.
    """
    names = [f"task-{i}" for i in range(tasks)] if isinstance(tasks, int) else list(tasks)
    cells = pd.MultiIndex.from_product([names, skills, range(seeds)], names=RUN).to_frame(
        index=False
    )
    stops = 0.0 if most is None else pruned
    state, loss = _drawn(rng, cells, skills, n=n_trials, pruned=stops, failed=failed)
    loss *= np.repeat(np.arange(len(names)) + 1.0, len(skills) * seeds)[:, None]
    trials = _trials(cells, state, loss, mode=mode, most=most, workers=workers)
    scheduled = (cells["contender"] != RANDOM) & bool(most and pruned)
    facts = {"mode": mode, "optimum": optimum, "proven": proven, "noisy": noisy, "most": most}
    return Results(
        _runs(cells, trials, scheduled, mode=mode, n_trials=n_trials, workers=workers),
        trials,
        rungs=_rungs(cells[(cells["contender"] != RANDOM) & (most is not None)], trials, most or 1),
        tasks=pd.DataFrame([_task(name, **facts) for name in names]),
        about=_about(seeds, n_trials),
    )


def _drawn(rng, cells, skills, *, n, pruned, failed):
    """Return the states and losses of all runs, a row a run; a contender's hang on no other's."""
    state = np.empty((len(cells), n), dtype=object)
    loss = np.empty((len(cells), n))
    for i, (name, skill) in enumerate(skills.items()):
        own = np.flatnonzero(cells["contender"] == name)
        draw = np.random.default_rng([rng, i])
        fate, stops = draw.random((len(own), n)), 0.0 if name == RANDOM else pruned
        state[own] = np.select(
            [fate < failed, fate < failed + stops], ["failed", "pruned"], "complete"
        )
        loss[own] = draw.random((len(own), n)) ** skill
    loss = np.where(state == "pruned", loss / 1000, loss)
    return state, np.where(state == "failed", np.nan, loss)


def _trials(cells, state, loss, *, mode, most, workers):
    count, n = state.shape
    suggest = np.repeat(cells["contender"].map(SECONDS).fillna(0.01).to_numpy()[:, None], n, axis=1)
    resource = np.where(state == "complete", most, 1.0) if most else np.full((count, n), np.nan)
    evaluate = np.where(np.isfinite(resource), resource * 0.1, 0.5)
    end = np.zeros((count, n))
    for lane in range(workers):
        end[:, lane::workers] = np.cumsum((suggest + evaluate)[:, lane::workers], axis=1)
    each = {
        "state": state,
        "value": loss if mode == "min" else -loss,
        "loss": loss,
        "resource": resource,
        "start": end - evaluate,
        "end": end,
        "suggest": suggest,
        "evaluate": evaluate,
        "observe": suggest / 10,
        "failure": np.where(state == "failed", "ValueError: diverged", None),
    }
    number = np.tile(np.arange(n), count)
    frame = cells.loc[cells.index.repeat(n)].reset_index(drop=True)
    frame = frame.assign(
        number=number, initial=number < 3, **{k: v.ravel() for k, v in each.items()}
    )
    configs = np.array([json.dumps({"x": i / n, "units": i}) for i in range(n)])
    return frame.assign(config=configs[number])


def _runs(cells, trials, scheduled, *, mode, n_trials, workers):
    groups = trials.groupby(RUN, sort=False)
    whole = trials.assign(value=trials["value"].where(trials["state"] == "complete"))
    best = whole.groupby(RUN, sort=False)["value"].agg("min" if mode == "min" else "max")
    counts = {
        name: (trials["state"] == name).groupby([trials[c] for c in RUN], sort=False).sum()
        for name in ("complete", "pruned", "failed")
    }
    names = cells["contender"].str.partition(":")
    derived = {
        "best": best,
        **{name: groups[name].sum() for name in ("suggest", "observe", "evaluate")},
        "wall": groups["end"].max() + 0.02,
        "resource": groups["resource"].sum(min_count=1),
        **counts,
    }
    return cells.assign(
        backend=names[0],
        method=names[2],
        proposals="native",
        scheduler=np.where(scheduled, "asha", None),
        stops=np.where(scheduled, "composed", ""),
        mode=mode,
        n_trials=n_trials,
        workers=workers,
        paired=True,
        reason="n_trials",
        error=None,
        start_up=0.01,
        idle=0.001,
        trials=n_trials,
        **{name: column.to_numpy() for name, column in derived.items()},
        library=names[0],
        library_version="1.0",
        options="{}",
        effective=json.dumps({"n_startup_trials": 10}),
        lowered=json.dumps({"x": "native", "units": "lowered"}),
    )


def _rungs(cells, trials, most):
    """Return two rungs, at 1 and at most, for each run."""
    frames = []
    for rung, level in enumerate((1, most)):
        reached = trials["resource"] >= level
        counts = reached.groupby([trials[name] for name in RUN]).agg(["sum", "size"]).reset_index()
        frame = cells.merge(counts, on=RUN)
        frames.append(
            frame.assign(
                bracket=0,
                rung=rung,
                planned_trials=frame["size"] // (1 if rung == 0 else 3),
                planned_resource=level,
                trials=frame["sum"],
                resource=frame["sum"] * (1.0 if rung == 0 else most - 1.0),
            ).drop(columns=["sum", "size"])
        )
    return pd.concat(frames).sort_values([*RUN, "rung"], ignore_index=True)


def _task(name, *, mode, optimum, proven, noisy, most):
    value = optimum if optimum is None or mode == "min" else -optimum
    return {
        "task": name,
        "mode": mode,
        "optimum": np.nan if value is None else value,
        "proven": proven,
        "source": "made up",
        "cost": 0.5,
        "least": np.nan if most is None else 1,
        "most": np.nan if most is None else most,
        "unit": "" if most is None else "epochs",
        "noisy": noisy,
        "stresses": "nothing",
        "parameters": 2,
        "version": 1,
    }


def _about(seeds, n_trials):
    return {
        "suite": "made",
        "command": "unitune bench --suite made",
        "date": "2026-11-21",
        "hardware": {"cores": 2, "machine": "x86_64"},
        "versions": {"unitune": "0.1.0", "optuna": "5.0.0"},
        "timing": "exclusive",
        "paired": True,
        "budget": f"{n_trials} trials",
        "seeds": list(range(seeds)),
    }


def counting(monkeypatch, name):
    """Return a list that grows by one each time that any module calls a function of `analysis`."""
    modules = [m for n, m in sys.modules.items() if n.startswith("unitune.analysis")]
    counted = getattr(analysis, name)
    calls = []

    def count(*given, **settings):
        calls.append(name)
        return counted(*given, **settings)

    for module in modules:
        if getattr(module, name, None) is counted:
            monkeypatch.setattr(module, name, count)
    return calls


def owning_its_loop(results, contender, *, idle=2.0):
    """Return the results with a contender of which neither suggest nor observe was ever timed."""
    runs = results.runs.copy()
    own = runs["contender"] == contender
    runs.loc[own, ["suggest", "observe", "idle"]] = [0.0, 0.0, idle]
    return replace(results, runs=runs)
