"""Tables as text."""

from __future__ import annotations

import io
import shutil
import sys
from collections.abc import Iterable, Sequence

UNLIMITED = 10_000


def render(
    title: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    numeric: Sequence[str] = (),
) -> str:
    """Return a table as text without colours, folded only where a terminal is too narrow.

    Args:
        title: a line above the table.
        columns: the headings.
        rows: the cells; each is shown by `str`.
        numeric: the headings of the columns to set flush right.
    """
    from rich import box
    from rich.console import Console, JustifyMethod
    from rich.markup import escape
    from rich.table import Table

    terminal = sys.stdout is not None and sys.stdout.isatty()
    width = shutil.get_terminal_size().columns if terminal else UNLIMITED
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for column in columns:
        side: JustifyMethod = "right" if column in numeric else "left"
        table.add_column(escape(column), justify=side, overflow="fold", no_wrap=not terminal)
    for row in rows:
        table.add_row(*(escape(str(cell)) for cell in row))
    out = io.StringIO()
    Console(file=out, width=width, color_system=None, legacy_windows=False).print(table)
    lines = [line.rstrip() for line in out.getvalue().splitlines()]
    return "\n".join([title, "", *lines])
