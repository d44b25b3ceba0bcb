"""Libraries that only some tasks need."""

from __future__ import annotations

import importlib
from typing import Any

from unitune.errors import MissingLibraryError


def load_library(module: str, extra: str) -> Any:
    """Return a module that an extra of unitune installs.

    Raises:
        MissingLibraryError: it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingLibraryError(
            f"This task needs {module}, which cannot be imported ({error}). Install it with: "
            f"pip install 'unitune[{extra}]'"
        ) from error
