"""One progress bar, and only where there is a terminal to show it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from unitune.recorder import Run


class Progress:
    """A bar with the number of trials and the best value so far.

    Args:
        title: what is running.
        total: the number of trials planned.
    """

    def __init__(self, title: str, total: int) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as Bar

        self._bar: Any = Bar(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[best]}"),
            console=Console(stderr=True),
        )
        self._task = self._bar.add_task(title, total=total, best="")
        self._bar.start()

    def advance(self, run: Run) -> None:
        """Show one more trial."""
        best = "" if run.best is None else f"best {run.best.value:.6g}"
        self._bar.update(self._task, completed=len(run.trials), best=best)

    def close(self) -> None:
        """Take the bar down."""
        self._bar.stop()


def progress_bar(title: str, total: int, *, wanted: bool) -> Progress | None:
    """Return a bar if one is wanted and standard error is a terminal."""
    return Progress(title, total) if wanted and sys.stderr.isatty() else None
