"""The report of a benchmark: a page, Markdown, tables and figures."""

from unitune.report.markdown import write_markdown
from unitune.report.page import write_html
from unitune.report.writing import write

__all__ = ["write", "write_html", "write_markdown"]
