"""Writing a plugin's package from the templates beside this module."""

from __future__ import annotations

import keyword
import re
from importlib import resources
from pathlib import Path
from string import Template

import unitune
from unitune.errors import OptionError
from unitune.hookspecs import CONTRACT
from unitune.plugins import discover

# Where each template goes in the package.
FILES = {
    "pyproject.toml": "pyproject.toml",
    "readme.md": "README.md",
    "gitignore": ".gitignore",
    "workflow.yml": ".github/workflows/tests.yml",
    "init.py": "src/$package/__init__.py",
    "plugin.py": "src/$package/plugin.py",
    "study.py": "src/$package/study.py",
    "search.py": "src/$package/search.py",
    "tests.py": "tests/test_$module.py",
}
FORM = re.compile(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*")


def write_plugin(name: str, into: Path) -> Path:
    """Write the package of a plugin that brings a backend, with a small search of its own.

    Args:
        name: the backend's name; the distribution is called unitune-NAME.
        into: the directory in which the package's folder is made.

    Returns:
        the folder.

    Raises:
        OptionError: the name cannot be used, or the folder is there already.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     sorted(path.name for path in write_plugin("mine", Path(folder)).iterdir())
        ['.github', '.gitignore', 'README.md', 'pyproject.toml', 'src', 'tests']
    """
    _check(name)
    words = _words(name)
    folder = into / words["distribution"]
    if folder.exists():
        raise OptionError(f"{folder} is there already; nothing was written. Move it away first.")
    templates = resources.files("unitune.scaffold") / "templates"
    for source, target in FILES.items():
        text = Template((templates / f"{source}.template").read_text(encoding="utf-8"))
        path = folder / Template(target).substitute(words)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.substitute(words), encoding="utf-8")
    return folder


def _words(name: str) -> dict[str, str]:
    parts = re.split("[-_]", name)
    module = "_".join(parts)
    release = ".".join(unitune.__version__.split(".")[:2])
    return {
        "name": name,
        "module": module,
        "title": "".join(part.capitalize() for part in parts),
        "package": f"unitune_{module}",
        "distribution": f"unitune-{'-'.join(parts)}",
        "release": release,
        "contract": str(CONTRACT),
    }


def _check(name: str) -> None:
    if FORM.fullmatch(name) is None or keyword.iskeyword(name):
        raise OptionError(
            f"A backend cannot be called {name!r}: use small letters, digits, and single hyphens "
            f"between them, as in 'my-tuner'."
        )
    known = discover()
    if name in known:
        raise OptionError(
            f"There is a backend {name!r} already (from {known[name].origin}): two of one name "
            f"cannot be used side by side. Choose another name."
        )
