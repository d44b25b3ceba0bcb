"""Reading what users' objectives are, give and raise."""

from __future__ import annotations

import inspect
import math
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from unitune.errors import OptionError
from unitune.trial import Failure


class BadValueError(Exception):
    """The objective returned or reported something that is no finite number."""


@dataclass(slots=True)
class Reader:
    """Makes the number that counts of what an objective gave.

    Args:
        metric: which value of a mapping counts; may be left out if there is only one, of the same
            name in every mapping.
    """

    metric: str | None = None
    _only: Any = field(default=None, init=False)

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
            return self._same(*next(iter(values.items())))
        if self.metric is not None and self.metric in values:
            return values[self.metric]
        if not values:
            raise BadValueError("the objective gave a mapping with nothing in it")
        advice = f"say which one counts, as in metric={next(iter(values))!r}"
        if self.metric is not None:
            advice = f"metric={self.metric!r} is not among them"
        raise BadValueError(
            f"the objective gave a mapping with {', '.join(map(repr, values))}; {advice}"
        )

    def _same(self, name: Any, value: Any) -> Any:
        self._only = name if self._only is None else self._only
        if name == self._only:
            return value
        raise BadValueError(
            f"the objective gave a mapping with {name!r}, and {self._only!r} before; say which one "
            f"counts, as in metric={self._only!r}"
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
    return Failure(type(error).__name__, _said(error), traceback=text, place=place)


def _said(error: BaseException) -> str:
    try:
        return str(error)
    except Exception as another:  # noqa: BLE001 - the user's class runs here
        return f"(its text cannot be read: {type(another).__name__})"


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
