"""`unitune plugins` and `unitune plugin new`: what is installed, and the beginning of one more."""

from __future__ import annotations

from pathlib import Path

import click

from unitune.cli.speaking import said
from unitune.discovery import brought
from unitune.installed import VARIABLE, Plugin, installed, left_out, named_in_variable
from unitune.loading import hooks_in_source
from unitune.plugins import dangling, discover
from unitune.scaffold import write_plugin
from unitune.tables import render

MOST = 6  # names shown of each kind


@click.command()
@click.option("--load", is_flag=True, help="load them, and show what they bring by name")
@said
def plugins(*, load: bool) -> None:
    """List the installed plugins, without running any of their code.

    What they bring is read from their sources; --load runs them, and shows each thing by name.
    """
    found, rows, notes = installed(), [], []
    for plugin in found:
        reason = left_out(plugin)
        status = reason or "enabled"
        if load and reason is None:
            brings, problems = _brought(plugin)
            status += ", with problems" if problems else ""
            notes += [f"{plugin.title}: {line}." for line in problems]
        else:
            hooks = hooks_in_source(plugin.module)
            brings = ", ".join(hook.removeprefix("unitune_") for hook in hooks) or "?"
        rows.append((plugin.name, plugin.distribution, plugin.version, status, brings))
    columns = ("plugin", "distribution", "version", "status", "brings")
    click.echo(render("Plugins", columns, rows))
    unknown = named_in_variable() - {"1", "all", "true"}
    for name in sorted(name for name in unknown if not _called(name, found)):
        notes.append(f"{VARIABLE} names {name!r}, which no installed plugin is called.")
    if not load:
        notes.append("No plugin was loaded; --load does, and shows what is wrong with one.")
    for note in notes:
        click.echo(f"\n{note}")


@click.group()
def plugin() -> None:
    """Begin a plugin of your own."""


@plugin.command()
@click.argument("name")
@click.option(
    "--into",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    help="where the package's folder goes [default: here]",
)
@said
def new(name: str, into: Path) -> None:
    """Write a package with a backend NAME that can be published, and tests that it passes."""
    folder = write_plugin(name, into)
    click.echo(
        f"Wrote {folder}. Next:\n"
        f"  pip install -e '{folder}[test]'\n"
        f"  pytest {folder}\n"
        f"  unitune backends"
    )


def _brought(plugin: Plugin) -> tuple[str, list[str]]:
    names, problems = brought(plugin)
    own = click.get_current_context().find_root().command
    for name in names.get("command", []):
        if isinstance(own, click.Group) and name in own.commands:
            problems.append(f"command {name!r} cannot be used: unitune has one of that name")
    for name in names.get("backend", []):
        found = discover()[name]
        faults = [] if found.problem else [dangling(method) for method in found.spec.methods]
        problems += [f"backend {name!r} lacks something: {fault}" for fault in faults if fault]
    return "; ".join(_counted(word, brings) for word, brings in names.items()), problems


def _counted(word: str, names: list[str]) -> str:
    more = f" and {len(names) - MOST} more" if len(names) > MOST else ""
    return f"{word}{'s' * (len(names) > 1)} {', '.join(names[:MOST])}{more}"


def _called(name: str, found: tuple[Plugin, ...]) -> bool:
    return any(plugin.called(frozenset({name})) for plugin in found)
