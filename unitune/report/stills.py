"""The report's figures as PNG and SVG, drawn by matplotlib without touching its global state."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from unitune.report import heat
from unitune.report.drawings import Drawings
from unitune.report.figure import Figure
from unitune.report.findings import Findings, Part, budgeted_in, over
from unitune.report.palette import LIGHT
from unitune.report.plotting import (
    FAINT,
    INK,
    MOST_ROWS,
    blank,
    draw_traces,
    plain,
    set_axes,
    set_log_ticks,
)
from unitune.report.texts import labels

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

WIDTH = 7.2
DPI = 160
MOST_TASKS = 60
MOST_RANKED = 20
FOUR_ACROSS = 13
SCORES = tuple(i / 50 for i in range(51))


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
    for figure in (*drawn.progress, *drawn.also, *drawn.costs, drawn.projection, drawn.rungs):
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
    canvas = blank(WIDTH, 4.2 if not rows else 1.3 + 0.3 * min(rows, MOST_ROWS))
    ax = canvas.add_subplot()
    set_axes(ax, view, figure.log)
    draw_traces(findings, ax, traces, view)
    set_log_ticks(ax)
    chosen = (c.options[0][1] for c in figure.controls if c.kind == "select")
    _entitle(ax, ": ".join([figure.title, *chosen]))
    if any(t["role"] in ("line", "bar", "spots", "points") for t in traces):
        canvas.legend(
            loc="outside lower center", ncols=4, frameon=False, fontsize=8.5, handlelength=2.4
        )
    return canvas


def _entitle(ax: Axes, title: str) -> None:
    ax.set_title(plain(title), loc="left", fontsize=11, fontweight="bold", color=INK)


def _first_of(title: str, most: int, count: int) -> str:
    """Return a title that says so if only the first of many are drawn."""
    return title if count <= most else f"{title}: the first {most} of {count}"


def critical_difference(findings: Findings, part: Part) -> Canvas | None:
    """Return scikit-posthocs' critical-difference diagram; None where there are no ranks."""
    separation = part.verdict.separation
    if separation is None or len(separation.ranks) < 2:
        return None
    from scikit_posthocs import critical_difference_diagram

    ranks = separation.ranks.sort_values()[:MOST_RANKED]
    p = separation.p.loc[ranks.index, ranks.index]
    names = {name: plain(findings.label(name)) for name in ranks.index}
    colours = {
        names[name]: LIGHT[findings.looks[findings.place(name)].colour] for name in ranks.index
    }
    canvas = blank(WIDTH, 1.9 + 0.2 * len(ranks))
    ax = canvas.add_subplot()
    critical_difference_diagram(
        ranks.rename(names),
        p.rename(index=names, columns=names).fillna(1.0),
        alpha=separation.alpha,
        ax=ax,
        color_palette=colours,
        label_fmt_left="{label} ({rank:.2f})",
        label_fmt_right="({rank:.2f}) {label}",
        label_props={"fontsize": 9},
    )
    title = f"Mean ranks over {over(part)}"
    canvas.suptitle(
        plain(_first_of(title, MOST_RANKED, len(separation.ranks))),
        x=0.02,
        ha="left",
        fontsize=11,
        fontweight="bold",
        color=INK,
    )
    told = "mean rank, 1 is best; a bar joins those that are not separated"
    if math.isfinite(separation.critical_difference):
        told = f"{told}; CD = {separation.critical_difference:.2f}"
    canvas.supxlabel(told, fontsize=9, color=FAINT)
    return canvas


def score_map(findings: Findings) -> Canvas:
    """Return the scores of the contenders that are shown, task by task, the winners marked."""
    from matplotlib.colors import LinearSegmentedColormap

    columns = [c for c in range(len(findings.contenders)) if c not in findings.hidden]
    rows = heat.rows(findings)[:MOST_ROWS]
    canvas = blank(max(WIDTH, 3.4 + 0.72 * len(columns)), 2.2 + 0.3 * len(rows))
    ax = canvas.add_subplot()
    shades = [[row.cells[c].shade for c in columns] for row in rows]
    values = [[math.nan if shade is None else shade for shade in line] for line in shades]
    blues = LinearSegmentedColormap.from_list("score", ["#FFFFFF", LIGHT[0]])
    shown = ax.imshow(values, cmap=blues, vmin=0, vmax=1.35, aspect="auto")
    for y, row in enumerate(rows):
        for x, c in enumerate(columns):
            cell = row.cells[c]
            weight = "bold" if cell.wins else "normal"
            text = f"{cell.text}{' ★' if cell.wins else ''}"
            colour = "#FFFFFF" if (cell.shade or 0) > 0.9 else INK
            ax.text(x, y, text, ha="center", va="center", fontsize=8, weight=weight, color=colour)
        others = [plain(findings.labels[c]) for c in row.leaders if c in findings.hidden]
        if others:
            told = f"★ {', '.join(others)}"
            ax.annotate(
                told, (1.01, y), xycoords=("axes fraction", "data"), va="center", fontsize=7.5
            )
    names = [plain(findings.labels[c]) for c in columns]
    ax.set_xticks(range(len(columns)), names, rotation=30, ha="left", fontsize=8.5)
    ax.xaxis.tick_top()
    tasks = labels([row.task for row in rows])
    ax.set_yticks(range(len(rows)), [plain(task) for task in tasks], fontsize=8.5)
    ax.tick_params(length=0, colors=INK)
    for side in ax.spines.values():
        side.set_visible(False)
    title = _first_of("Score by task and contender", MOST_ROWS, len(findings.tasks))
    canvas.suptitle(title, x=0.02, ha="left", fontsize=11, fontweight="bold", color=INK)
    key = canvas.colorbar(
        shown, ax=ax, location="bottom", shrink=0.4, aspect=40, pad=0.02, boundaries=SCORES
    )
    key.set_ticks([0, 0.5, 1], labels=["0 or less: random search", "0.5", "1: best value known"])
    key.ax.tick_params(labelsize=8, colors=FAINT)
    key.set_label("★ leads on its task", fontsize=8.5, color=FAINT)
    return canvas


def small_multiples(findings: Findings, figure: Figure) -> Canvas:
    """Return the anytime curves of every task, one small drawing each."""
    tasks = findings.tasks[:MOST_TASKS]
    across = min(3 if len(tasks) < FOUR_ACROSS else 4, len(tasks))
    down = -(-len(tasks) // across)
    by = budgeted_in(findings.main)
    canvas = blank(2.6 * across + 0.4, 2.1 * down + 0.7)
    grid = canvas.subplots(down, across, squeeze=False)
    for ax in grid.flat[len(tasks) :]:
        ax.remove()
    for task, label, ax in zip(tasks, labels(tasks), grid.flat, strict=False):
        view = figure.views[f"{task}|{by}"]
        set_axes(ax, view, {"y": True})
        draw_traces(findings, ax, _traces(findings, figure, view), view)
        set_log_ticks(ax)
        ax.set_xlabel("")
        ax.set_ylabel("")
        ax.set_title(plain(label), fontsize=9, color=INK)
    named: dict[str, Any] = {}
    for ax in canvas.axes:
        named |= {
            label: handle for handle, label in zip(*ax.get_legend_handles_labels(), strict=True)
        }
    canvas.legend(
        named.values(), named, loc="outside lower center", ncols=4, frameon=False, fontsize=8.5
    )
    title = _first_of(f"Regret against {by}, task by task", MOST_TASKS, len(findings.tasks))
    canvas.suptitle(title, x=0.02, ha="left", fontsize=11, fontweight="bold", color=INK)
    return canvas


@contextmanager
def _without_missing_glyphs() -> Iterator[None]:
    """Keep quiet about signs that matplotlib's own font lacks: a box stands for them."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"Glyph .* missing from font")
        yield
