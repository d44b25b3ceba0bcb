"""The report as one HTML file that needs nothing else."""

from __future__ import annotations

import math
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from unitune.bench.results import Results
from unitune.errors import MissingLibraryError
from unitune.report import critical, drilldown, running_times
from unitune.report.content import texts_and_rows
from unitune.report.drawings import Drawings, draw
from unitune.report.figure import EXTRAS
from unitune.report.findings import Findings, Part, find
from unitune.report.listing import facts
from unitune.report.palette import DARK, LIGHT
from unitune.report.texts import cell, labels, missing, number, one_line, script

if TYPE_CHECKING:
    from jinja2 import Environment

ASSETS = files("unitune.report") / "assets"
MOST_PAIRS = 600
CONTENTS = (
    ("summary", "Summary"),
    ("ranking", "Ranking"),
    ("differences", "Differences"),
    ("progress", "Progress"),
    ("also", "Part of the tasks"),
    ("tasks", "Tasks"),
    ("time", "Cost"),
    ("rungs", "Rungs"),
    ("drill-down", "Task by task"),
    ("contenders", "Settings"),
    ("reproduce", "Reproduce"),
)
PAIRS = (
    ("first", "text"),
    ("second", "text"),
    ("difference of scores", "number"),
    ("95 % interval", "text"),
    ("wins / ties / losses", "number"),
    ("p (Holm)", "number"),
    ("verdict", "text"),
)
STROKES = {"solid": "", "dash": "5 3", "dot": "2 2.5", "dashdot": "5 2 1.5 2"}
SIGNS = {
    "circle": "M7 6a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z",
    "square": "M7.5 2.5h7v7h-7z",
    "diamond": "M11 1l5 5l-5 5l-5-5z",
    "triangle-up": "M11 1l5 9h-10z",
    "triangle-down": "M11 11l5-9h-10z",
    "cross": "M9.5 1.5h3v3h3v3h-3v3h-3v-3h-3v-3h3z",
    "x": "M8 1l3 3l3-3l2 2l-3 3l3 3l-2 2l-3-3l-3 3l-2-2l3-3l-3-3z",
    "star": "M11 .5l1.5 4h4l-3.200 2.500l1.200 4l-3.500-2.400l-3.500 2.400l1.200-4l-3.200-2.500h4z",
}


def write_html(
    results: Results, path: str | Path, *, beside: Sequence[tuple[str, str]] = ()
) -> Path:
    """Write the report as one HTML file, with figures that answer, and return where it is.

    Args:
        results: a benchmark's results.
        path: the file; its folder is made.
        beside: files that lie beside it, each as its relative path and a word on it.

    Raises:
        OptionError: the results hold no run.
        MissingLibraryError: jinja2 is not installed.

    Example:
        >>> import tempfile
        >>> import unitune
        >>> comparison = unitune.compare(
        ...     {"x": unitune.Float(-5, 5)}, lambda config: config["x"] ** 2, ["builtin:grid"],
        ...     n_trials=4, progress=False,
        ... )
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write_html(comparison.results, f"{folder}/report.html").name
        'report.html'
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    findings = find(results)
    target.write_text(html(findings, draw(findings), beside), encoding="utf-8")
    return target


def html(findings: Findings, drawn: Drawings, beside: Sequence[tuple[str, str]] = ()) -> str:
    """Return the page."""
    times = running_times.tables(findings, drawn.limit.contenders)
    values = {
        **texts_and_rows(findings, drawn.ledger),
        **_assets(),
        "contents": _contents(findings, drawn),
        "strokes": [STROKES[look.dash] for look in findings.looks],
        "signs": [SIGNS[look.symbol] for look in findings.looks],
        "drawn_parts": {part.name: _drawn(findings, part) for part in findings.parts},
        "pair_columns": PAIRS,
        "task_labels": dict(zip(findings.tasks, labels(findings.tasks), strict=True)),
        "extras": EXTRAS,
        "progress": drawn.progress,
        "progress_also": drawn.also,
        "costs": drawn.costs,
        "projection": drawn.projection,
        "rungs": drawn.rungs,
        "drill": drawn.drill,
        "cards": [_card(findings, task, drawn.limit) for task in findings.tasks],
        "targets": running_times.TARGETS,
        "times": times,
        "files": beside,
        "data": script(_data(findings, drawn)),
    }
    return environment().get_template("report.html.jinja").render(values)


def environment() -> Environment:
    """Return what fills the templates: names are escaped in every page.

    Raises:
        MissingLibraryError: jinja2 is not installed.
    """
    try:
        from jinja2 import Environment, PackageLoader, select_autoescape
    except ImportError as error:
        raise MissingLibraryError(
            "Reports need jinja2, which is not installed. Install it with: "
            "pip install 'unitune[report]'"
        ) from error
    made = Environment(
        loader=PackageLoader("unitune.report", "assets"),
        autoescape=select_autoescape(["html.jinja"]),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters |= {"cell": cell, "number": number}
    return made


def _assets() -> dict[str, str]:
    names = {"css": "report.css", "js": "report.js", "plotly": "plotly-cartesian.min.js"}
    return {key: (ASSETS / name).read_text(encoding="utf-8") for key, name in names.items()}


def _contents(findings: Findings, drawn: Drawings) -> list[tuple[str, str]]:
    absent = {"" if findings.also else "also", "" if drawn.rungs else "rungs"}
    return [(name, label) for name, label in CONTENTS if name not in absent]


def _data(findings: Findings, drawn: Drawings) -> dict[str, Any]:
    return {
        "contenders": [
            {"label": label, "colour": look.colour, "dash": look.dash, "symbol": look.symbol}
            for label, look in zip(findings.labels, findings.looks, strict=True)
        ],
        "hidden": sorted(findings.hidden),
        "palette": {"light": LIGHT, "dark": DARK},
        "figures": _figures(drawn),
    }


def _figures(drawn: Drawings) -> dict[str, Any]:
    """Return the data of all figures; a view that several have stands there once."""
    seen: dict[int, list[str]] = {}
    figures = {}
    for figure in drawn:
        data = figure.as_data()
        for key, view in figure.views.items():
            if id(view) in seen:
                data["views"][key] = {"of": seen[id(view)]}
            seen.setdefault(id(view), [figure.name, key])
        figures[figure.name] = data
    return figures


def _drawn(findings: Findings, part: Part) -> dict[str, Any]:
    pairs = _pairs(findings, part)
    return {
        "wide": critical.diagram(findings, part),
        "narrow": critical.column(findings, part),
        "pairs": pairs[:MOST_PAIRS],
        "all_pairs": len(pairs),
    }


def _pairs(findings: Findings, part: Part) -> list[list[tuple[str, float | str]]]:
    separation = part.verdict.separation
    if separation is None:
        return []
    rows = []
    for row in separation.pairs.to_dict("records"):
        balance = " / ".join(number(row[name]) for name in ("wins", "ties", "losses"))
        words = "separated" if row["separated"] else "not separated"
        first, second = (findings.label(row[name]) for name in ("first", "second"))
        cells: list[tuple[str, float | str]] = [
            (first, first),
            (second, second),
            (f"{row['difference']:+.3f}", float(row["difference"])),
            (f"[{number(row['low'], 3)}, {number(row['high'], 3)}]", ""),
            (balance, float(row["wins"])),
            (number(row["p"], 2), _key(row["p"])),
            (words, words),
        ]
        rows.append(cells)
    return rows


def _key(value: float) -> float | str:
    return float(value) if math.isfinite(value) else ""


def _card(findings: Findings, task: str, limit: drilldown.Budget) -> dict[str, Any]:
    known = findings.task(task)
    references = findings.references
    own = references[references["task"] == task]
    shown = [
        ("better", "greater values" if known["mode"] == "max" else "smaller values"),
        ("reference", _reference(known, own)),
        ("source", facts(known.get("source", ""))),
        ("parameters", number(known.get("parameters"))),
        ("resource", _resource(known)),
        ("stresses", facts(known.get("stresses", ""))),
        ("no score", one_line(own["reason"].iloc[0]) if len(own) else ""),
    ]
    return {
        "task": task,
        "facts": [(label, text) for label, text in shown if text and text != number(None)],
        "configs": drilldown.best_configs(findings, task, limit),
    }


def _reference(known: Any, own: Any) -> str:
    if own.empty or missing(own["reference"].iloc[0]):
        return ""
    sign = -1 if known["mode"] == "max" else 1
    beaten = "; beaten here" if bool(own["beaten"].iloc[0]) else ""
    return f"{number(sign * float(own['reference'].iloc[0]), 8)} ({own['origin'].iloc[0]}{beaten})"


def _resource(known: Any) -> str:
    if missing(known.get("most")):
        return ""
    return f"{number(known['least'])} to {number(known['most'])} {one_line(known['unit'])}"
