"""How one view of a figure is put on matplotlib's axes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from unitune.errors import MissingLibraryError
from unitune.report.findings import Findings
from unitune.report.palette import LIGHT

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

INK = "#15181D"
FAINT = "#6C7380"
GRID = "#E4E8EE"
# The colours of a run's parts, as on the page.
PARTS = {
    "start_up": "#9AA3B2",
    "suggest": "#D5702A",
    "observe": "#B6973A",
    "evaluate": "#3D7FC4",
    "idle": "#DADEE5",
}
MOST_ROWS = 40


def blank(width: float, height: float) -> Canvas:
    """Return an empty drawing of a size in inches.

    Raises:
        MissingLibraryError: matplotlib is not installed.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure as Drawing
    except ImportError as error:
        raise MissingLibraryError(
            "The report's PNG and SVG figures need matplotlib, which is not installed. Install it "
            "with: pip install 'unitune[report]'"
        ) from error
    canvas = Drawing(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(canvas)
    return canvas


def set_axes(ax: Axes, view: Mapping[str, Any], log: Mapping[str, bool]) -> None:
    """Set titles, scales and looks of the axes as a view asks for them."""
    ax.set_xlabel(plain(view["x"]["title"]), fontsize=9.5, color=FAINT)
    ax.set_ylabel(plain(view["y"]["title"]), fontsize=9.5, color=FAINT)
    for name, axis in (("x", ax.xaxis), ("y", ax.yaxis)):
        given = view[name]["axis"]
        if log.get(name) and "type" not in view[name]:
            ax.set(**{f"{name}scale": "log"})
        elif "%" in given.get("tickformat", ""):
            axis.set_major_formatter(lambda value, _: f"{100 * value:.3g} %")
    if view["y"]["axis"].get("autorange") == "reversed":
        ax.invert_yaxis()
    ax.tick_params(labelsize=8.5, colors=FAINT, which="both")
    ax.grid(color=GRID, linewidth=0.7)
    ax.set_axisbelow(True)
    for side in ax.spines.values():
        side.set_visible(False)


def set_log_ticks(ax: Axes) -> None:
    """Label powers of ten, and between them only where there are few."""
    from matplotlib.ticker import LogLocator, NullFormatter

    for axis in (ax.xaxis, ax.yaxis):
        if axis.get_scale() != "log":
            continue
        low, high = axis.get_view_interval()
        subs = (1.0,) if high / low > 100 else (1.0, 2.0, 5.0)
        axis.set_major_locator(LogLocator(subs=subs, numticks=8))
        axis.set_major_formatter(lambda value, _: f"{value:g}")
        axis.set_minor_formatter(NullFormatter())


def draw_traces(
    findings: Findings, ax: Axes, traces: Sequence[Mapping[str, Any]], view: Mapping[str, Any]
) -> None:
    """Draw the traces of a view, each by its role."""
    left: dict[str, float] = {}
    floor = view.get("floor", 0.0)
    for t in traces:
        if t["role"] == "bar":
            _bar(findings, ax, t, left, grouped=view["layout"]["barmode"] == "group")
        elif t["role"] == "spots":
            _spots(findings, ax, t)
        elif t["role"] in ("points", "rug"):
            _marks(findings, ax, t)
        else:
            _curve(findings, ax, t, floor)


def _curve(findings: Findings, ax: Axes, t: Mapping[str, Any], floor: float) -> None:
    look = findings.looks[t["c"]]
    colour = LIGHT[look.colour]
    drawstyle = "steps-post" if t.get("shape") == "hv" else "default"
    if t["role"] == "band":
        low, high = (_lifted(t[end], floor) for end in ("low", "high"))
        ax.fill_between(t["x"], low, high, color=colour, alpha=0.13, linewidth=0)
        return
    thin = t["role"] == "thin"
    ax.plot(
        _lifted(t["x"], -math.inf),
        _lifted(t["y"], floor),
        color=colour,
        linestyle=look.stroke,
        linewidth=0.6 if thin else 1.9,
        alpha=0.4 if thin else 1.0,
        label=None if thin else plain(t["name"]),
        drawstyle=drawstyle,
    )


def _lifted(values: Sequence[float | None], floor: float) -> list[float]:
    return [math.nan if v is None else max(v, floor) for v in values]


def _bar(
    findings: Findings, ax: Axes, t: Mapping[str, Any], left: dict[str, float], *, grouped: bool
) -> None:
    kept = [i for i, c in enumerate(t.get("by", t["y"])) if c not in findings.hidden][:MOST_ROWS]
    names = [plain(t["y"][i]) for i in kept]
    widths = [t["x"][i] or 0.0 for i in kept]
    places = [float(i) for i in range(len(kept))]
    if grouped:
        places = [place + (0.2 if t["part"] == "evaluate" else -0.2) for place in places]
    starts = [0.0 if grouped else left.get(name, 0.0) for name in names]
    ax.barh(
        places,
        widths,
        height=0.38 if grouped else 0.62,
        left=starts,
        color=PARTS[t["part"]],
        label=t["name"],
    )
    ax.set_yticks(range(len(names)), names, color=INK)
    left |= {name: start + width for name, start, width in zip(names, starts, widths, strict=True)}


def _spots(findings: Findings, ax: Axes, t: Mapping[str, Any]) -> None:
    for c, x, y, text in zip(t["by"], t["x"], t["y"], t["text"], strict=True):
        if c in findings.hidden:
            continue
        look = findings.looks[c]
        style = {"marker": look.marker, "color": LIGHT[look.colour], "markersize": 8}
        ax.plot(x, y, linestyle="none", label=plain(text), **style)


def _marks(findings: Findings, ax: Axes, t: Mapping[str, Any]) -> None:
    look = findings.looks[t["c"]]
    marks = {"marker": look.marker, "markersize": 6, "label": plain(t["name"])}
    strokes = {"marker": "|", "markersize": 9}
    style = strokes if t["role"] == "rug" else marks
    ax.plot(t["x"], t["y"], linestyle="none", color=LIGHT[look.colour], **style)


def plain(text: str) -> str:
    """Return a text that matplotlib shows as it stands: no formulas, nothing hidden."""
    shown = text.replace("$", r"\$")
    return f" {shown}" if shown.startswith("_") else shown
