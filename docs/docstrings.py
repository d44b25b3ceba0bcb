"""How docstrings are read for the reference: doctests under 'Example:' are shown as code."""

from __future__ import annotations

from typing import Any

import griffe


class DoctestExamples(griffe.Extension):
    """Reads 'Example:' as 'Examples:', the only one of the two that is read as doctests."""

    def on_instance(self, *, obj: griffe.Object, **kwargs: Any) -> None:
        """Change the heading of what was just loaded."""
        if obj.docstring is not None:
            lines = obj.docstring.value.split("\n")
            lines = ["Examples:" if line == "Example:" else line for line in lines]
            obj.docstring.value = "\n".join(lines)
