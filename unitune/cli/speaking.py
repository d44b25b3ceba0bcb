"""What a command says when it fails, and the exit codes.

0 done; 1 the run failed, or no trial is complete; 2 something given is not acceptable, and nothing
was run; 130 interrupted.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import click

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
