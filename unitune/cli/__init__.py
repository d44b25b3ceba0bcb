"""The command line."""

from unitune.cli.commands import main

__all__ = ["main"]
