"""Reading a Hyperopt search space: labels become names, branches conditions."""

from __future__ import annotations

import dataclasses
import math
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from unitune.errors import MissingLibraryError, SpaceError, UnituneWarning
from unitune.space import Categorical, Const, Parameter, Space
from unitune.space.sameness import same

try:
    from hyperopt.pyll import Apply, Literal, as_apply, dfs, rec_eval

    from unitune_hyperopt.laws import options as count_options
    from unitune_hyperopt.laws import parameter
except ImportError as error:
    raise MissingLibraryError(
        "Space.from_hyperopt needs hyperopt, which is not installed; run "
        "pip install 'unitune[hyperopt]'."
    ) from error

# One way down the tree: which option each choice on it takes.
Path = Mapping[str, int]


def read_space(native: Any) -> Space:
    """Return the space that a Hyperopt expression describes.

    Configs are flat: one value by label, where Hyperopt would nest them as the expression does.
    A choice among constants has these very constants for values (lists become tuples, as in
    Hyperopt). Where options hold further labels, each option is named by its constants: by the
    only one, as ``{"type": "svm", "C": hp.uniform("C", 0, 1)}`` by 'svm'; by the option without
    its labels, where there are several; by its labels, where there are none. What an option
    holds becomes conditional on it. A constant outside all choices becomes a `Const` named by
    its keys.

    Args:
        native: an `hp.*` expression, or dicts and lists of them.

    Raises:
        SpaceError: the expression holds something that unitune has no parameter for.

    Example:
        >>> from hyperopt import hp
        >>> read_space({"model": hp.choice("model", [
        ...     {"type": "svm", "C": hp.uniform("C", 0, 1)}, {"type": "bayes"}])})
        Space({
            'model': Categorical(('svm', 'bayes')),
            'C': Float(0.0, 1.0, when={'model': 'svm'}),
        })
    """
    reader = _Reader()
    reader.read(native, ())
    if not reader.found:
        raise SpaceError(f"There is no hp.* expression in {native!r:.80}.")
    parameters = reader.parameters()
    for remark in reader.remarks:
        warnings.warn(remark, UnituneWarning, stacklevel=4)  # the caller of Space.from_hyperopt
    return Space(parameters)


@dataclass
class _Found:
    """What the walk learns of a label."""

    draw: Apply
    whole: bool
    values: tuple[Any, ...] | None = None
    paths: list[Path] = field(default_factory=list)


class _Reader:
    """Walks through an expression and gathers its labels, with the ways that lead to them."""

    def __init__(self) -> None:
        self.found: dict[str, _Found] = {}
        self.constants: dict[str, Const] = {}
        self.remarks: list[str] = []

    def read(self, native: Any, keys: tuple[str, ...]) -> None:
        """Read dicts and lists outside all choices, in the user's order."""
        if isinstance(native, Apply) and native.name == "dict" and not native.pos_args:
            native = dict(native.named_args)
        elif isinstance(native, Apply) and native.name == "pos_args":
            native = native.pos_args
        if isinstance(native, Mapping):
            entries = list(native.items())
        elif isinstance(native, list | tuple):
            entries = list(enumerate(native))
        elif _labels(as_apply(native)):
            self._walk(as_apply(native), {})
            return
        else:
            self.constants["/".join(keys)] = Const(_value(as_apply(native)))
            return
        for key, entry in entries:
            self.read(entry, (*keys, str(key)))

    def parameters(self) -> dict[str, Parameter]:
        """Return what was found as parameters with conditions."""
        for name in self.constants:
            if name in self.found:
                raise SpaceError(f"{name!r} names a constant and a label; rename one of them.")
        clauses = {label: _clauses(label, found.paths) for label, found in self.found.items()}
        parameters: dict[str, Parameter] = dict(self.constants)
        for label, found in self.found.items():
            own = self._parameter(label, found)
            when = {
                parent: [self._values(parent)[i] for i in sorted(options)]
                for parent, options in clauses[label].items()
                if not _implied(parent, options, clauses[label], clauses)
            }
            changed: Any = dataclasses.replace(own, when=when or None)  # type: ignore[type-var]
            parameters[label] = changed
        return parameters

    def _values(self, parent: str) -> tuple[Any, ...]:
        return self.found[parent].values or ()

    def _parameter(self, label: str, found: _Found) -> Parameter:
        if found.values is not None:
            return Categorical(found.values)
        own, remark = parameter(label, found.draw, whole=found.whole)
        self.remarks += [remark] if remark else []
        return own

    def _walk(self, node: Apply, path: Path) -> None:
        bare, whole = _without_casts(node)
        if bare.name == "hyperopt_param":
            self._note(bare, path, whole=whole)
        elif node.name == "switch":
            self._choice(node, path)
        elif node.name in ("dict", "pos_args"):
            for entry in node.inputs():
                self._walk(entry, path)
        elif _labels(node):
            raise SpaceError(
                f"The space computes {node.name!r} of {', '.join(map(repr, _labels(node)))}; "
                f"unitune takes labels as they are drawn. Compute it in the objective."
            )

    def _note(self, node: Apply, path: Path, *, whole: bool) -> _Found:
        label, draw = node.arg["label"].obj, node.arg["obj"]
        found = self.found.setdefault(label, _Found(draw, whole))
        if found.draw is not draw or found.whole != whole:
            raise SpaceError(f"The label {label!r} stands for two things; rename one of them.")
        found.paths.append(path)
        return found

    def _choice(self, node: Apply, path: Path) -> None:
        index, *options = node.pos_args
        if index.name != "hyperopt_param":
            raise SpaceError(
                f"The space switches on {index.name!r}, not on a choice of its own; use hp.choice."
            )
        found = self._note(index, path, whole=False)
        label = index.arg["label"].obj
        if count_options(label, found.draw) != len(options):
            raise SpaceError(f"The choice {label!r} draws an index that its options do not match.")
        # Several switches may share one index: then the one that names all options tells most.
        if found.values is None or not any(map(_labels, options)):
            found.values = _option_values(options)
        for i, option in enumerate(options):
            if path.get(label, i) == i:
                self._walk(option, {**path, label: i})


def _clauses(label: str, paths: list[Path]) -> dict[str, set[int]]:
    """Return, for each choice above a label, the options that lead to it.

    Raises:
        SpaceError: the ways to the label are not those of choices that must all agree.
    """
    if {} in paths:
        return {}
    ways = [path for i, path in enumerate(paths) if path not in paths[:i]]
    options = {parent: {way[parent] for way in ways if parent in way} for parent in ways[0]}
    if any(way.keys() != ways[0].keys() for way in ways) or len(ways) != math.prod(
        map(len, options.values())
    ):
        raise SpaceError(
            f"Parameter {label!r} is there on several ways through the choices "
            f"{', '.join(map(repr, {parent: 0 for way in ways for parent in way}))} that no set "
            f"of conditions describes; give it a label of its own on each way."
        )
    return options


def _implied(
    parent: str,
    options: set[int],
    clauses: Mapping[str, set[int]],
    all_clauses: Mapping[str, Mapping[str, set[int]]],
) -> bool:
    """Return whether another choice above is itself there only for these options."""
    return any(
        all_clauses[other].get(parent, options | {-1}) <= options
        for other in clauses
        if other != parent
    )


def _without_casts(node: Apply) -> tuple[Apply, bool]:
    whole = False
    while node.name in ("int", "float"):
        whole = whole or node.name == "int"
        [node] = node.inputs()
    return node, whole


def _option_values(options: list[Apply]) -> tuple[Any, ...]:
    if not any(map(_labels, options)):
        return tuple(map(_value, options))
    values = [_option_value(option) for option in options]
    for i, option in enumerate(options):
        if _labels(option) and any(same(values[i], v) for v in values[:i] + values[i + 1 :]):
            return tuple("+".join(_labels(o)) if _labels(o) else _value(o) for o in options)
    return tuple(values)


def _option_value(option: Apply) -> Any:
    rest, constants = _pruned(option)
    if len(constants) == 1:
        return constants[0]
    return rest if constants or not _labels(option) else "+".join(_labels(option))


def _pruned(node: Apply) -> tuple[Any, list[Any]]:
    """Return a node's constants in their structure, without the labels, and as a list."""
    if node.name == "dict" and not node.pos_args:
        named = {key: _pruned(entry) for key, entry in node.named_args}
        kept = {key: rest for key, (rest, constants) in named.items() if constants}
        return kept, [constant for _, constants in named.values() for constant in constants]
    if node.name == "pos_args":
        listed = [_pruned(entry) for entry in node.pos_args]
        rests = tuple(rest for rest, constants in listed if constants)
        return rests, [constant for _, constants in listed for constant in constants]
    return (None, []) if _labels(node) else (_value(node), [_value(node)])


def _labels(node: Apply) -> list[str]:
    return [n.arg["label"].obj for n in dfs(node) if n.name == "hyperopt_param"]


def _value(node: Apply) -> Any:
    if isinstance(node, Literal):
        return node.obj
    return rec_eval(node, print_node_on_error=False)
