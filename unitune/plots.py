"""Interactive figures of a result, whichever backend it comes from."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any

from unitune.errors import MissingLibraryError, NoCompleteTrialError, OptionError
from unitune.result import Result
from unitune.trial import State

# Each backend's folder knows its own library; the one named here turns any result into a study
# that its library can draw.
_DRAWING = "unitune_optuna.export"


def history(result: Result) -> Any:
    """Return a plotly figure of the values, trial by trial, and of the best so far.

    Raises:
        MissingLibraryError: plotly, or the library that draws, is not installed.
        NoCompleteTrialError: there is nothing to draw.

    Example:
        >>> import unitune
        >>> result = unitune.run(
        ...     {"x": unitune.Float(-5, 5)}, lambda config: config["x"] ** 2,
        ...     backend="builtin", method="random", n_trials=10, seed=0,
        ... )
        >>> history(result).layout.title.text
        'Optimization History Plot'
    """
    return _figure("history", result, least=1)


def parallel_coordinates(result: Result) -> Any:
    """Return a plotly figure with one line a trial across all parameters; see `history`."""
    return _figure("parallel_coordinates", result, least=1)


def slices(result: Result) -> Any:
    """Return a plotly figure of the values over each parameter by itself; see `history`."""
    return _figure("slices", result, least=1)


def importance(result: Result) -> Any:
    """Return a plotly figure of how much each parameter matters; see `history`.

    It needs two complete trials, and speaks of the parameters that are in every trial.
    """
    return _figure("importance", result, least=2)


def _figure(kind: str, result: Result, *, least: int) -> Any:
    if not isinstance(result, Result):
        raise OptionError(
            f"Plots are drawn of the Result of a run, not of {type(result).__name__}; give what "
            f"unitune.run returned."
        )
    complete = sum(trial.state is State.COMPLETE for trial in result.trials)
    if complete < least:
        raise NoCompleteTrialError(
            f"The {kind} plot needs at least {least} complete trials; {complete} of the "
            f"{len(result.trials)} trials of this result are complete."
        )
    return _drawing().draw(kind, result)


def _drawing() -> Any:
    if importlib.util.find_spec("plotly") is None:
        raise _missing("plotly")
    try:
        return importlib.import_module(_DRAWING)
    except ImportError as error:
        raise _missing(error.name or "a library") from error


def _missing(library: str) -> MissingLibraryError:
    return MissingLibraryError(
        f"Plots need {library}, which is not installed. Install it with: "
        f"pip install 'unitune[report]'"
    )
