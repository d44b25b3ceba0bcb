"""Write what comes from the plugins' own records into the documents that show it.

python docs/tables.py            write it
python docs/tables.py --check    exit with 1 if a document is out of date
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import click

import unitune
from unitune.capabilities import BackendSpec, Method
from unitune.cli import main as commands
from unitune.discovery import brought
from unitune.installed import installed, restrict
from unitune.plugins import discover_executors, discover_schedulers, find_method
from unitune.scheduling import PAIRS
from unitune.space import Parameter, Space
from unitune.testing import BackendSuite, ExecutorSuite, SchedulerSuite, ServiceSuite
from unitune.testing.suite import Suite
from unitune.translation import lower_space
from unitune.translation.lowering import lowerings

ROOT = Path(__file__).resolve().parent.parent
ORDER = ["optuna", "hyperopt", "skopt", "ray", "builtin"]
COMMON = ["random", "grid", "bayesian", *PAIRS]

# One parameter of each kind that translations tell apart.
PARAMETERS: dict[str, Parameter] = {
    "`Float`": unitune.Float(0, 1),
    "`Float` log": unitune.Float(1, 10, scale="log"),
    "`Float` reverse_log": unitune.Float(0, 0.9, scale="reverse_log"),
    "`Float` step": unitune.Float(0, 1, step=0.1),
    "`Float` step, log": unitune.Float(1, 10, step=1.5, scale="log"),
    "`Int`": unitune.Int(1, 9),
    "`Int` log": unitune.Int(1, 9, scale="log"),
    "`Int` step": unitune.Int(1, 9, step=2),
    "`Int` step, log": unitune.Int(1, 9, step=2, scale="log"),
    "`Categorical` of strings": unitune.Categorical(["a", "b"]),
    "`Categorical` of plain values": unitune.Categorical([1, 2.5, None]),
    "`Categorical` of anything": unitune.Categorical([(1,), (2,)]),
    "`Categorical` ordered": unitune.Categorical(["s", "m", "l"], ordered=True),
    "`Bool`": unitune.Bool(),
}


def backends_table() -> str:
    """Return the table of backends and methods in Markdown."""
    lines = ["| backend | library (tested) | `bayesian` | methods |", "|---|---|---|---|"]
    for name, spec in _specs():
        library = f"{spec.distribution} {spec.tested}" if spec.distribution else "none"
        methods = ", ".join(_marked(method) for method in spec.methods)
        lines.append(f"| `{name}` | {library} | {_code(spec.flagship)} | {methods} |")
    return "\n".join(lines)


def methods_table() -> str:
    """Return the table of what each method does and takes natively, in Markdown."""
    rows = [
        (f"`{name}:{method.name}`", _about(spec, method), ", ".join(sorted(method.takes)))
        for name, spec, method in _methods()
    ]
    return _table(("method", "about", "takes natively"), rows)


def common_table() -> str:
    """Return the table of what the common methods are on each backend, in Markdown."""
    rows = [(f"`{name}`", *(_common(spec, method) for method in COMMON)) for name, spec in _specs()]
    return _table(("backend", *(f"`{name}`" for name in COMMON)), rows)


def schedulers_table() -> str:
    """Return the table of schedulers: unitune's own, and those of libraries, in Markdown."""
    own = discover_schedulers()
    about = {s.name: s.about for _, spec in reversed(_specs()) for s in spec.schedulers}
    about |= {name: found.spec.about for name, found in own.items()}
    rows = []
    for name in [*own, *sorted(set(about) - set(own))]:
        cells = []
        for _, spec in _specs():
            native = any(s.name == name for s in spec.schedulers)
            cells.append("native" if native else "composed" if name in own else "–")
        rows.append((f"`{name}`", about[name], *cells))
    return _table(("scheduler", "about", *(f"`{name}`" for name, _ in _specs())), rows)


def verdicts_table() -> str:
    """Return the verdict on each kind of parameter for each method, in Markdown."""
    rows = [(f"`{name}:{method.name}`", *_verdicts(name, method)) for name, _, method in _methods()]
    return _table(("method", *PARAMETERS, "`when=`", "constraints"), rows)


def lowerings_table() -> str:
    """Return what each kind of parameter is rewritten into, in Markdown."""
    rows = []
    for title, parameter in PARAMETERS.items():
        ways: dict[str, str] = {}
        for kind, step in lowerings(parameter):
            ways.setdefault(kind, step.how)
        cells = (f"`{kind}`{f' ({how})' if how else ''}" for kind, how in ways.items())
        rows.append((title, "; ".join(cells)))
    return _table(("parameter", "reaches a library as the first of these that it takes"), rows)


def directory_table() -> str:
    """Return the plugins of unitune's own distribution and what they bring, in Markdown."""
    rows = []
    with restrict([]):
        for plugin in installed():
            if plugin.distribution == "unitune":
                names = brought(plugin)[0]
                what = (f"{_plural(kind, all_)} {_some(all_)}" for kind, all_ in names.items())
                rows.append((f"`{plugin.name}`", f"`{plugin.module}`", "; ".join(what)))
    return _table(("plugin", "module", "brings"), rows)


def executors_table() -> str:
    """Return the table of executors, in Markdown."""
    rows = [
        (
            f"`{name}`",
            found.spec.about,
            ", ".join(f"`{t}`" for t in sorted(found.spec.takes)) or "–",
        )
        for name, found in discover_executors().items()
    ]
    return _table(("executor", "where trials run", "keeps to"), rows)


def checks_table(suite: type[Suite]) -> str:
    """Return the checks of a suite of the conformance kit, each with what it says, in Markdown."""
    checks = ((name, getattr(suite, name).__doc__) for name in suite.checks())
    rows = [(f"`{name}`", text.partition("\n")[0]) for name, text in checks]
    return _table(("check", "what must hold"), rows)


def command_line() -> str:
    """Return the help of every command, in Markdown."""
    return "\n\n".join(_helps(commands, "unitune"))


def decisions() -> str:
    """Return the decision records as entries of the site's navigation."""
    paths = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    titles = (path.read_text(encoding="utf-8").partition("\n")[0].lstrip("# ") for path in paths)
    pairs = zip(titles, paths, strict=True)
    return "\n".join(f'      - "{title}": decisions/{path.name}' for title, path in pairs)


def _helps(command: click.Command, name: str) -> Iterable[str]:
    context = click.Context(command, info_name=name, terminal_width=96)
    if isinstance(command, click.Group):
        if name != "unitune":
            yield f"## {name}\n\n{command.help}"
        for inner in sorted(command.commands):
            yield from _helps(command.commands[inner], f"{name} {inner}")
        return
    yield f"## {name}\n\n```text\n{command.get_help(context)}\n```"


def _specs() -> list[tuple[str, BackendSpec]]:
    with restrict([]):
        specs = unitune.backends()
    return [(name, specs[name]) for name in ORDER]


def _methods() -> list[tuple[str, BackendSpec, Method]]:
    return [(name, spec, method) for name, spec in _specs() for method in spec.methods]


def _marked(method: Method) -> str:
    return method.name + (" ᶜ" if method.composed else "") + ("" if method.reproducible else " ⁿ")


def _about(spec: BackendSpec, method: Method) -> str:
    notes = [method.about or spec.about]
    if method.composed and method.through:
        notes.append(f"composed through `{method.through}`")
    elif method.through:
        features = " or ".join(f"{feature}s" for feature in sorted(method.through_for))
        notes.append(f"through `{method.through}` for spaces with {features}")
    if method.needs:
        notes.append(f"needs {', '.join(method.needs)}")
    return "; ".join(notes).replace("conditionals", "conditions")


def _common(spec: BackendSpec, name: str) -> str:
    if name in PAIRS:
        proposing = _common(spec, PAIRS[name])
        if proposing == "–":
            return "–"
        own = next((m for m in spec.methods if m.name == name), None)
        if own is not None:
            return f"native with {own.needs[0]}, else composed" if own.needs else "native"
        stopping = next((s for s in spec.schedulers if s.name == "hyperband"), None)
        method = find_method(spec, PAIRS[name]).name
        fits = stopping is not None and (not stopping.methods or method in stopping.methods)
        return "native" if fits and proposing.startswith("native") else "composed"
    wanted = spec.flagship if name == "bayesian" else name
    method = next((m for m in spec.methods if m.name == wanted), None)
    if method is None:
        return "–"
    title = f" (`{method.name}`)" if name == "bayesian" else ""
    return ("composed" if method.composed else "native") + title


def _verdicts(name: str, method: Method) -> list[str]:
    cells = [_status(Space({"p": parameter}), name, method) for parameter in PARAMETERS.values()]
    child = Space({"p": unitune.Categorical(["a", "b"]), "q": unitune.Float(0, 1, when={"p": "a"})})
    bounded = Space({"p": unitune.Float(0, 1)}, constraints={"small": lambda c: c["p"] < 1})
    cells.append(_status(child, name, method))
    cells.append(_status(bounded, name, method))
    return cells


def _status(space: Space, name: str, method: Method) -> str:
    """Return the verdict on what comes last: the only parameter, the child, or the constraint."""
    return lower_space(space, name, method).verdicts[-1].status


def _plural(kind: str, names: Sequence[str]) -> str:
    return kind + "s" * (len(names) > 1)


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(f"`{name}`" for name in names[:6])
    return shown + (f" and {len(names) - 6} more" if len(names) > 6 else "")


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(cells)} |" for cells in (columns, *rows)]
    return "\n".join([lines[0], "|---" * len(columns) + "|", *lines[1:]])


def _code(text: str | None) -> str:
    return f"`{text}`" if text else "–"


PLACES: dict[str, dict[str, Callable[[], str]]] = {
    "README.md": {"backends": backends_table},
    "mkdocs.yml": {"decisions": decisions},
    "docs/backends.md": {
        "common": common_table,
        "methods": methods_table,
        "schedulers": schedulers_table,
        "executors": executors_table,
    },
    "docs/translations.md": {"verdicts": verdicts_table, "lowerings": lowerings_table},
    "docs/plugins/directory.md": {"directory": directory_table},
    "docs/plugins/testing.md": {
        f"checks of {suite.__name__}": functools.partial(checks_table, suite)
        for suite in (BackendSuite, ServiceSuite, ExecutorSuite, SchedulerSuite)
    },
    "docs/reference/cli.md": {"commands": command_line},
}


def updated(text: str, marker: str, table: str, *, markdown: bool = True) -> str:
    """Return a document with the lines between two markers replaced."""
    form = "<!-- {} -->" if markdown else "      # {}"
    start, stop = form.format(marker), form.format(f"end of {marker}")
    before, rest = text.split(f"{start}\n")
    after = rest.split(stop)[1]
    return f"{before}{start}\n{table}\n{stop}{after}"


def main() -> int:
    """Write or check every table."""
    stale = []
    for name, tables in PLACES.items():
        path = ROOT / name
        old = new = path.read_text(encoding="utf-8")
        for marker, table in tables.items():
            new = updated(new, marker, table(), markdown=name.endswith(".md"))
        if new != old:
            stale.append(name)
            if "--check" not in sys.argv:
                path.write_text(new, encoding="utf-8")
    if stale:
        print(f"{'Out of date' if '--check' in sys.argv else 'Written'}: {', '.join(stale)}")
    return int(bool(stale) and "--check" in sys.argv)


if __name__ == "__main__":
    sys.exit(main())
