"""Writing a plugin's package from the templates beside this module."""

from __future__ import annotations

import re
from importlib import resources, util
from pathlib import Path
from string import Template

import unitune
from unitune.errors import OptionError
from unitune.hookspecs import CONTRACT
from unitune.installed import installed
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
        OptionError: the name cannot be used, or the folder is there already or cannot be made.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     sorted(path.name for path in write_plugin("mine", Path(folder)).iterdir())
        ['.github', '.gitignore', 'README.md', 'pyproject.toml', 'src', 'tests']
    """
    _check(name)
    words = _words(name)
    _check_taken(name, words["package"])
    folder = into / words["distribution"]
    try:
        _write(folder, words)
    except FileExistsError:
        raise OptionError(
            f"{folder} is there already; nothing was written. Move it away first."
        ) from None
    except OSError as error:
        raise OptionError(
            f"{folder} cannot be written: {error.strerror}. Choose another name or --into."
        ) from error
    return folder


def _write(folder: Path, words: dict[str, str]) -> None:
    folder.mkdir(parents=True)
    templates = resources.files("unitune.scaffold") / "templates"
    for source, target in FILES.items():
        text = Template((templates / f"{source}.template").read_text(encoding="utf-8"))
        path = folder / Template(target).substitute(words)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.substitute(words), encoding="utf-8")


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
    if FORM.fullmatch(name) is None:
        raise OptionError(
            f"A backend cannot be called {name!r}: begin with a small letter, and use small "
            f"letters, digits, and single hyphens or underscores between them, as in 'my-tuner'."
        )


def _check_taken(name: str, package: str) -> None:
    known = discover()
    if name in known:
        raise OptionError(
            f"There is a backend {name!r} already (from {known[name].origin}): two of one name "
            f"cannot be used side by side. Choose another name."
        )
    for plugin in installed():
        if plugin.name == name:
            raise OptionError(
                f"There is a plugin {plugin.title} already, and users could not tell the two apart "
                f"where they switch plugins off. Choose another name."
            )
    if util.find_spec(package) is not None:
        raise OptionError(
            f"There is a package {package!r} already, whose files this one would replace when it "
            f"is installed. Choose another name."
        )
