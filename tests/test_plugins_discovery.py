"""Which plugins there are, which of them are looked into, and by whom that is decided."""

from __future__ import annotations

import sys
import threading

import pytest
from spaces import EVERY_KIND, any_loss
from strangers import smallest

import unitune
from unitune.discovery import forget
from unitune.errors import PluginError, UnknownNameError
from unitune.installed import OWN, VARIABLE, installed, left_out, restrict
from unitune.plugins import discover


def run(backend="mine", **settings):
    return unitune.run(
        EVERY_KIND, any_loss, backend=backend, method="random", n_trials=2, **settings
    )


@pytest.fixture
def mine(install):
    install("Mine_Tuner", code=smallest("mine", "Mine_Tuner"), entry="own-name")


def test_plugins_are_listed_without_loading_them(mine):
    listed = {plugin.name: plugin for plugin in installed()}
    assert (listed["own-name"].distribution, listed["own-name"].version) == ("Mine_Tuner", "1.0")
    assert "Mine_Tuner" not in sys.modules


def test_unitunes_own_come_first():
    own = [plugin.distribution == OWN for plugin in installed()]
    assert own == sorted(own, reverse=True)


@pytest.mark.parametrize("value", ["mine-tuner", "mine.tuner , x", "own_name", "1", "all", "TRUE"])
def test_a_disabled_plugin_is_not_loaded_and_the_refusal_says_so(mine, monkeypatch, value):
    monkeypatch.setenv(VARIABLE, value)
    with pytest.raises(UnknownNameError, match=rf"Mine_Tuner 1\.0\) was not asked: .*{VARIABLE}"):
        run()
    assert "Mine_Tuner" not in sys.modules
    assert run("builtin").trials


def test_one_that_was_loaded_before_it_was_disabled_is_out_too(mine, monkeypatch):
    assert run().trials
    monkeypatch.setenv(VARIABLE, "mine-tuner")
    with pytest.raises(UnknownNameError):
        run()
    monkeypatch.setenv(VARIABLE, "")
    assert run().trials


def test_unitunes_own_plugins_can_be_disabled_one_by_one(monkeypatch):
    monkeypatch.setenv(VARIABLE, "skopt")
    assert "skopt" not in discover()
    assert "optuna" in discover()


def test_of_two_that_bring_one_name_disabling_one_leaves_the_other(install, monkeypatch):
    install("first-tuner", code=smallest("same", "first_tuner"), entry="same")
    install("second-tuner", code=smallest("same", "second_tuner"), entry="same")
    with pytest.raises(PluginError, match=rf"uninstall one, or set {VARIABLE}"):
        run("same")
    monkeypatch.setenv(VARIABLE, "second-tuner")
    assert run("same").trials


def test_one_that_takes_a_name_of_unitunes_own_is_named_with_it(install):
    install("greedy-tuner", code=smallest("optuna", "greedy_tuner"), entry="greedy")
    sentence = rf"two plugins .* unitune {unitune.__version__} and greedy-tuner 1\.0"
    with pytest.raises(PluginError, match=sentence):
        run("optuna")
    assert run("optuna", plugins=[]).trials


def test_one_that_brings_a_name_twice_is_told_so(install):
    code = smallest("mine", "twice_tuner").replace("return [", "return 2 * [")
    install("twice-tuner", code=code, entry="twice")
    with pytest.raises(PluginError, match=r"twice-tuner 1\.0 brings two of that name"):
        run()


def test_a_run_can_be_limited_to_named_distributions(mine, install):
    install("other-tuner", code=smallest("other", "other_tuner"), entry="other")
    assert run(plugins=["mine-tuner"]).trials
    assert "other_tuner" not in sys.modules
    with pytest.raises(
        UnknownNameError, match=r"other-tuner 1\.0\) was not asked: left out of this"
    ):
        run("other", plugins=["mine-tuner"])
    assert run("other").trials


def test_no_plugins_at_all_leaves_unitunes_own(mine):
    assert run("builtin", plugins=[]).trials
    with pytest.raises(UnknownNameError):
        run(plugins=[])
    assert "Mine_Tuner" not in sys.modules


def test_naming_a_plugin_that_is_not_installed_or_disabled_is_an_error(mine, monkeypatch):
    with pytest.raises(UnknownNameError, match=r"'mine-tunr'.*Did you mean 'Mine_Tuner'"):
        run(plugins=["mine-tunr"])
    monkeypatch.setenv(VARIABLE, "1")
    with pytest.raises(PluginError, match="'mine-tuner', which is disabled by"):
        run(plugins=["mine-tuner"])


def test_a_plugin_called_like_a_trusted_distribution_is_not_let_in_by_that(mine, install):
    install("sly-tuner", code=smallest("sly", "sly_tuner"), entry="mine-tuner")
    assert run(plugins=["mine-tuner"]).trials
    assert "sly_tuner" not in sys.modules


def test_a_distribution_with_damaged_metadata_is_listed_and_breaks_nothing(mine, tmp_path):
    (tmp_path / "odd-1.0.dist-info").mkdir()
    (tmp_path / "odd-1.0.dist-info" / "entry_points.txt").write_text("[unitune]\nodd = absent\n")
    forget()
    odd = next(plugin for plugin in installed() if plugin.name == "odd")
    assert odd.distribution == "an unnamed package"
    assert run().trials


def test_limits_within_limits_only_take_away(mine, install):
    install("other-tuner", code=smallest("other", "other_tuner"), entry="other")
    with (
        restrict(["mine-tuner"]),
        pytest.raises(PluginError, match="which is left out of this run"),
    ):
        run("other", plugins=["other-tuner"])


def test_a_limit_holds_for_the_run_and_no_other_thread(mine):
    seen = []
    with restrict([]):
        thread = threading.Thread(target=lambda: seen.append("mine" in discover()))
        thread.start()
        thread.join()
        assert "mine" not in discover()
    assert seen == [True]
    assert all(left_out(plugin) is None for plugin in installed())


def test_an_unknown_name_says_which_plugins_could_not_be_asked(install):
    install("broken-tuner", code="raise RuntimeError('no licence')", entry="broken")
    with pytest.raises(
        UnknownNameError, match=r"broken-tuner 1\.0\) could not be asked: .*licence"
    ):
        run("mine")
