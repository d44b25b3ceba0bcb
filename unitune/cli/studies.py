"""`unitune studies`, `show` and `export`: what journals hold."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from unitune.cli.speaking import said
from unitune.errors import OptionError
from unitune.journal import Journal, StudyLog, StudySummary, open_journal
from unitune.journal.exporting import STANDARD, write
from unitune.journal.history import as_stored, past
from unitune.journal.places import locate, shown
from unitune.tables import render
from unitune.trial import State, Trial

_storage = click.option(
    "--storage",
    required=True,
    metavar="PLACE",
    help="the journal: a name, the path of a file, or a database URL",
)


def _file(form: str) -> Callable[..., Any]:
    path = click.Path(path_type=Path, dir_okay=False, allow_dash=True)
    words = f"write {form.upper()} to this file; - is standard output"
    return click.option(f"--{form}", type=path, help=words)


@click.command()
@_storage
@said
def studies(storage: str) -> None:
    """List the studies of a journal."""
    with open_journal(storage, create=False) as journal:
        rows = [
            (
                study.name,
                f"{study.backend}:{study.method}",
                _states(study) or "no trials",
                "-" if study.best is None else f"{study.best:.6g}",
                f"{study.last:%Y-%m-%d %H:%M:%S}",
                study.reason or "-",
            )
            for study in journal.studies()
        ]
    columns = ("study", "method", "trials", "best", "last written (UTC)", "ended by")
    click.echo(render(f"Studies of {shown(locate(storage))}", columns, rows, numeric=("best",)))


@click.command()
@click.argument("name")
@_storage
@said
def show(name: str, storage: str) -> None:
    """Show one study: its settings, its trials, its best config."""
    with open_journal(storage, create=False) as journal, journal.read(name) as log:
        click.echo(_describe(log, _summary(journal, name)))


@click.command()
@click.argument("name")
@_storage
@_file("csv")
@_file("parquet")
@_file("json")
@click.option("--curves", is_flag=True, help="write what trials reported, one row a report")
@said
def export(name: str, storage: str, *, curves: bool, **files: Path | None) -> None:
    """Write the trials of a study to a file, one row each."""
    wanted = {form: path for form, path in files.items() if path is not None}
    if not wanted:
        raise OptionError("Nothing to write: give --csv, --parquet or --json with a file.")
    what = "reports" if curves else "trials"
    with open_journal(storage, create=False) as journal, journal.read(name) as log:
        for form, path in wanted.items():
            count = write(log, path, form, curves=curves)
            click.echo(f"Wrote {count} {what} to {path}.", err=path == STANDARD)


def _summary(journal: Journal, name: str) -> StudySummary:
    return next(study for study in journal.studies() if study.name == name)


def _states(study: StudySummary) -> str:
    known = [state.value for state in State if state.value in study.states]
    counted = [f"{study.states[state]} {state}" for state in known]
    return ", ".join(counted + ([f"{study.running} running"] if study.running else []))


def _describe(log: StudyLog, study: StudySummary) -> str:
    header, trials = log.header, past(log, as_stored).trials
    through = f", proposals of {header.through}" if header.through else ""
    settings = {
        "seed": header.seed,
        "mode": header.mode,
        "metric": header.metric,
        "n_trials": study.n_trials,
        **{f"option {name}": value for name, value in header.options.items()},
        "begun": f"{study.created:%Y-%m-%d %H:%M:%S} UTC",
        "last written": f"{study.last:%Y-%m-%d %H:%M:%S} UTC",
        "versions": ", ".join(f"{name} {version}" for name, version in header.versions.items()),
    }
    ended = f"ended by {study.reason}" if study.reason else "not ended"
    lines = [
        f"{study.name}: {study.backend}:{study.method}{through}",
        *(f"  {name}: {value}" for name, value in settings.items() if value not in (None, "")),
        f"{_states(study) or 'no trials'}; {ended}.",
        *_retries(trials),
        *_best(study, trials),
    ]
    return "\n".join(lines)


def _retries(trials: list[Trial]) -> list[str]:
    again = [trial for trial in trials if trial.attempts]
    if not again:
        return []
    total = sum(len(trial.attempts) for trial in again)
    return [
        f"{len(again)} trials were tried again, {total} times in all:",
        *(f"  {trial.number}: {'; '.join(map(str, trial.attempts))}" for trial in again),
    ]


def _best(study: StudySummary, trials: list[Trial]) -> list[str]:
    complete = [t for t in trials if t.state is State.COMPLETE and t.value == study.best]
    if not complete:
        return []
    best = min(complete, key=lambda trial: trial.number)
    values = (f"  {name} = {value!r}" for name, value in best.config.items())
    return [f"Best value {best.value:.6g} in trial {best.number}:", *values]
