"""`unitune backends`, `translate`, `run` and `compare`; those on journals are in `studies`.

Exit codes: 0 done; 1 the run failed, or no trial is complete; 2 something given is not
acceptable, and nothing was run; 130 interrupted.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

import unitune
from unitune.api import run as run_study
from unitune.api import translate as translate_space
from unitune.cli.bench import bench, report
from unitune.cli.extending import ExtensibleGroup
from unitune.cli.loading import load_configs, load_object, load_space, read_settings
from unitune.cli.output import describe, make_directory, write_comparison, write_result
from unitune.cli.plugins import plugin, plugins
from unitune.cli.speaking import FAILED, INTERRUPTED, said, typed
from unitune.cli.studies import export, show, studies
from unitune.comparison import Comparison
from unitune.comparison import compare as compare_contenders
from unitune.discovery import BACKENDS, failures
from unitune.errors import UnituneError
from unitune.plugins import discover, library_version, missing
from unitune.result import Result
from unitune.tables import render
from unitune.trial import State


class Commands(ExtensibleGroup):
    """All commands; Ctrl-C ends each of them in one way."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            click.echo("\nInterrupted.", err=True)
            ctx.exit(INTERRUPTED)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(unitune.__version__, prog_name="unitune")
def main() -> None:
    """One search space and one objective for every tuning library."""


_shared = [
    click.option(
        "--space",
        metavar="MODULE:NAME",
        help="the space [default: `space` of the objective's module]",
    ),
    click.option(
        "--trials",
        type=int,
        help="trials of each run [default: 50, or as many as --max-resource allows]",
    ),
    click.option(
        "--resource",
        type=(int, int),
        metavar="LEAST MOST",
        help="what a trial consumes, in the steps it reports, such as epochs",
    ),
    click.option("--max-resource", type=int, help="what all trials of a run may consume"),
    click.option(
        "--mode",
        type=click.Choice(["min", "max"]),
        default="min",
        show_default=True,
        help="whether smaller or greater is better",
    ),
    click.option("--metric", help="which value of a mapping counts"),
    click.option("--timeout", type=float, help="seconds after which a run begins no trial"),
    click.option("--target", type=float, help="a value good enough to end a run"),
    click.option("--patience", type=int, help="trials without improvement that end a run"),
    click.option("--workers", default=1, show_default=True, help="trials side by side"),
    click.option(
        "--executor",
        metavar="NAME",
        help="where trials run: serial, process, ray, or a plugin's [default: process "
        "for several workers or limits, else serial]",
    ),
    click.option("--trial-timeout", type=float, help="seconds after which a trial is killed"),
    click.option("--trial-memory", type=int, help="bytes that a trial may allocate"),
    click.option("--retries", default=0, show_default=True, help="further attempts of a trial"),
    click.option(
        "--out",
        type=click.Path(path_type=Path, file_okay=False),
        help="directory for the results",
    ),
    click.option("--quiet", is_flag=True, help="no progress bar"),
]


def _with_shared(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(_shared):
        command = option(command)
    return command


@main.command()
@said
def backends() -> None:
    """List the backends, their methods, and what is missing."""
    rows, notes = [], []
    for name, found in sorted(discover().items()):
        if found.problem:
            rows.append((name, "-", "cannot be used", "", found.origin))
            notes.append(f"{name} (from {found.origin}): {found.problem}.")
            continue
        spec = found.spec
        lack = missing(spec)
        version = library_version(spec) or ("built in" if spec.distribution is None else "-")
        status = "ready" if lack is None else "missing"
        methods = ", ".join(
            m.name + ("*" if m.composed else "") + ("!" if not m.reproducible else "")
            for m in spec.methods
        )
        rows.append((name, version, status, spec.flagship or "-", methods))
        lacks = [lack] if lack else [missing(spec, method) for method in spec.methods]
        notes += [note for note in lacks if note]
    notes += [f"{f.plugin.title}: {f.problem}." for f in failures(BACKENDS)]
    columns = ("backend", "version", "status", "bayesian", "methods")
    click.echo(render("Backends (* composed by unitune, ! not reproducible)", columns, rows))
    for note in notes:
        click.echo(f"\n{note}")


@main.command()
@click.argument("space", metavar="MODULE:SPACE")
@click.option("--backend", default="optuna", show_default=True)
@click.option("--method", default="bayesian", show_default=True)
@said
def translate(space: str, backend: str, method: str) -> None:
    """Show what becomes of each parameter of a space on a backend."""
    click.echo(str(translate_space(load_object(space), backend, method)))


@main.command()
@click.argument("objective", metavar="MODULE:OBJECTIVE")
@_with_shared
@click.option("--backend", default="optuna", show_default=True)
@click.option("--method", default="bayesian", show_default=True)
@click.option("--seed", type=int, help="fixes every proposal [default: drawn and shown]")
@click.option(
    "--initial",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="JSON file with a list of configs to evaluate first",
)
@click.option(
    "--option",
    "options",
    multiple=True,
    metavar="NAME=VALUE",
    help="an option of the method; may be repeated",
)
@click.option(
    "--value",
    type=click.Choice(["last", "best"]),
    default="last",
    show_default=True,
    help="which report of a trial counts",
)
@click.option("--scheduler", help="what stops trials early, such as asha or unitune:hyperband")
@click.option(
    "--scheduler-option",
    "scheduler_options",
    multiple=True,
    metavar="NAME=VALUE",
    help="an option of the scheduler, such as eta=4; may be repeated",
)
@click.option(
    "--executor-option",
    "executor_options",
    multiple=True,
    metavar="NAME=VALUE",
    help="an option of the executor, such as address=auto; may be repeated",
)
@click.option("--storage", help="a journal: a name, a file or a URL; keeps every event")
@click.option("--study", help="the study's name in the journal")
@click.option("--resume", is_flag=True, help="go on with the study, to --trials in all")
@said
def run(
    objective: str,
    space: str | None,
    *,
    trials: int | None,
    out: Path | None,
    quiet: bool,
    initial: Path | None,
    options: tuple[str, ...],
    executor_options: tuple[str, ...],
    scheduler_options: tuple[str, ...],
    **settings: Any,
) -> int:
    """Search a space with one backend."""
    if out is not None:
        make_directory(out)
    result = run_study(
        load_space(space, objective),
        load_object(objective),
        n_trials=trials,
        initial=[] if initial is None else load_configs(initial),
        options=read_settings(options),
        executor_options=read_settings(executor_options),
        scheduler_options=read_settings(scheduler_options),
        progress=not quiet,
        **settings,
    )
    click.echo(describe(result))
    if out is not None:
        written = ", ".join(path.name for path in write_result(result, out))
        click.echo(f"Wrote {written} to {out}.")
    return _code(result)


@main.command()
@click.argument("objective", metavar="MODULE:OBJECTIVE")
@_with_shared
@click.option(
    "--contenders",
    required=True,
    metavar="A:B,C:D",
    help="backend:method, with options and +scheduler if need be",
)
@click.option("--seeds", default=1, show_default=True, help="runs per contender")
@said
def compare(
    objective: str,
    space: str | None,
    *,
    trials: int | None,
    out: Path | None,
    quiet: bool,
    contenders: str,
    seeds: int,
    **settings: Any,
) -> int:
    """Compare several backends and methods on one task."""
    if out is not None:
        make_directory(out)
    comparison = compare_contenders(
        load_space(space, objective),
        load_object(objective),
        contenders,
        n_trials=trials,
        seeds=seeds,
        progress=not quiet,
        **settings,
    )
    for entry in comparison.entries:
        if entry.error is not None:
            click.echo(f"{entry.contender}, seed {entry.seed}: {entry.error}", err=True)
    click.echo(str(comparison))
    if out is not None:
        written = ", ".join(path.name for path in write_comparison(comparison, out))
        click.echo(f"\nWrote {written} to {out}.")
        _report(comparison, out)
    return max(_code(entry.result) for entry in comparison.entries)


def _report(comparison: Comparison, out: Path) -> None:
    """Write the report, which needs more libraries than the comparison did, and some trials."""
    results = replace(comparison, about={**comparison.about, "command": typed()}).results
    try:
        results.save(out)
        path = importlib.import_module("unitune.report").write(results, out)
    except UnituneError as error:
        click.echo(f"There is no report. {error}", err=True)
    else:
        click.echo(f"Report: {path}")


def _code(result: Result) -> int:
    if result.reason == "interrupted":
        return INTERRUPTED
    return 0 if any(t.state is State.COMPLETE for t in result.trials) else FAILED


for command in (studies, show, export, plugins, plugin):
    main.add_command(command)
for command in (bench, report):
    main.add_command(command)
