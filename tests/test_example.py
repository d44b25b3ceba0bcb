"""The example plugin of the documentation, installed as a stranger would install it."""

from __future__ import annotations

import ast
import io
import re
import shutil
import subprocess
import sys
import tokenize

import pytest
from environments import ROOT, Environment, build_wheel

EXAMPLE = ROOT / "examples" / "unitune-cmaes"
MOST = 40
BLANK = {
    *(tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE),
    *(tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER),
}

STORY = """
import unitune

space = {
    "x": unitune.Float(-5, 5),
    "units": unitune.Int(16, 256, scale="log"),
    "kind": unitune.Categorical(["a", "b"]),
    "decay": unitune.Float(0.9, 0.999, scale="reverse_log", when={"kind": "a"}),
}


def objective(config):
    return config["x"] ** 2 + config["units"] / 256 + config.get("decay", 1.0)


assert unitune.backends()["cmaes"].flagship == "cmaes"
settings = {"n_trials": 60, "seed": 1, "progress": False}
result = unitune.run(space, objective, backend="cmaes", **settings)
assert len(result.trials) == 60 and result.best.value < 2
assert type(result.native).__module__.startswith("cmaes")
again = unitune.run(space, objective, backend="cmaes", **settings)
assert [t.config for t in again.trials] == [t.config for t in result.trials]

names = ["cmaes", "optuna:cmaes", "builtin:random"]
comparison = unitune.compare(space, objective, names, n_trials=20, seeds=2, progress=False)
print(comparison)
comparison.to_html("report.html")
"""


# The checks that the kit leaves out here: the method proposes nothing at random and heeds the order
# of results, and the suite of three lines neither counts the trials nor has schedulers to check.
LEFT_OUT = {"test_laws", "test_independence", "test_order", "test_native", "test_schedulers"}


def assert_passed(said, left_out):
    """Assert by what a verbose pytest said that all checks passed but those to be left out."""
    outcomes = re.findall(r"::(test_\w+)(?:\[.*\])? (PASSED|SKIPPED)", said)
    assert {name for name, outcome in outcomes if outcome == "SKIPPED"} == left_out, said
    assert len(outcomes) > 30, said


def code_lines(source):
    """Return the lines of code: without blank ones, comments and docstrings."""
    lines = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in BLANK:
            lines |= set(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(source)):
        documented = isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        if documented and ast.get_docstring(node) is not None:
            lines -= set(range(node.body[0].lineno, node.body[0].end_lineno + 1))
    return lines


def test_lines_of_code_are_counted_as_said():
    head = '"""Doc.\n\nMore."""\n\nimport a  # why\n# a comment\n\n\n'
    source = head + 'def f():\n    "Doc."\n    x = """a\n    b"""\n'
    assert code_lines(source) == {5, 9, 11, 12}


def test_the_adapter_has_at_most_forty_lines_of_code():
    package = EXAMPLE / "src" / "unitune_cmaes"
    files = [path for path in package.glob("*.py") if path.name != "__init__.py"]
    assert sum(len(code_lines(path.read_text())) for path in files) <= MOST


def test_it_uses_nothing_but_what_is_public():
    for path in (EXAMPLE / "src").rglob("*.py"):
        names = [
            node.attr for node in ast.walk(ast.parse(path.read_text())) if hasattr(node, "attr")
        ]
        assert not [name for name in names if name.startswith("_")], path


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    return build_wheel(EXAMPLE, tmp_path_factory.mktemp("wheels"))


@pytest.fixture(scope="module")
def environment(tmp_path_factory, wheel):
    made = Environment(tmp_path_factory.mktemp("example") / "env", lent=True)
    made.add(wheel)
    return made


def test_it_is_found_through_its_entry_point(environment):
    listed = environment.run("-m", "unitune", "plugins", "--load")
    line = next(line for line in listed.splitlines() if line.startswith("cmaes "))
    assert line.split()[1:3] == ["unitune-cmaes", "0.1.0"]
    assert line.endswith("backend cmaes")
    assert "cmaes" in environment.run("-m", "unitune", "backends")


def test_it_runs_and_is_compared_and_reported_next_to_the_others(environment, tmp_path):
    (tmp_path / "story.py").write_text(STORY)
    printed = environment.run("story.py", cwd=tmp_path)
    rows = [line.split()[0] for line in printed.splitlines()[4:]]
    assert sorted(rows) == ["builtin:random", "cmaes", "optuna:cmaes"]
    report = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "optuna:cmaes" in report
    assert ">cmaes" in report


def test_it_passes_the_conformance_kit(environment, tmp_path):
    tests = shutil.copytree(EXAMPLE / "tests", tmp_path / "tests")
    said = environment.run("-m", "pytest", "-v", "-p", "no:cacheprovider", tests, cwd=tmp_path)
    assert_passed(said, LEFT_OUT)


def test_its_absence_leaves_no_trace_here():
    program = "import unitune; print('cmaes' in unitune.backends())"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"


@pytest.mark.slow
def test_a_stranger_builds_installs_and_tests_in_a_clean_environment(tmp_path, wheel):
    clean = Environment(tmp_path / "clean", lent=False)
    unitune = build_wheel(ROOT, tmp_path / "wheels")
    clean.install(f"unitune[testing] @ file://{unitune}", wheel)
    printed = clean.run("-m", "unitune", "plugin", "new", "mine", "--into", tmp_path)
    folder = tmp_path / "unitune-mine"
    assert str(folder) in printed
    clean.install(folder)
    listed = clean.run("-m", "unitune", "plugins", "--load")
    assert "backend mine" in listed
    assert "backend cmaes" in listed
    # The one that is new has no library either, whose module might be imported, but random starts.
    new = LEFT_OUT - {"test_laws"} | {"test_listing"}
    for tests, left_out in ((folder / "tests", new), (EXAMPLE / "tests", LEFT_OUT)):
        copied = shutil.copytree(tests, tmp_path / "copied" / tests.parent.name)
        said = clean.run("-m", "pytest", "-v", "-p", "no:cacheprovider", copied, cwd=tmp_path)
        assert_passed(said, left_out)
    names = "import unitune; print(sorted(unitune.backends()))"
    assert clean.run("-c", names).split("'")[1::2] == [
        *("builtin", "cmaes", "hyperopt", "mine", "optuna", "ray", "skopt"),
    ]
