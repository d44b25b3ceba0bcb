"""What can be wrong with one plugin: each gets its sentence, and no other one suffers."""

from __future__ import annotations

import sys

import pytest
from spaces import EVERY_KIND, any_loss
from strangers import smallest

import unitune
from unitune.errors import PluginError
from unitune.loading import HOOKS, hooks_in_source

RECORD = "BackendSpec('it', 'it_tuner:It', methods=(Method('random', frozenset()),)"
HOOK = """
    from unitune.capabilities import BackendSpec, Method
    from unitune.hookspecs import hookimpl

    @hookimpl
    def unitune_backends():
        return [RECORD)]
"""


def hook(returned=f"[{RECORD})]"):
    return HOOK.replace("[RECORD)]", returned)


def refusal(install, code, **how):
    """Install a plugin 'it', see that the others are as good as before, and return its sentence."""
    install("it-tuner", code=code, entry="it", **how)
    assert unitune.run(
        EVERY_KIND, any_loss, backend="builtin", method="random", n_trials=3, progress=False
    ).trials
    with pytest.raises(PluginError) as caught:
        unitune.run(EVERY_KIND, any_loss, backend="it", method="random")
    sentence = str(caught.value)
    assert sentence.startswith("Backend 'it' (from it-tuner 1.0) cannot be used: ")
    return sentence


def test_one_that_raises_on_import(install):
    sentence = refusal(install, "raise RuntimeError('no licence')")
    assert sentence.endswith("its plugin 'it_tuner' failed: RuntimeError: no licence.")


def test_one_that_ends_the_interpreter_on_import(install):
    assert "failed: SystemExit: 3" in refusal(install, "raise SystemExit(3)")


def test_one_that_needs_a_module_that_is_not_there(install):
    sentence = refusal(install, "import absent_lib.core")
    assert sentence.endswith("its plugin 'it_tuner' needs absent_lib, which is not installed.")


def test_one_whose_own_module_is_not_there(install, tmp_path):
    install("it-tuner", code="", entry="it")
    (tmp_path / "it_tuner.py").unlink()
    with pytest.raises(
        PluginError, match=r"failed: ModuleNotFoundError: No module named 'it_tuner"
    ):
        unitune.translate(EVERY_KIND, "it", "random")


def test_one_with_a_misspelt_hook(install):
    code = hook().replace("unitune_backends", "unitune_backend")
    assert "unknown hook 'unitune_backend'. Did you mean 'unitune_backends'" in refusal(
        install, code
    )


def test_one_whose_hook_is_not_marked(install):
    code = hook().replace("@hookimpl", "")
    assert "its function 'unitune_backends' has no @hookimpl" in refusal(install, code)


def test_one_without_any_hook(install):
    assert "it implements no hook; there are unitune_backends, unitune_executors" in refusal(
        install, "x = 1"
    )


def test_one_whose_hook_wants_arguments(install):
    code = hook().replace("unitune_backends()", "unitune_backends(registry)")
    assert "PluginValidationError" in refusal(install, code)


def test_one_built_for_a_newer_contract(install):
    code = hook() + "\n    @hookimpl\n    def unitune_wonders(): ...\n\n    unitune_contract = 99\n"
    sentence = refusal(install, code)
    assert "it is built for version 99 of the plugin contract" in sentence
    assert "this unitune has version 1; upgrade unitune" in sentence


def test_one_whose_contract_is_no_number(install):
    code = hook() + "\n    unitune_contract = '1.2'\n"
    assert "unitune_contract is '1.2'; write the number 1" in refusal(install, code)


def test_one_that_fails_because_it_asks_for_a_newer_unitune(install):
    sentence = refusal(
        install, "from unitune.capabilities import Wonder", requires=["unitune>=99", "numpy"]
    )
    assert f"it asks for unitune>=99, and this is unitune {unitune.__version__}" in sentence


@pytest.mark.parametrize(
    ("returned", "sentence"),
    [
        ("['it']", "yielded 'it', not a BackendSpec"),
        (f"{RECORD})", "not a list of records"),
        ("[BackendSpec('a:b', 'm:C', methods=())]", "record named 'a:b'"),
        ("1 / 0", "ZeroDivisionError"),
        (f"[{RECORD}, flagship='tpe')]", "it names a method 'tpe', which it has not"),
        (f"[{RECORD}, aliases={{'r': 'tpe'}})]", "it names a method 'tpe', which it has not"),
        ("[BackendSpec('it', 'm:C', methods=())]", "it has no methods"),
        (
            f"[{RECORD.replace('it_tuner:It', 'it_tuner')})]",
            "not of the form 'package.module:name'",
        ),
        (
            "[BackendSpec('it', 'm:C', methods=(Method('x', frozenset()),) * 2)]",
            "it has two methods 'x'",
        ),
        (
            "[BackendSpec('it', 'm:C', methods=(Method('x', frozenset({'float/liner'})),))]",
            "takes 'float/liner', which is no kind of parameter. Did you mean 'float/linear'",
        ),
    ],
)
def test_one_whose_records_are_not_right(install, returned, sentence):
    assert sentence in refusal(install, hook(returned))


def test_one_hook_that_fails_leaves_the_others_of_its_plugin_alone(install):
    failing = "    @hookimpl\n    def unitune_tasks():\n        raise OSError('no data')\n"
    code = smallest("good", "half_tuner") + failing
    install("half-tuner", code=code, entry="half")
    result = unitune.run(EVERY_KIND, any_loss, backend="good", method="random", n_trials=3)
    assert len(result.trials) == 3


@pytest.mark.parametrize(
    ("code", "hooks"),
    [
        ("raise SystemExit(1)\ndef unitune_tasks(): ...\ndef helper(): ...", ["unitune_tasks"]),
        ("def unitune_tasks(): ...\ndef unitune_backends(): ...", (*HOOKS[:1], HOOKS[3])),
        ("def unitune_takss(): ...", []),
        ("def broken(:", []),
        ("", []),
    ],
)
def test_hooks_are_read_from_the_source_without_running_it(tmp_path, monkeypatch, code, hooks):
    package = tmp_path / "read_only_tuner"
    package.mkdir()
    (package / "__init__.py").write_text("raise SystemExit('run')")
    (package / "plugin.py").write_text(code)
    monkeypatch.syspath_prepend(str(tmp_path))
    assert hooks_in_source("read_only_tuner.plugin") == list(hooks)
    assert not any("read_only" in name for name in sys.modules)


@pytest.mark.parametrize("value", ["absent_tuner", "absent_tuner.plugin", "sys", "json.absent", ""])
def test_what_has_no_source_has_no_hooks_to_read(value):
    assert hooks_in_source(value) == []
