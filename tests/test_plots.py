from __future__ import annotations

import importlib

import pytest
from spaces import CONDITIONAL, EVERY_KIND, any_loss

import unitune
from unitune import Float, plots
from unitune.errors import MissingLibraryError, NoCompleteTrialError, OptionError

ALL = [plots.history, plots.parallel_coordinates, plots.slices, plots.importance]


def searched(space, loss=any_loss, **settings):
    settings = {"backend": "builtin", "method": "random", "n_trials": 20, **settings}
    return unitune.run(space, loss, seed=0, progress=False, **settings)


@pytest.mark.filterwarnings("ignore:Some regimes:unitune.UnituneWarning")
@pytest.mark.parametrize("plot", ALL)
@pytest.mark.parametrize("space", [EVERY_KIND, CONDITIONAL], ids=["every kind", "conditional"])
def test_results_of_any_backend_are_drawn(plot, space):
    pytest.importorskip("plotly")
    assert plot(searched(space)).to_plotly_json()["data"]


def test_the_history_shows_every_value():
    pytest.importorskip("plotly")
    result = searched({"x": Float(-5.0, 5.0)})
    points = plots.history(result).data[0]
    assert list(points.x) == [trial.number for trial in result.trials]
    assert list(points.y) == [trial.value for trial in result.trials]


def test_the_parameter_that_matters_is_the_most_important_one():
    pytest.importorskip("plotly")
    space = {"x": Float(-5.0, 5.0), "y": Float(-5.0, 5.0)}
    bars = plots.importance(searched(space, lambda c: c["x"] ** 2, n_trials=60)).data[0]
    assert max(zip(bars.x, bars.y, strict=True))[1] == "x"


@pytest.mark.parametrize("plot", ALL[:3])
def test_a_constant_objective_is_drawn_too(plot):
    pytest.importorskip("plotly")
    assert plot(searched({"x": Float(-5.0, 5.0)}, lambda config: 1.0)).data


def test_a_warning_about_a_figure_comes_from_the_line_that_asked_for_it():
    pytest.importorskip("plotly")
    result = searched({"x": Float(-5.0, 5.0)}, lambda config: 1.0)
    with pytest.warns(unitune.UnituneWarning, match="importances will be equal") as said:
        assert plots.importance(result).data
    assert [warning.filename for warning in said] == [__file__]


@pytest.mark.parametrize("plot", ALL)
def test_a_result_without_a_complete_trial_cannot_be_drawn(plot):
    def loss(config):
        raise unitune.Infeasible

    with pytest.raises(NoCompleteTrialError, match="0 of the 20 trials"):
        plot(searched({"x": Float(-5.0, 5.0)}, loss))


def test_only_results_are_drawn():
    with pytest.raises(OptionError, match="not of list"):
        plots.history([])


def test_a_missing_library_is_named_with_its_install_command(monkeypatch):
    result = searched({"x": Float(-5.0, 5.0)})
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *a: None if name == "plotly" else found(name, *a)
    )
    with pytest.raises(MissingLibraryError, match=r"plotly.*pip install 'unitune\[report\]'"):
        plots.history(result)
    monkeypatch.undo()

    def absent(name):
        raise ModuleNotFoundError(name="optuna")

    pytest.importorskip("plotly")
    monkeypatch.setattr(importlib, "import_module", absent)
    with pytest.raises(MissingLibraryError, match=r"optuna.*pip install 'unitune\[report\]'"):
        plots.history(result)
