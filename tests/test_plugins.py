from __future__ import annotations

import ast
import importlib
from pathlib import Path

import pytest
from spaces import CONDITIONAL, EVERY_KIND, any_loss
from strangers import smallest

import unitune
from unitune.discovery import KINDS, failures
from unitune.errors import (
    MissingLibraryError,
    OptionError,
    PluginError,
    TranslationError,
    UnknownNameError,
)
from unitune.plugins import (
    discover,
    discover_executors,
    discover_schedulers,
    discover_tasks,
    find_scheduler,
    find_task,
    lacks,
    load_executor,
    load_scheduler,
)
from unitune.schedulers import Scheduler

ROOT = Path(__file__).resolve().parent.parent


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


def test_two_plugins_with_one_backend_name_are_an_error_that_names_both(install):
    install("first-tuner", code=smallest("same", "first_tuner"), entry="same")
    install("second-tuner", code=smallest("same", "second_tuner"), entry="same")
    with pytest.raises(PluginError, match=r"first-tuner 1\.0 and second-tuner 1\.0"):
        unitune.translate(EVERY_KIND, "same", "random")
    assert discover()["optuna"].problem is None


def test_a_plugin_whose_class_is_not_there_is_reported(install):
    code = smallest("gone", "gone_tuner").replace("gone_tuner:Smallest", "gone_tuner:Other")
    install("gone-tuner", code=code, entry="gone")
    with pytest.raises(PluginError, match="gone_tuner:Other"):
        unitune.translate(EVERY_KIND, "gone", "random")


def test_a_study_whose_module_ends_the_interpreter_is_reported(install):
    code = smallest("raw", "raw_tuner").replace("raw_tuner:Smallest", "raw_library:Study")
    install("raw-tuner", code=code, entry="raw")
    install("raw-library", code="raise SystemExit(3)")
    with pytest.raises(PluginError, match=r"'raw_library:Study': SystemExit: 3\."):
        unitune.translate(EVERY_KIND, "raw", "random")


def test_a_study_whose_module_raises_is_reported(install):
    code = smallest("raw", "raw_tuner").replace("raw_tuner:Smallest", "raw_library:Study")
    install("raw-tuner", code=code, entry="raw")
    install("raw-library", code="raise OSError('no such device')")
    with pytest.raises(PluginError, match="'raw_library:Study': OSError: no such device"):
        unitune.translate(EVERY_KIND, "raw", "random")


def test_a_misspelt_backend_or_method_lists_the_nearest():
    with pytest.raises(UnknownNameError, match=r"no backend 'optna'. Did you mean 'optuna'"):
        unitune.translate(EVERY_KIND, "optna")
    with pytest.raises(UnknownNameError, match=r"no method 'tpee'. Did you mean 'tpe'"):
        unitune.translate(EVERY_KIND, "optuna", "tpee")
    with pytest.raises(UnknownNameError, match=r"no method 'bayesian'.*Known: grid, random"):
        unitune.translate(EVERY_KIND, "builtin", "bayesian")
    with pytest.raises(UnknownNameError, match=r"no backend 'OPTUNA'. Did you mean 'optuna'"):
        unitune.translate(EVERY_KIND, "OPTUNA")
    with pytest.raises(UnknownNameError, match=r"no method 'TPE'. Did you mean 'tpe'"):
        unitune.translate(EVERY_KIND, "optuna", "TPE")


def test_a_method_within_the_name_of_a_backend_is_pointed_to_its_place():
    with pytest.raises(UnknownNameError, match=r"Give backend='optuna' and method='tpe'\."):
        unitune.translate(EVERY_KIND, "optuna:tpe")


def test_the_only_method_of_a_backend_is_its_default(install):
    install("tiny-tuner", code=smallest("tiny", "tiny_tuner"), entry="tiny")
    assert unitune.run(EVERY_KIND, any_loss, backend="tiny", n_trials=3).method == "random"


def test_a_method_may_itself_be_called_bayesian(install):
    code = smallest("own", "own_tuner").replace('"random"', '"bayesian"')
    install(
        "own-tuner",
        code=code.replace("(method,)", "(Method('m', method.takes), method)"),
        entry="own",
    )
    assert unitune.run(EVERY_KIND, any_loss, backend="own", n_trials=3).method == "bayesian"


FAULTY = """
    from unitune.backend import Service, Study
    from unitune.capabilities import BackendSpec, ExecutorSpec, Method, SchedulerSpec
    from unitune.hookspecs import hookimpl

    class NoStudy: ...

    class Empty(Study): ...

    class Loop(Service):
        native = None

    class Whole(Study):
        native = None
        def ask(self): ...
        def tell(self, token, outcome): ...

    class Other(Whole):
        def __init__(self, translation): ...

    class Executor:
        def __init__(self, function, on_report): ...

    number = 3

    @hookimpl
    def unitune_backends():
        methods = (Method("m", frozenset({"float/linear"})),)
        for name in ("NoStudy", "Empty", "Whole", "Other", "number"):
            yield BackendSpec(name, f"faulty_tuner:{name}", methods=methods)
        yield BackendSpec("Loop", "faulty_tuner:Loop", methods=methods, contract="service")

    @hookimpl
    def unitune_executors():
        yield ExecutorSpec("Executor", "faulty_tuner:Executor", takes=frozenset({"trial_timeout"}))
        yield ExecutorSpec("number", "faulty_tuner:number")

    @hookimpl
    def unitune_schedulers():
        yield SchedulerSpec("NoStudy", "faulty_tuner:NoStudy")
"""


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("NoStudy", r"NoStudy' is <class .*>; make it a subclass of unitune's Study\."),
        ("number", r"number' is 3; make it a subclass of unitune's Study\."),
        ("Empty", r"Empty' does not define ask, native, tell\."),
        ("Loop", r"Loop' does not define run\."),
        ("Whole", r"Whole' has no argument problem; it is called with problem= and the user's"),
        ("Other", r"Other' has no argument problem; it is called with problem= and the user's"),
    ],
)
def test_a_class_that_is_no_backend_is_refused_before_anything_runs(install, name, sentence):
    install("faulty-tuner", code=FAULTY, entry="faulty")
    with pytest.raises(PluginError, match=sentence):
        unitune.run(EVERY_KIND, any_loss, backend=name)


def test_a_class_that_is_no_executor_or_scheduler_is_refused_before_anything_runs(install):
    install("faulty-tuner", code=FAULTY, entry="faulty")
    with pytest.raises(PluginError, match=r"has no argument evaluate and trial_timeout; it is cal"):
        run(executor="Executor")
    with pytest.raises(PluginError, match=r"number' is 3, which cannot be called\."):
        run(executor="number")
    with pytest.raises(PluginError, match=r"make it a subclass of unitune's Scheduler\."):
        run(scheduler="NoStudy")


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


EXTRAS = """
    from unitune.capabilities import CallbackSpec, CommandSpec, ExecutorSpec, SchedulerSpec
    from unitune.executors import SerialExecutor
    from unitune.hookspecs import hookimpl

    class Counting(SerialExecutor):
        made = []

        def __init__(self, evaluate, on_report, workers, colour="red"):
            super().__init__(evaluate, on_report)
            self.made.append((workers, colour))

    class Tracker:
        made = []

        def __init__(self):
            self.seen = []
            self.made.append(self.seen)

        def __call__(self, trial, run):
            self.seen.append(trial.number)

        def close(self):
            self.seen.append("closed")

    def nothing():
        return None

    @hookimpl
    def unitune_executors():
        yield ExecutorSpec("counting", "extra_tuner:Counting", advice="Count on it.")
        yield ExecutorSpec("far", "extra_tuner:Far", distribution="far-lib", requires=">=2")

    @hookimpl
    def unitune_callbacks():
        yield CallbackSpec("tracker", "extra_tuner:Tracker", about="keeps the numbers of trials")
        yield CallbackSpec("nothing", "extra_tuner:nothing")

    @hookimpl
    def unitune_schedulers():
        yield SchedulerSpec("strict", "unitune.schedulers.median:Median")
        yield SchedulerSpec("needy", "extra_tuner:Needy", needs=("absent_lib",))

    @hookimpl
    def unitune_tasks():
        import unitune
        from unitune.task import Task

        space = unitune.Space({"x": unitune.Float(0, 1)})
        yield Task("line", space, objective="extra_tuner:nothing", optimum=0.0)
        yield Task("heavy", space, objective="extra_tuner:nothing", needs=("absent_lib",))
"""


@pytest.fixture
def extra(install):
    install("extra-tuner", code=EXTRAS, entry="extra")
    return importlib.import_module("extra_tuner")


def run(**settings):
    return unitune.run(
        EVERY_KIND, any_loss, backend="builtin", method="random", n_trials=3, **settings
    )


def test_trials_run_on_an_executor_that_a_plugin_brings(extra):
    options = {"colour": "blue"}
    assert len(run(executor="counting", workers=2, executor_options=options).trials) == 3
    assert extra.Counting.made == [(2, "blue")]


def test_an_executor_refuses_what_it_does_not_take(extra):
    with pytest.raises(OptionError, match=r"'counting' takes no trial_timeout. Count on it"):
        run(executor="counting", trial_timeout=3)
    with pytest.raises(OptionError, match=r"no option 'color'. Did you mean 'colour'"):
        run(executor="counting", executor_options={"color": "blue"})
    with pytest.raises(OptionError, match=r"'ray' takes no trial_memory. It limits memory through"):
        run(executor="ray", trial_memory=10**9)


def test_an_executor_whose_library_is_missing_gives_the_install_command(extra):
    with pytest.raises(MissingLibraryError, match=r"Executor 'far'.*pip install 'far-lib>=2'"):
        run(executor="far")


def test_a_callback_by_name_is_made_anew_for_every_run(extra):
    seen = []
    for _ in range(2):
        run(callbacks=["tracker", lambda trial, run: seen.append(trial.number)])
    assert extra.Tracker.made == [[0, 1, 2, "closed"], [0, 1, 2, "closed"]]
    assert seen == [0, 1, 2, 0, 1, 2]


def test_a_callback_that_cannot_be_had_is_refused_before_anything_runs(extra):
    with pytest.raises(UnknownNameError, match=r"no callback 'trackr'. Did you mean 'tracker'"):
        run(callbacks=["trackr"])
    assert run(callbacks="tracker").trials
    with pytest.raises(PluginError, match="'extra_tuner:nothing' returned None"):
        run(callbacks=["nothing"])


def test_schedulers_are_found_by_name(extra):
    assert load_scheduler(find_scheduler("strict")) is load_scheduler(find_scheduler("median"))
    with pytest.raises(MissingLibraryError, match="Scheduler 'needy' needs absent_lib"):
        load_scheduler(find_scheduler("needy"))
    with pytest.raises(UnknownNameError, match=r"no scheduler 'meddian'. Did you mean 'median'"):
        find_scheduler("meddian")


def test_a_scheduler_of_a_plugin_stops_the_trials_of_any_backend(install):
    code = """
        from unitune.capabilities import SchedulerSpec
        from unitune.hookspecs import hookimpl
        from unitune.schedulers import Scheduler, Verdict

        class Strict(Scheduler):
            @classmethod
            def open(cls, scheduling):
                return cls()

            def report(self, number, step, loss):
                return Verdict.CONTINUE if number == 0 else Verdict.STOP

        @hookimpl
        def unitune_schedulers():
            return [SchedulerSpec("strict", "strict_rules:Strict")]
    """
    install("strict-rules", code=code, entry="strict")

    def objective(config):
        yield from (3.0, 2.0, 1.0)

    for backend in ("builtin", "optuna"):
        result = unitune.run(
            EVERY_KIND,
            objective,
            backend=backend,
            method="random",
            scheduler="strict",
            n_trials=4,
        )
        assert [len(trial.reports) for trial in result.trials] == [3, 1, 1, 1]


def test_tasks_are_found_by_name(extra):
    assert find_task("line").optimum == 0.0
    assert find_task("line").load() is extra.nothing
    assert lacks(find_task("line")) is None
    assert "Task 'heavy' needs absent_lib, which is not installed." in lacks(find_task("heavy"))
    assert {"line", "heavy"} <= set(discover_tasks())


def test_everything_of_unitunes_own_can_be_loaded():
    for found in discover_executors().values():
        assert found.problem is None
        assert callable(load_executor(found.spec))
    for found in discover_schedulers().values():
        assert found.problem is None
        assert issubclass(load_scheduler(found.spec), Scheduler)
    for kind in KINDS:
        assert failures(kind) == []


def imports_of_unitune(path):
    """Yield (module, name) for what a file imports from unitune."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "unitune":
            yield from ((node.module, alias.name) for alias in node.names)


def test_the_backends_of_this_distribution_use_nothing_that_a_stranger_cannot():
    files = (ROOT / "backends").rglob("*.py")
    used = {pair for path in files for pair in imports_of_unitune(path)}
    assert ("unitune.backend", "Study") in used
    assert not [pair for pair in used if any(part.startswith("_") for part in pair)]


def test_no_backend_is_known_to_the_core_by_its_name():
    # Optuna's plots, and its study as a form of export, are features of their own.
    allowed = {"plots.py", "result.py"}
    packages = [path.name for path in (ROOT / "backends").iterdir() if path.is_dir()]
    naming = {
        path.name
        for path in (ROOT / "unitune").rglob("*.py")
        for package in packages
        if package in path.read_text(encoding="utf-8")
    }
    assert naming <= allowed


@pytest.mark.parametrize("plugins", [3, [3], [None, "mine"]])
def test_plugins_are_named_by_strings(plugins):
    with pytest.raises(OptionError, match="plugins="):
        unitune.run({"x": unitune.Float(0, 1)}, pytest.fail, backend="builtin", plugins=plugins)
