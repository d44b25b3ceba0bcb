"""What the analysis of a benchmark refuses, and why."""

from __future__ import annotations

from unitune.errors import MissingLibraryError, UnituneError


class AnalysisError(UnituneError, ValueError):
    """These results cannot answer what was asked of them."""


class BaselineError(UnituneError, LookupError):
    """A measure that is relative to random search has no random search to be relative to."""


def needs(library: str) -> MissingLibraryError:
    """Return the error that says how to install a library of the analysis."""
    return MissingLibraryError(
        f"The statistics of a benchmark need {library}, which is not installed. "
        f"Install it with: pip install 'unitune[report]'"
    )
