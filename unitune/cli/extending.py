"""The group of commands: unitune's own, and those that plugins add, loaded when they are used."""

from __future__ import annotations

from typing import Any

import click

from unitune.capabilities import CommandSpec
from unitune.discovery import COMMANDS, Found, unasked
from unitune.errors import PluginError, UnknownNameError, nearest
from unitune.plugins import discover_commands, find_command, load_target


class ExtensibleGroup(click.Group):
    """A group whose own commands need no plugin, and cannot be replaced by one."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *discover_commands()})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        own = super().get_command(ctx, cmd_name)
        if own is not None:
            return own
        found = discover_commands().get(cmd_name)
        if found is not None:
            return LazyCommand(found)
        try:
            find_command(cmd_name)
        except UnknownNameError:
            self._refuse(ctx, cmd_name)
        except PluginError as error:
            raise click.UsageError(str(error)) from error
        return None  # click says so, and names the nearest

    def _refuse(self, ctx: click.Context, name: str) -> None:
        """Say which plugins might have the command, where some were not asked."""
        plugins = unasked(COMMANDS)
        if plugins and not ctx.resilient_parsing:
            hint = nearest(name, self.list_commands(ctx))
            raise click.UsageError(" ".join([f"No such command {name!r}. {hint}", *plugins]), ctx)


class LazyCommand(click.Command):
    """Stands in the help for a command of a plugin; importing it waits until it is invoked."""

    def __init__(self, found: Found[CommandSpec]) -> None:
        help_line = "(cannot be used)" if found.problem else found.spec.help
        line = f"{help_line} (from {found.origin})".strip()
        super().__init__(found.name, short_help=line, add_help_option=False)
        self._found = found

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        return self._command().make_context(info_name, args, parent, **extra)

    def _command(self) -> click.Command:
        found = self._found
        if found.problem is not None:
            what = f"Command {found.name!r} (from {found.origin})"
            raise click.UsageError(f"{what} cannot be used: {found.problem}.")
        try:
            command = load_target("Command", found.name, found.spec.target)
        except PluginError as error:
            raise click.UsageError(str(error)) from error
        if not isinstance(command, click.Command):
            what = f"{found.spec.target!r} is {command!r}, not a click command"
            raise click.UsageError(f"Command {found.name!r} (from {found.origin}): {what}.")
        return command
