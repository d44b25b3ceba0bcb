"""What can be wrong with one plugin: each gets its sentence, and no other one suffers."""

from __future__ import annotations

import dataclasses
import random
import sys

import numpy as np
import pytest
from click.testing import CliRunner
from spaces import EVERY_KIND, any_loss
from strangers import smallest

import unitune
from unitune.capabilities import BackendSpec, ExecutorSpec, Method, SchedulerSpec
from unitune.cli import main
from unitune.discovery import KINDS, collect, find
from unitune.errors import PluginError
from unitune.loading import HOOKS, fault_of, hooks_in_source
from unitune.task import Task

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


def test_one_that_raises_what_is_no_exception(install):
    code = "class Abort(BaseException): ...\nraise Abort('enough')"
    assert "failed: Abort: enough." in refusal(install, code)


def test_ctrl_c_ends_the_loading_of_plugins(install):
    install("it-tuner", code="raise KeyboardInterrupt", entry="it")
    with pytest.raises(KeyboardInterrupt):
        unitune.backends()


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


def test_one_whose_submodule_is_not_there(install):
    sentence = refusal(install, "import it_tuner.nothere")
    assert "failed: ModuleNotFoundError: No module named 'it_tuner.nothere'" in sentence


def test_one_that_needs_a_library_whose_name_begins_its_own(install):
    install("swarm-tuner", code="import swarm", entry="swarm")
    with pytest.raises(PluginError, match="'swarm_tuner' needs swarm, which is not installed"):
        unitune.translate(EVERY_KIND, "swarm", "random")


def test_one_with_a_misspelt_hook(install):
    code = hook().replace("unitune_backends", "unitune_backend")
    sentence = refusal(install, code)
    assert "unknown hook 'unitune_backend' (Did you mean 'unitune_backends'" in sentence
    assert sentence.endswith("?).")


def test_one_with_a_misspelt_hook_that_is_not_marked_either(install):
    code = hook().replace("unitune_backends", "unitune_backend").replace("@hookimpl", "")
    sentence = refusal(install, code)
    assert "'unitune_backend' has no @hookimpl before it, and is no hook (Did you mean" in sentence
    assert "'unitune_backends'" in sentence


def test_one_whose_hook_is_not_marked(install):
    code = hook().replace("@hookimpl", "")
    assert "its function 'unitune_backends' has no @hookimpl before it." in refusal(install, code)


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
            "it has target='it_tuner'; give a string of the form 'package.module:name'",
        ),
        (
            "[BackendSpec('it', 'm:C', methods=(Method('x', frozenset()),) * 2)]",
            "it has two methods 'x'",
        ),
        (
            "[BackendSpec('it', 'm:C', methods=(Method('x', frozenset({'float/liner'})),))]",
            "method 'x' has 'float/liner' in takes, which is unknown (Did you mean 'float/linear'",
        ),
    ],
)
def test_one_whose_records_are_not_right(install, returned, sentence):
    assert sentence in refusal(install, hook(returned))


TAKES = frozenset({"float/linear"})
GOOD = BackendSpec("it", "it_tuner:It", methods=(Method("m", TAKES),))


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("target", Method, "it has target=<class 'unitune.capabilities.Method'>; give a string of"),
        ("methods", Method("m", TAKES), "…; give a tuple, as in (x,), where each x is a Method"),
        ("methods", ("m",), "it has 'm' in methods; give a Method"),
        ("flagship", "p", "it names a method 'p', which it has not (Known: m)"),
        ("aliases", None, "it has aliases=None; give a mapping from a string to a string"),
        ("aliases", {"a": 1}, "it has 1 in aliases; give a string"),
        ("schedulers", ("asha",), "it has 'asha' in schedulers; give a SchedulerSpec"),
        ("schedulers", (SchedulerSpec("s", methods=("p",)),), "it names a method 'p', which it"),
        ("schedulers", (SchedulerSpec("s", needs="x"),), "its scheduler 's' has needs='x'; give a"),
        (
            "contract",
            "servise",
            "has contract='servise', which is unknown (Did you mean 'service'?",
        ),
        ("contract", None, "it has contract=None; give a name such as 'study'"),
        ("distribution", 3, "it has distribution=3; give its name on the package index"),
        ("distribution", "", "it has distribution=''; give its name on the package index"),
        ("module", "a..b", "it has module='a..b'; give a module, as in 'package.module'"),
        ("requires", "two", "it has requires='two'; give versions, as in '>=5.0,<6'"),
        ("partial", 1, "it has partial=1; give True or False"),
        ("extra", 1, "it has extra=1; give a string or None"),
    ],
)
def test_a_field_of_a_backend_that_is_not_what_it_should_be(field, value, sentence):
    assert fault_of(GOOD, BackendSpec) is None
    assert sentence in fault_of(dataclasses.replace(GOOD, **{field: value}), BackendSpec)


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("takes", ["float/linear"], "give a frozenset, as in frozenset({x}), where each x is a"),
        ("takes", "float/linear", "its method 'm' has takes='float/linear'; give a frozenset"),
        ("takes", frozenset({1}), "its method 'm' has 1 in takes; give a name such as"),
        ("needs", "numpy", "has needs='numpy'; give a tuple, as in (x,), where each x is a string"),
        ("needs", ("a b",), "its method 'm' has 'a b' in needs; give a module"),
        ("through", "optuna", "has through='optuna'; give a string of the form 'backend:method'"),
        ("name", "a:b", "its method 'a:b' has name='a:b'; give a name without a colon"),
        ("learns", None, "its method 'm' has learns=None; give True or False"),
    ],
)
def test_a_field_of_a_method_that_is_not_what_it_should_be(field, value, sentence):
    method = dataclasses.replace(GOOD.methods[0], **{field: value})
    assert sentence in fault_of(dataclasses.replace(GOOD, methods=(method,)), BackendSpec)


def test_a_method_has_not_the_name_by_which_another_one_is_meant():
    methods = (Method("bayesian", TAKES), Method("m", TAKES))
    spec = dataclasses.replace(GOOD, methods=methods, flagship="m")
    assert "its method 'bayesian' has the name by which users mean" in fault_of(spec, BackendSpec)
    assert fault_of(dataclasses.replace(spec, flagship=None), BackendSpec) is None


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("space", {"x": 1}, "it has space={'x': 1}; give a Space"),
        ("objective", 3, "it has objective=3; give a function, or a string of the form 'package."),
        ("mode", "low", "it has mode='low', which is unknown (Known: max, min)"),
        ("optimum", "0", "it has optimum='0'; give a number or None"),
        ("resource", (1, 2, 3), "it has resource=(1, 2, 3); give a tuple of 2: a whole number, a"),
        ("version", 1.5, "it has version=1.5; give a whole number"),
        ("version", True, "it has version=True; give a whole number"),
    ],
)
def test_a_field_of_a_task_that_is_not_what_it_should_be(field, value, sentence):
    good = Task("t", unitune.Space({"x": unitune.Float(0, 1)}), objective=any_loss)
    assert fault_of(good, Task) is None
    wrong = dataclasses.replace(good, **{field: value})
    assert sentence in fault_of(wrong, Task)


def test_settings_that_an_executor_cannot_take_are_named():
    spec = ExecutorSpec("e", "m:E", takes=frozenset({"worker"}))
    assert "it has 'worker' in takes, which is unknown (Did you" in fault_of(spec, ExecutorSpec)


def test_everything_of_unitunes_own_has_fields_as_they_should_be():
    for kind in KINDS:
        assert [found.problem for found in collect(kind).values() if found.problem] == []


CLASSES = """
    from unitune.capabilities import CallbackSpec, CommandSpec, ExecutorSpec, SchedulerSpec
    from unitune.hookspecs import hookimpl

    class It: ...

    @hookimpl
    def unitune_executors():
        return [ExecutorSpec("it", It)]

    @hookimpl
    def unitune_schedulers():
        return [SchedulerSpec("it", It)]

    @hookimpl
    def unitune_callbacks():
        return [CallbackSpec("it", It)]

    @hookimpl
    def unitune_commands():
        return [CommandSpec("it", It)]

    @hookimpl
    def unitune_tasks():
        from unitune.task import Task
        return [Task("it", It, objective=It)]
"""


@pytest.mark.parametrize("kind", KINDS[1:], ids=lambda kind: kind.word)
def test_classes_in_place_of_their_names_are_refused_and_break_no_other(install, kind):
    known = set(collect(kind))
    install("it-tuner", code=CLASSES, entry="it")
    assert set(collect(kind)) == {*known, "it"}
    with pytest.raises(PluginError, match=r"'it' \(from it-tuner 1\.0\) cannot be used: it has"):
        find(kind, "it")
    listed = CliRunner().invoke(main, ["plugins", "--load"])
    assert f"'it' (from it-tuner 1.0): {kind.word} 'it' cannot be used: it has" in listed.stdout
    assert CliRunner().invoke(main, ["--help"]).exit_code == 0


def test_a_record_that_cannot_even_be_looked_at_harms_its_own_plugin_only(install):
    returned = "[type('Odd', (BackendSpec,), {'target': property(lambda self: 1 / 0)})('it', 'a:b',"
    sentence = refusal(install, hook(f"{returned} methods=())]"))
    assert "its plugin 'it_tuner' failed: " in sentence


def test_a_proposer_that_is_not_there_is_named_where_it_is_needed(install):
    method = "Method('random', frozenset({'float/linear'}), composed=True, through='nobody:x')"
    install("it-tuner", code=hook(f"[BackendSpec('it', 'it:It', methods=({method},))]"), entry="it")
    with pytest.raises(PluginError, match="'random' proposes through 'nobody:x', which is not the"):
        unitune.translate(EVERY_KIND, "it", "random")
    listed = CliRunner().invoke(main, ["plugins", "--load"])
    assert "its method 'random' proposes through 'nobody:x', which is not there" in listed.stdout


@pytest.mark.parametrize("where", ["plugin", "study"])
def test_importing_a_plugin_leaves_the_global_random_numbers_alone(install, where):
    drawing = "\n    import random, numpy\n    random.random()\n    numpy.random.random()\n"
    code = smallest("dice", "dice_study" if where == "study" else "dice_tuner")
    install("dice-study", code=code + drawing)
    install("dice-tuner", code=code + (drawing if where == "plugin" else ""), entry="dice")
    random.seed(1)
    np.random.seed(1)  # noqa: NPY002 - the global one is what is watched
    states = random.getstate(), np.random.get_state()[2]  # noqa: NPY002
    unitune.translate(EVERY_KIND, "dice", "random")
    assert (random.getstate(), np.random.get_state()[2]) == states  # noqa: NPY002


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
