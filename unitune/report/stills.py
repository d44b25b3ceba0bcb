"""The report's figures as PNG and SVG, drawn by matplotlib without touching its global state."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from unitune.errors import MissingLibraryError
from unitune.report import heat
from unitune.report.drawings import Drawings
from unitune.report.figure import Figure
from unitune.report.findings import Findings, Part, over
from unitune.report.palette import LIGHT
from unitune.report.texts import labels

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

WIDTH = 7.2
DPI = 160
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
MOST_TASKS = 24
MOST_ROWS = 40
MOST_RANKED = 20


def write_figures(findings: Findings, drawn: Drawings, folder: Path) -> list[tuple[str, str]]:
    """Write every figure twice; returns the name and the caption of each.

    Raises:
        MissingLibraryError: matplotlib is not installed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, caption, canvas in figures(findings, drawn):
        with _without_missing_glyphs():
            # the layout is found once, and serves both files
            canvas.draw_without_rendering()
            canvas.set_layout_engine("none")
            # no date, so that the same results give the same files
            canvas.savefig(folder / f"{name}.svg", metadata={"Date": None})
            canvas.savefig(folder / f"{name}.png", dpi=DPI)
        written.append((name, caption))
    return written


def figures(findings: Findings, drawn: Drawings) -> Iterator[tuple[str, str, Canvas]]:
    """Yield name, caption and drawing of each figure that has something to show."""
    for part in findings.parts:
        critical = critical_difference(findings, part)
        if critical is not None:
            yield f"critical_difference{part.suffix}", f"Mean ranks over {over(part)}", critical
    for figure in (*drawn.progress, *drawn.also, *drawn.costs, drawn.rungs):
        if figure is None or not _traces(findings, figure, _first(figure)):
            continue
        yield figure.name, figure.title, still(findings, figure)
    yield "scores", "Score by task and contender", score_map(findings)
    yield "tasks", "Best value so far on each task", small_multiples(findings, drawn.drill[0])


def _first(figure: Figure) -> Mapping[str, Any]:
    return next(iter(figure.views.values()))


def _traces(findings: Findings, figure: Figure, view: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    kept = [t for t in view["traces"] if t.get("c") not in findings.hidden]
    kept = [t for t in kept if figure.extras.get(t["role"], True)]
    # one dot a contender is not worth a drawing of its own
    return [t for t in kept if t["role"] != "spots" or "text" in t]


def still(findings: Findings, figure: Figure) -> Canvas:
    """Return a figure of the page as matplotlib draws it, with its first view."""
    view = _first(figure)
    traces = _traces(findings, figure, view)
    rows = max((len(t["y"]) for t in traces if t["role"] == "bar"), default=0)
    canvas = _canvas(WIDTH, 4.2 if not rows else 1.3 + 0.3 * min(rows, MOST_ROWS))
    ax = canvas.add_subplot()
    _axes(ax, view, figure.log)
    _draw(findings, ax, traces, view)
    _log_ticks(ax)
    ax.set_title(_plain(figure.title), loc="left", fontsize=11, fontweight="bold", color=INK)
    if any(t["role"] in ("line", "bar", "spots") for t in traces):
        canvas.legend(
            loc="outside lower center", ncols=4, frameon=False, fontsize=8.5, handlelength=2.4
        )
    return canvas


def _canvas(width: float, height: float) -> Canvas:
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


def _axes(ax: Axes, view: Mapping[str, Any], log: Mapping[str, bool]) -> None:
    ax.set_xlabel(view["x"]["title"], fontsize=9.5, color=FAINT)
    ax.set_ylabel(view["y"]["title"], fontsize=9.5, color=FAINT)
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


def _log_ticks(ax: Axes) -> None:
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


def _draw(
    findings: Findings, ax: Axes, traces: Sequence[Mapping[str, Any]], view: Mapping[str, Any]
) -> None:
    left: dict[str, float] = {}
    floor = view.get("floor", 0.0)
    for t in traces:
        if t["role"] == "bar":
            _bar(findings, ax, t, left, grouped=view["layout"]["barmode"] == "group")
        elif t["role"] == "spots":
            _spots(findings, ax, t)
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
        label=None if thin else _plain(t["name"]),
        drawstyle=drawstyle,
    )


def _lifted(values: Sequence[float | None], floor: float) -> list[float]:
    return [math.nan if v is None else max(v, floor) for v in values]


def _bar(
    findings: Findings, ax: Axes, t: Mapping[str, Any], left: dict[str, float], *, grouped: bool
) -> None:
    kept = [i for i, c in enumerate(t.get("by", t["y"])) if c not in findings.hidden][:MOST_ROWS]
    names = [_plain(t["y"][i]) for i in kept]
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
        ax.plot(x, y, linestyle="none", label=_plain(text), **style)


def critical_difference(findings: Findings, part: Part) -> Canvas | None:
    """Return scikit-posthocs' critical-difference diagram; None where there are no ranks."""
    separation = part.verdict.separation
    if separation is None or len(separation.ranks) < 2:
        return None
    from scikit_posthocs import critical_difference_diagram

    ranks = separation.ranks.sort_values()[:MOST_RANKED]
    p = separation.p.loc[ranks.index, ranks.index]
    names = {name: _plain(findings.label(name)) for name in ranks.index}
    colours = {
        names[name]: LIGHT[findings.looks[findings.place(name)].colour] for name in ranks.index
    }
    canvas = _canvas(WIDTH, 1.2 + 0.2 * len(ranks))
    critical_difference_diagram(
        ranks.rename(names),
        p.rename(index=names, columns=names).fillna(1.0),
        alpha=separation.alpha,
        ax=canvas.add_subplot(),
        color_palette=colours,
        label_props={"fontsize": 9},
    )
    return canvas


def score_map(findings: Findings) -> Canvas:
    """Return the scores of the contenders that are shown, task by task, the winners marked."""
    from matplotlib.colors import LinearSegmentedColormap

    columns = [c for c in range(len(findings.contenders)) if c not in findings.hidden]
    rows = heat.rows(findings)[:MOST_ROWS]
    canvas = _canvas(max(WIDTH, 2.2 + 0.72 * len(columns)), 1.5 + 0.3 * len(rows))
    ax = canvas.add_subplot()
    shades = [[row.cells[c].shade for c in columns] for row in rows]
    values = [[math.nan if shade is None else shade for shade in line] for line in shades]
    blues = LinearSegmentedColormap.from_list("score", ["#FFFFFF", LIGHT[0]])
    ax.imshow(values, cmap=blues, vmin=0, vmax=1.35, aspect="auto")
    for y, row in enumerate(rows):
        for x, c in enumerate(columns):
            cell = row.cells[c]
            weight = "bold" if cell.wins else "normal"
            text = f"{cell.text}{' ★' if cell.wins else ''}"
            colour = "#FFFFFF" if (cell.shade or 0) > 0.9 else INK
            ax.text(x, y, text, ha="center", va="center", fontsize=8, weight=weight, color=colour)
    names = [_plain(findings.labels[c]) for c in columns]
    ax.set_xticks(range(len(columns)), names, rotation=30, ha="left", fontsize=8.5)
    ax.xaxis.tick_top()
    tasks = labels([row.task for row in rows])
    ax.set_yticks(range(len(rows)), [_plain(task) for task in tasks], fontsize=8.5)
    ax.tick_params(length=0, colors=INK)
    for side in ax.spines.values():
        side.set_visible(False)
    return canvas


def small_multiples(findings: Findings, figure: Figure) -> Canvas:
    """Return the anytime curves of every task, one small drawing each."""
    tasks = findings.tasks[:MOST_TASKS]
    across = min(3, len(tasks))
    down = -(-len(tasks) // across)
    canvas = _canvas(2.6 * across + 0.4, 2.1 * down + 0.7)
    grid = canvas.subplots(down, across, squeeze=False)
    for ax in grid.flat[len(tasks) :]:
        ax.remove()
    for task, label, ax in zip(tasks, labels(tasks), grid.flat, strict=False):
        view = figure.views[f"{task}|trials"]
        _axes(ax, view, {"y": True})
        _draw(findings, ax, _traces(findings, figure, view), view)
        _log_ticks(ax)
        ax.set_xlabel("")
        ax.set_ylabel("")
        ax.set_title(_plain(label), fontsize=9, color=INK)
    named: dict[str, Any] = {}
    for ax in canvas.axes:
        named |= {
            label: handle for handle, label in zip(*ax.get_legend_handles_labels(), strict=True)
        }
    canvas.legend(
        named.values(), named, loc="outside lower center", ncols=4, frameon=False, fontsize=8.5
    )
    title = "Regret against trials, task by task"
    canvas.suptitle(title, x=0.02, ha="left", fontsize=11, fontweight="bold", color=INK)
    return canvas


def _plain(text: str) -> str:
    """Return a text that matplotlib shows as it stands: no formulas, nothing hidden."""
    shown = text.replace("$", r"\$")
    return f" {shown}" if shown.startswith("_") else shown


@contextmanager
def _without_missing_glyphs() -> Iterator[None]:
    """Keep quiet about signs that matplotlib's own font lacks: a box stands for them."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"Glyph .* missing from font")
        yield
