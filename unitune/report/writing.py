"""The whole report in a folder: page, Markdown, tables and still figures."""

from __future__ import annotations

from pathlib import Path

from unitune.bench.results import Results
from unitune.report import stills, tabulation
from unitune.report.drawings import draw
from unitune.report.findings import find
from unitune.report.markdown import as_markdown
from unitune.report.page import html


def write(results: Results, directory: str | Path) -> Path:
    """Write every form of the report into a folder, and return the page's path.

    The folder then holds `report.html` (one file that needs nothing else), `report.md`, `tables/`
    with the results and what is derived from them as CSV and Parquet, and `figures/` as PNG and
    SVG. Where the results themselves lie in the folder, saved, the page leads to these.

    Args:
        results: a benchmark's results.
        directory: the folder; it is made, and files of the same names are replaced.

    Raises:
        OptionError: the results hold no run.
        MissingLibraryError: a library for reports is not installed.

    Example:
        >>> import tempfile
        >>> import unitune
        >>> comparison = unitune.compare(
        ...     {"x": unitune.Float(-5, 5)}, lambda config: config["x"] ** 2, ["builtin:grid"],
        ...     n_trials=4, progress=False,
        ... )
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     page = write(comparison.results, folder)
        ...     sorted(path.name for path in page.parent.iterdir())
        ['figures', 'report.html', 'report.md', 'tables']
    """
    folder = Path(directory)
    folder.mkdir(parents=True, exist_ok=True)
    findings = find(results)
    tables = tabulation.write_tables(findings, folder / "tables")
    # Results that lie here are published with the page; tables can be left behind.
    beside = tabulation.saved(findings, folder) or tables
    drawn = draw(findings)
    images = stills.write_figures(findings, drawn, folder / "figures")
    (folder / "report.md").write_text(as_markdown(findings, images, beside), encoding="utf-8")
    page = folder / "report.html"
    page.write_text(html(findings, drawn, beside), encoding="utf-8")
    return page
