"""What an objective keeps of a trial, to go on from there after a pause or a crash."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

_OBJECT = "object.pkl"
_SAVING = ".saving-"  # an object on its way there


class Checkpoint:
    """A trial's own directory; `save` and `load` keep one object in it.

    What is kept lasts until the trial has ended. It is read by nobody but the same run.

    Args:
        place: where the directory is to be; made when it is first needed. None makes a temporary
            one.

    Attributes:
        step: the step for which what `load` returned was saved; None where nothing was loaded. An
            objective that keeps files of its own in `path` sets it when it goes on from them, so
            that reports without a step count on from there.

    Example:
        >>> import unitune
        >>> def objective(config, trial):
        ...     done, weight = trial.checkpoint.load((0, 1.0))
        ...     for epoch in range(done, trial.resource):
        ...         weight *= config["x"]
        ...         trial.checkpoint.save((epoch + 1, weight))
        ...         trial.report(weight, step=epoch + 1)
        >>> result = unitune.run(
        ...     {"x": unitune.Float(0, 1)}, objective, backend="builtin", method="random", seed=0,
        ...     scheduler="hyperband", resource=(1, 9), n_trials=22,
        ... )
        >>> max(trial.resource for trial in result.trials)
        9
    """

    def __init__(self, place: str | Path | None = None) -> None:
        self.step: int | None = None
        self.upcoming = 1  # the step that will be reported next
        self._place = None if place is None else Path(place)
        self._temporary: tempfile.TemporaryDirectory[str] | None = None

    @property
    def path(self) -> Path:
        """The directory; files may be written there by any means."""
        if self._place is None:
            self._temporary = tempfile.TemporaryDirectory(prefix="unitune-")
            self._place = Path(self._temporary.name)
        self._place.mkdir(parents=True, exist_ok=True)
        return self._place

    def save(self, kept: Any, step: int | None = None) -> None:
        """Keep one object, in the place of the one before; it must be possible to pickle it.

        Save a step before you report it, since the report may be where the trial pauses. A
        process that is killed meanwhile leaves what was saved before.

        Args:
            kept: the object.
            step: the step whose state it is; by default the one that is reported next. Say it if
                you save after the report.
        """
        import cloudpickle  # type: ignore[import-untyped]

        content = cloudpickle.dumps((self.upcoming if step is None else step, kept))
        with tempfile.NamedTemporaryFile(dir=self.path, prefix=_SAVING, delete=False) as file:
            file.write(content)
        Path(file.name).replace(self.path / _OBJECT)

    def load(self, default: Any = None) -> Any:
        """Return what was saved last, or the default where nothing was."""
        import cloudpickle

        if self._place is None or not (self._place / _OBJECT).exists():
            return default
        # written by the same run, into a directory of its own
        self.step, kept = cloudpickle.loads((self._place / _OBJECT).read_bytes())
        return kept

    @property
    def files(self) -> bool:
        """Whether there is anything in the directory that `save` did not put there."""
        if self._place is None or not self._place.is_dir():
            return False
        names = (path.name for path in self._place.iterdir())
        return any(name != _OBJECT and not name.startswith(_SAVING) for name in names)

    def __bool__(self) -> bool:
        """Whether there is anything in the directory."""
        return self._place is not None and self._place.is_dir() and any(self._place.iterdir())


def remove(place: str | None) -> None:
    """Remove a trial's directory, if it was ever made."""
    if place is not None and os.path.exists(place):  # noqa: PTH110 - once per trial, and cheap
        shutil.rmtree(place, ignore_errors=True)


def checkpoint_directory(journal: str, study: str) -> Path:
    """Return where the checkpoints of a study that is kept in a journal lie on this machine."""
    import platformdirs

    mark = hashlib.blake2b(f"{journal}\0{study}".encode(), digest_size=10).hexdigest()
    return Path(platformdirs.user_data_dir("unitune")) / "checkpoints" / mark


def remove_if_empty(place: Path) -> None:
    """Remove a directory unless an unfinished trial has something in it."""
    with contextlib.suppress(OSError):
        place.rmdir()
