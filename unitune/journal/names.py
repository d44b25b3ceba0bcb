"""What studies may be called."""

from __future__ import annotations

from unitune.errors import OptionError

LONGEST_NAME = 500


def possible(name: object) -> bool:
    """Return whether a study can have that name.

    Example:
        >>> possible("first"), possible(" first"), possible("")
        (True, False, False)
    """
    # Some databases take no notice of spaces at the end.
    fine = isinstance(name, str) and name.isprintable() and name == name.strip()
    return fine and 0 < len(str(name)) <= LONGEST_NAME


def check_name(name: object) -> None:
    """Raise OptionError for what no study can be called."""
    if not possible(name):
        raise OptionError(
            f"study={name!r}: give a name of 1 to {LONGEST_NAME} characters, without spaces at "
            f"its ends."
        )
