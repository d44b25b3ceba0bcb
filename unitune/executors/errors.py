"""What goes wrong with worker processes through no fault of the call."""

from __future__ import annotations

import errno

from unitune.errors import UnituneError

_SPACE = dict.fromkeys(
    (errno.ENOSPC, errno.EDQUOT),
    "The objective is handed over through a temporary file, with all that it refers to: make "
    "room, or set TMPDIR to another folder.",
)
_FILES = dict.fromkeys(
    (errno.EMFILE, errno.ENFILE),
    "Each takes a few: close files, raise the limit (ulimit -n), or use fewer workers.",
)
_ADVICE = {**_SPACE, **_FILES}


class ExecutorError(UnituneError, OSError):
    """The system lacks what worker processes need: space, open files, processes."""


def lacking(error: OSError) -> ExecutorError:
    """Return an error that says why no worker process can be started."""
    advice = _ADVICE.get(error.errno or 0, "Make room for another process, or use fewer workers.")
    return ExecutorError(f"A worker process cannot be started ({error}). {advice}")


def full(error: OSError) -> bool:
    """Return whether there was no space for a file."""
    return error.errno in _SPACE
