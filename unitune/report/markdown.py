"""The report as Markdown, for repositories and for terminals."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from unitune.bench.results import Results
from unitune.report.content import texts_and_rows
from unitune.report.findings import Findings, find
from unitune.report.page import environment
from unitune.report.rungs import ledger


def write_markdown(results: Results, path: str | Path) -> Path:
    """Write the report as one Markdown file without figures, and return where it is.

    Args:
        results: a benchmark's results.
        path: the file; its folder is made.

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
        ...     written = write_markdown(comparison.results, f"{folder}/report.md")
        ...     written.read_text(encoding="utf-8").splitlines()[0]
        '# 2 contenders on 1 task'
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(as_markdown(find(results)), encoding="utf-8")
    return target


def as_markdown(
    findings: Findings,
    images: Sequence[tuple[str, str]] = (),
    beside: Sequence[tuple[str, str]] = (),
) -> str:
    """Return the report as Markdown.

    Args:
        findings: what it says.
        images: name and caption of each figure in the folder `figures`.
        beside: files that lie beside it, each as its relative path and a word on it.
    """
    values = texts_and_rows(findings, ledger(findings))
    drawn = [c for c in range(len(findings.contenders)) if c not in findings.hidden]
    counted = ", ".join(f"{value} {label}" for value, label in values["totals"])
    longest = max((len(run) for run in _ticks("\n".join(values["commands"]))), default=0)
    return (
        environment()
        .get_template("report.md.jinja")
        .render(
            values,
            images=images,
            files=beside,
            drawn=drawn,
            counted=counted,
            fence="`" * max(3, longest + 1),
        )
    )


def _ticks(text: str) -> list[str]:
    """Return the runs of backticks in a text, longer than which its fence must be."""
    return [run for run in "".join(c if c == "`" else " " for c in text).split() if run]
