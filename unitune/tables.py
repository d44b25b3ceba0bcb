"""Tables as text."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence


def render(
    title: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    numeric: Sequence[str] = (),
) -> str:
    """Return a table as text as wide as its contents need, without colours.

    Args:
        title: a line above the table.
        columns: the headings.
        rows: the cells; each is shown by `str`.
        numeric: the headings of the columns to set flush right.
    """
    from rich import box
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for column in columns:
        side = "right" if column in numeric else "left"
        table.add_column(escape(column), justify=side, overflow="fold", no_wrap=True)  # type: ignore[arg-type]
    for row in rows:
        table.add_row(*(escape(str(cell)) for cell in row))
    out = io.StringIO()
    Console(file=out, width=10_000, color_system=None, legacy_windows=False).print(table)
    lines = [line.rstrip() for line in out.getvalue().splitlines()]
    return "\n".join([title, "", *lines])
