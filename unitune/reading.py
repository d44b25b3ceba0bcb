"""Reading what users' objectives are, give and raise."""

from __future__ import annotations

import inspect
import math
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from unitune.errors import OptionError
from unitune.trial import Failure


class BadValueError(Exception):
    """The objective returned or reported something that is no finite number."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Makes the number that counts of what an objective gave.

    Args:
        metric: which value of a mapping counts; may be left out if there is only one.
    """

    metric: str | None = None

    def __call__(self, value: Any) -> float:
        """Return the number; raise BadValueError if there is no finite one."""
        if isinstance(value, Mapping):
            value = self._pick(value)
        number = _as_float(value)
        if not math.isfinite(number):
            raise BadValueError(f"the objective gave {number}; it must give a finite number")
        return number

    def _pick(self, values: Mapping[str, Any]) -> Any:
        if self.metric is None and len(values) == 1:
            return next(iter(values.values()))
        if self.metric is not None and self.metric in values:
            return values[self.metric]
        wanted = "metric=" if self.metric is None else f"{self.metric!r}"
        raise BadValueError(
            f"the objective gave a mapping with {', '.join(map(repr, values)) or 'nothing'}; "
            f"say with metric= which one counts (now: {wanted})"
        )


def _as_float(value: Any) -> float:
    if isinstance(value, int | float):
        return float(value)
    shape = getattr(value, "shape", None)
    if hasattr(value, "__float__") and shape in (None, ()) and not isinstance(value, str):
        return float(value)
    given = "None" if value is None else f"{value!r:.80} ({type(value).__name__})"
    raise BadValueError(f"the objective gave {given}; it must give a number")


def read_failure(error: BaseException, *own: str) -> Failure:
    """Return an exception as a record, from the user's part of its traceback on.

    Args:
        error: the exception.
        own: files of unitune that are on the way to the user's code, and say nothing.
    """
    start = error.__traceback__
    while start is not None and start.tb_next and start.tb_frame.f_code.co_filename in own:
        start = start.tb_next
    frames = traceback.extract_tb(start)
    place = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else ""
    text = "".join(traceback.format_exception(type(error), error, start))
    return Failure(type(error).__name__, str(error), traceback=text, place=place)


def wants_trial(objective: Callable[..., Any]) -> bool:
    """Return whether an objective takes a trial beside the config.

    Raises:
        OptionError: it cannot be called in either way.
    """
    if not callable(objective):
        raise OptionError(f"The objective is {objective!r}; give a function of a config.")
    if inspect.iscoroutinefunction(objective) or inspect.isasyncgenfunction(objective):
        raise OptionError("The objective is asynchronous; give a plain function or generator.")
    try:
        parameters = inspect.signature(objective).parameters.values()
    except ValueError:  # some builtins have no signature
        return False
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    needed = [p for p in positional if p.default is p.empty]
    keywords = [p for p in parameters if p.kind is p.KEYWORD_ONLY and p.default is p.empty]
    variable = any(p.kind is p.VAR_POSITIONAL for p in parameters)
    if keywords or len(needed) > 2 or not (positional or variable):
        raise OptionError(
            f"The objective takes {inspect.signature(objective)}; it must take a config, or a "
            f"config and a trial."
        )
    return len(needed) == 2 or any(p.name == "trial" for p in positional[1:])
