"""What importing unitune brings in, and the order in which its rooms may know each other."""

from __future__ import annotations

import ast
import graphlib
import subprocess
import sys
from pathlib import Path

import pytest

import unitune

ROOT = Path(unitune.__file__).parent
HEAVY = [
    *("numpy", "pandas", "scipy", "sklearn", "torch", "plotly", "rich", "click", "pluggy"),
    *("optuna", "ray", "hyperopt", "skopt", "ConfigSpace"),
    *("keras", "lightning", "xgboost", "lightgbm"),
]
WRAPPED = {"optuna", "ray", "hyperopt", "skopt", "ConfigSpace", "torch", "sklearn", "cmaes"}

# A room may import from its own row and from the rows above it.
ROWS = [
    {"errors", "tables", "progress"},
    {"space"},
    {"trial"},
    {"capabilities"},
    {"hookspecs"},
    {"translation", "checkpoint", "reading", "job", "handle", "objective", "backend"},
    {"task", "schedulers"},
    {"loading", "installed", "discovery", "plugins"},
    {"scheduling", "steering", "composition", "preparation", "executors"},
    {"source", "transcript", "chronicle", "journal", "past", "running", "turns"},
    {"execution", "settings", "recorder", "driver", "service", "restoring", "keeping"},
    {"ledger", "result"},
    {"session"},
    {"api"},
    {"plots", "comparison", "bench", "analysis", "report", "testing", "scaffold", "integrations"},
    {"cli", "__main__"},
]


def run(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "code",
    [
        "import unitune",
        "import unitune; unitune.Space({'x': unitune.Float(0, 1)}).sample(0)",
        "import unitune; unitune.Space({'n': unitune.Int(1, 3)}).to_dict()",
        "import unitune; dir(unitune)",
    ],
)
def test_a_bare_import_and_a_space_bring_in_nothing_heavy(code):
    done = run(f"{code}\nimport sys; print(sorted(set({HEAVY}) & set(sys.modules)))")
    assert done.stdout.strip() == "[]", done.stderr


def test_listing_backends_and_translating_imports_no_other_library():
    done = run(
        "import unitune; unitune.backends()\n"
        "unitune.translate({'x': unitune.Float(0, 1)}, 'builtin', 'random')\n"
        f"import sys; print(sorted({WRAPPED} & set(sys.modules)))"
    )
    assert done.stdout.strip() == "[]", done.stderr


@pytest.mark.parametrize("name", unitune.__all__)
def test_every_public_name_is_there(name):
    assert getattr(unitune, name).__name__ == name


def test_an_unknown_public_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'Flota'"):
        unitune.Flota  # noqa: B018 - the access itself is what is tested


def modules():
    return {
        ".".join(["unitune", *path.relative_to(ROOT).with_suffix("").parts]).removesuffix(
            ".__init__"
        ): ast.parse(path.read_text(encoding="utf-8"))
        for path in ROOT.rglob("*.py")
    }


def names_imported(node):
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        assert node.level == 0, "imports in the core are absolute"
        return [f"{node.module}.{alias.name}" for alias in node.names]
    return []


def at_import(body):
    """Yield the names that a module imports when it is itself imported."""
    for node in body:
        if isinstance(node, ast.If):
            checking = "TYPE_CHECKING" in ast.unparse(node.test)
            yield from at_import([*([] if checking else node.body), *node.orelse])
        elif isinstance(node, ast.Try | ast.ExceptHandler | ast.With | ast.ClassDef):
            yield from at_import(ast.iter_child_nodes(node))
        else:
            yield from names_imported(node)


def module_of(name, known):
    while name not in known:
        name = name.rpartition(".")[0]
    return name


def edges():
    """Return which modules of unitune each of them imports."""
    parsed = modules()
    return {
        module: {
            module_of(name, parsed)
            for name in at_import(tree.body)
            if name.partition(".")[0] == "unitune"
        }
        - {module, "unitune"}
        for module, tree in parsed.items()
    }


def room(module):
    return module.split(".")[1]


def test_every_room_has_its_place_in_the_order():
    rooms = {room(module) for module in modules() if module != "unitune"}
    assert rooms == set().union(*ROWS)


def test_rooms_import_only_from_their_own_row_and_those_above():
    row = {name: i for i, names in enumerate(ROWS) for name in names}
    wrong = [
        f"{module} imports {target}"
        for module, targets in edges().items()
        for target in targets
        if module != "unitune" and row[room(target)] > row[room(module)]
    ]
    assert wrong == []


def test_no_modules_import_each_other_in_a_circle():
    # Packages only name what their modules hold: a module that imports its own package's names
    # would be a circle too.
    order = list(graphlib.TopologicalSorter(edges()).static_order())
    assert order.index("unitune.errors") < order.index("unitune.space.parameters")
    assert order.index("unitune.translation.steps") < order.index("unitune.driver")


def test_the_reader_of_imports_sees_what_it_should():
    tree = ast.parse(
        "import a\nfrom b import c\nif TYPE_CHECKING:\n    import d\nelse:\n    import e\n"
        "try:\n    import f\nexcept ImportError:\n    import g\ndef h():\n    import i\n"
        "class J:\n    import k\n"
    )
    assert sorted(at_import(tree.body)) == ["a", "b.c", "e", "f", "g", "k"]


def test_the_core_imports_no_wrapped_library_and_no_backend_anywhere():
    wrong = [
        f"{module} imports {name}"
        for module, tree in modules().items()
        for node in ast.walk(tree)
        for name in names_imported(node)
        if name.partition(".")[0] in WRAPPED or name.startswith("unitune_")
    ]
    assert wrong == []
