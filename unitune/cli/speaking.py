"""What a command says when it fails, its exit codes, and how it was typed.

0 done; 1 the run failed, or no trial is complete; 2 something given is not acceptable, and nothing
was run; 130 interrupted.
"""

from __future__ import annotations

import functools
import shlex
from collections.abc import Callable
from typing import Any

import click
from click.core import ParameterSource

from unitune.errors import BackendError, CallbackError, ObjectiveError, UnituneError

FAILED, REFUSED, INTERRUPTED = 1, 2, 130


def said(command: Callable[..., int | None]) -> Callable[..., None]:
    """Turn what unitune raises into a sentence and an exit code."""

    @functools.wraps(command)
    def speaking(*args: Any, **kwargs: Any) -> None:
        try:
            code = command(*args, **kwargs)
        except (ObjectiveError, CallbackError, BackendError) as error:
            click.echo(f"unitune: {error}", err=True)
            code = FAILED
        except UnituneError as error:
            click.echo(f"unitune: {error}", err=True)
            code = REFUSED
        raise SystemExit(code or 0)

    return speaking


def typed() -> str:
    """Return what was typed, as it could be typed again."""
    context = click.get_current_context()
    words = ["unitune", context.command.name or ""]
    for parameter in context.command.params:
        name = parameter.name or ""
        if context.get_parameter_source(name) is not ParameterSource.COMMANDLINE:
            continue
        value = context.params[name]
        if isinstance(parameter, click.Argument):
            words.append(str(value))
        elif value is True:
            words.append(parameter.opts[0])
        elif parameter.multiple:
            words += [word for one in value for word in (parameter.opts[0], str(one))]
        else:
            parts = value if isinstance(value, tuple) else (value,)
            words += [parameter.opts[0], *map(str, parts)]
    return shlex.join(words)
