from __future__ import annotations

import pytest
from spaces import CONDITIONAL, EVERY_KIND, any_loss
from strangers import smallest

import unitune
from unitune.errors import MissingLibraryError, PluginError, TranslationError, UnknownNameError
from unitune.plugins import discover


def test_the_backends_of_this_distribution_come_through_their_entry_points():
    found = discover()
    for name in ("builtin", "optuna", "hyperopt", "skopt", "ray"):
        assert found[name].spec is not None, found[name].problem
        assert found[name].origin.startswith("unitune ")


def test_a_stranger_that_takes_floats_in_a_box_takes_every_space(install):
    install("tiny-tuner", code=smallest("tiny", "tiny_tuner"), entry="tiny")
    for space in (EVERY_KIND, CONDITIONAL):
        result = unitune.run(space, any_loss, backend="tiny", method="random", n_trials=200, seed=1)
        assert all(space.contains(trial.config) for trial in result.trials)
        assert len(result.native) == 200


def test_a_plugin_that_fails_to_import_hides_no_other_and_says_why_when_asked_for(install):
    install("broken-tuner", code="raise RuntimeError('no licence')", entry="broken")
    assert discover()["builtin"].problem is None
    with pytest.raises(PluginError, match=r"broken-tuner 1\.0.*RuntimeError: no licence"):
        unitune.translate(EVERY_KIND, "broken", "random")


def test_two_plugins_with_one_backend_name_are_an_error_that_names_both(install):
    install("first-tuner", code=smallest("same", "first_tuner"), entry="same")
    install("second-tuner", code=smallest("same", "second_tuner"), entry="same")
    with pytest.raises(PluginError, match=r"first-tuner 1\.0 and second-tuner 1\.0"):
        unitune.translate(EVERY_KIND, "same", "random")
    assert discover()["optuna"].problem is None


def test_a_misspelt_hook_is_reported(install):
    code = smallest("misspelt", "misspelt_tuner").replace("unitune_backends", "unitune_backend")
    install("misspelt-tuner", code=code, entry="misspelt")
    with pytest.raises(PluginError, match="unknown hook 'unitune_backend'"):
        unitune.translate(EVERY_KIND, "misspelt", "random")


def test_a_plugin_that_yields_something_else_is_reported(install):
    code = """
        from unitune.hookspecs import hookimpl

        @hookimpl
        def unitune_backends():
            return ["mine"]
    """
    install("odd-tuner", code=code, entry="odd")
    with pytest.raises(PluginError, match="yielded 'mine', not a BackendSpec"):
        unitune.translate(EVERY_KIND, "odd", "random")


def test_a_plugin_whose_class_is_not_there_is_reported(install):
    code = smallest("gone", "gone_tuner").replace("gone_tuner:Smallest", "gone_tuner:Other")
    install("gone-tuner", code=code, entry="gone")
    with pytest.raises(PluginError, match="gone_tuner:Other"):
        unitune.translate(EVERY_KIND, "gone", "random")


def test_a_misspelt_backend_or_method_lists_the_nearest():
    with pytest.raises(UnknownNameError, match=r"no backend 'optna'. Did you mean 'optuna'"):
        unitune.translate(EVERY_KIND, "optna")
    with pytest.raises(UnknownNameError, match=r"no method 'tpee'. Did you mean 'tpe'"):
        unitune.translate(EVERY_KIND, "optuna", "tpee")
    with pytest.raises(UnknownNameError, match=r"no method 'bayesian'.*random, grid"):
        unitune.translate(EVERY_KIND, "builtin", "bayesian")


def test_a_library_that_is_not_installed_gives_the_install_command(install):
    settings = "distribution='absent-lib', module='absent_lib', extra='absent'"
    install("absent-tuner", code=smallest("absent", "absent_tuner", settings), entry="absent")
    with pytest.raises(MissingLibraryError, match=r"absent-lib.*pip install 'unitune\[absent\]'"):
        unitune.run(EVERY_KIND, any_loss, backend="absent", method="random")


def test_a_library_that_is_too_old_says_both_versions(install):
    install("old-lib", version="0.9")
    settings = "distribution='old-lib', module='old_lib', requires='>=1.2', extra='old'"
    install("old-tuner", code=smallest("old", "old_tuner", settings), entry="old")
    with pytest.raises(MissingLibraryError, match=r"needs old-lib>=1\.2, and 0\.9 is installed"):
        unitune.run(EVERY_KIND, any_loss, backend="old", method="random")


def test_a_method_that_lacks_a_module_of_its_own_gives_the_install_command(install):
    code = smallest("needy", "needy_tuner").replace(
        'frozenset({"float/linear"})',
        'frozenset({"float/linear"}), needs=("absent_lib",), extra="x"',
    )
    install("needy-tuner", code=code, entry="needy")
    with pytest.raises(MissingLibraryError, match=r"needs absent_lib.*pip install 'unitune\[x\]'"):
        unitune.run(EVERY_KIND, any_loss, backend="needy", method="random")


def test_a_space_that_a_method_cannot_take_exactly_is_refused_before_anything_runs(install):
    code = smallest("picky", "picky_tuner").replace("float/linear", "categorical/any")
    install("picky-tuner", code=code, entry="picky")
    with pytest.raises(TranslationError, match="'float' needs one of float/linear"):
        unitune.run(EVERY_KIND, any_loss, backend="picky", method="random")
