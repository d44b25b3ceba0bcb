"""What a figure of the page is: views of traces, and the controls that choose among them.

The page's script turns each trace into plotly's, by its role, and gives it the contender's colour.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import Any

EXTRAS = {"band": "intervals", "thin": "single seeds"}
BY = ("trials", "seconds", "resource")


@dataclass(frozen=True, slots=True)
class Control:
    """A choice among the views of a figure.

    Attributes:
        name: 'task' follows the page's choice of a task; 'y' is made in the page itself.
        label: what stands before it.
        options: value and label, the first of them chosen at the start.
        kind: 'segment', 'select', or 'page' for one without a control of its own.
    """

    name: str
    label: str
    options: tuple[tuple[str, str], ...]
    kind: str = "segment"

    def as_data(self) -> dict[str, Any]:
        """Return what the page's script needs of it."""
        return {"name": self.name, "value": self.options[0][0] if self.options else ""}


@dataclass(frozen=True, slots=True)
class Figure:
    """One interactive figure.

    Attributes:
        name: its name in the page.
        title: its caption.
        about: how it is read, in a sentence or two; also its description for those who cannot
            see it.
        views: traces and axes by the values of the controls, joined with '|'.
        controls: the choices among the views.
        log: the axes that can be logarithmic, and whether they are at the start.
        extras: the roles of traces that can be left out, and whether they are there at the start.
    """

    name: str
    title: str
    about: str
    _: KW_ONLY
    views: Mapping[str, Mapping[str, Any]]
    controls: tuple[Control, ...] = ()
    log: Mapping[str, bool] = field(default_factory=dict)
    extras: Mapping[str, bool] = field(default_factory=dict)

    def as_data(self) -> dict[str, Any]:
        """Return what the page's script needs of it."""
        return {
            "views": dict(self.views),
            "controls": [control.as_data() for control in self.controls],
            "log": dict(self.log),
            "extras": dict(self.extras),
        }


def axis(title: str, *, kind: str = "", **more: Any) -> dict[str, Any]:
    """Return an axis: its title, its type where that is fixed, and plotly's further settings."""
    return {"title": title, "type": kind, "axis": more} if kind else {"title": title, "axis": more}


def floor_of(*columns: Sequence[float]) -> float:
    """Return what stands for zero on a logarithmic axis: a little below the least value above it.

    Example:
        >>> floor_of([0.0, 0.5], [2.0])
        0.25
    """
    positive = [value for values in columns for value in values if 0 < value < float("inf")]
    return max(min(positive) / 2, 1e-15) if positive else 1e-12
