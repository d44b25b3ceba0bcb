"""Write the tables that come from the backends' own records into the documents that show them.

python docs/tables.py            write them
python docs/tables.py --check    exit with 1 if a document is out of date
"""

from __future__ import annotations

import sys
from pathlib import Path

import unitune
from unitune.capabilities import BackendSpec, Method

ROOT = Path(__file__).resolve().parent.parent
ORDER = ["optuna", "hyperopt", "skopt", "ray", "builtin"]


def backends_table() -> str:
    """Return the table of backends and methods in Markdown."""
    lines = ["| backend | library (tested) | `bayesian` | methods |", "|---|---|---|---|"]
    specs = unitune.backends()
    for name in ORDER:
        spec = specs[name]
        library = f"{spec.distribution} {spec.tested}" if spec.distribution else "none"
        methods = ", ".join(_marked(method) for method in spec.methods)
        lines.append(f"| `{name}` | {library} | {_code(spec.flagship)} | {methods} |")
    return "\n".join(lines)


def methods_table() -> str:
    """Return the table of what each method does and takes natively, in Markdown."""
    lines = ["| method | about | takes natively |", "|---|---|---|"]
    specs = unitune.backends()
    lines += [
        f"| `{name}:{method.name}` | {_about(specs[name], method)} | {_takes(method)} |"
        for name in ORDER
        for method in specs[name].methods
    ]
    return "\n".join(lines)


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


def _takes(method: Method) -> str:
    return ", ".join(sorted(method.takes))


def _code(text: str | None) -> str:
    return f"`{text}`" if text else "–"


PLACES = {
    "README.md": {"backends": backends_table},
    "docs/backends.md": {"methods": methods_table},
}


def updated(text: str, marker: str, table: str) -> str:
    """Return a document with the lines between two markers replaced."""
    start, stop = f"<!-- {marker} -->", f"<!-- end of {marker} -->"
    before, rest = text.split(start)
    after = rest.split(stop)[1]
    return f"{before}{start}\n{table}\n{stop}{after}"


def main() -> int:
    """Write or check every table."""
    stale = []
    for name, tables in PLACES.items():
        path = ROOT / name
        old = new = path.read_text(encoding="utf-8")
        for marker, table in tables.items():
            new = updated(new, marker, table())
        if new != old:
            stale.append(name)
            if "--check" not in sys.argv:
                path.write_text(new, encoding="utf-8")
    if stale:
        print(f"{'Out of date' if '--check' in sys.argv else 'Written'}: {', '.join(stale)}")
    return int(bool(stale) and "--check" in sys.argv)


if __name__ == "__main__":
    sys.exit(main())
