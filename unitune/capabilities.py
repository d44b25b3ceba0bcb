"""What a backend says of itself: records that can be listed without importing its library."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Literal

# What a method may declare that it takes natively, with unitune's meaning. Whatever it does not
# declare, the core rewrites into what it does.
Kind = Literal[
    "float/linear",
    "float/log",
    "float/reverse_log",
    "float/step",
    "int/linear",
    "int/log",
    "int/step",
    "categorical/text",  # choices that are all strings
    "categorical/plain",  # choices that are None, bool, int, float or str, all distinct under ==
    "categorical/any",  # choices of any kind: the library sees an index only
    "ordinal",
    "conditional",  # conditions on parents of any kind
    "conditional/choice",  # conditions on parents that the library itself draws as choices
    "constraint",  # refused configs are never proposed
]

# What a space may have that makes a method hand over to another one, see `Method.through_for`.
Feature = Literal["conditional", "constraint"]

# What of a run's settings an executor may take.
Setting = Literal["workers", "trial_timeout", "trial_memory"]


@dataclass(frozen=True, slots=True)
class Method:
    """One way in which a backend proposes configs.

    Args:
        name: what users call it.
        takes: the kinds it takes natively.
        about: one line for listings.
        largest: how far from zero a number on a linear scale may go to be taken natively.
        most_values: how many values an integer or a number with steps may have for it.
        learns: whether results change what it proposes.
        reproducible: whether a seed fixes its proposals.
        unordered: whether the order in which trials under way are told changes no proposal, as
            with every method that does not learn.
        composed: whether unitune builds it from parts because the library has none of its own.
        through: 'backend:method' whose proposals are used, for a composed method, and for the
            spaces named in `through_for` otherwise.
        through_for: what a space must have for a native method to be composed instead.
        needs: importable modules beyond the library itself, such as 'torch'.
        extra: the unitune extra that installs them.
    """

    name: str
    takes: frozenset[Kind]
    _: KW_ONLY
    about: str = ""
    largest: float = math.inf
    most_values: float = math.inf
    learns: bool = True
    reproducible: bool = True
    unordered: bool = False
    composed: bool = False
    through: str | None = None
    through_for: frozenset[Feature] = frozenset()
    needs: tuple[str, ...] = ()
    extra: str | None = None


@dataclass(frozen=True, slots=True)
class SchedulerSpec:
    """A rule by which trials are stopped early, as it is listed.

    Args:
        name: what users call it.
        target: 'package.module:Class' of its `unitune.schedulers.Scheduler`; empty for one that a
            backend brings along in its library.
        about: one line for listings.
        resource: whether it needs `resource=(least, most)`.
        pauses: whether it pauses trials and goes on with the best of them.
        extra: the unitune extra that installs what it needs beyond the library itself.
        needs: importable modules that it needs beyond the library itself.
        methods: the methods of its backend that it goes with, as long as they propose by
            themselves; empty for all.
        plan: for one of a library: the scheduler of unitune's of the same rule, whose rungs are
            those to show beside what it did; empty where it has none.
        means: which of its options are options of `plan`, by their names there; `eta` is one.
    """

    name: str
    target: str = ""
    _: KW_ONLY
    about: str = ""
    resource: bool = False
    pauses: bool = False
    methods: tuple[str, ...] = ()
    extra: str | None = None
    needs: tuple[str, ...] = ()
    plan: str = ""
    means: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ExecutorSpec:
    """A place where trials run, as it is listed.

    Args:
        name: what users call it.
        target: 'package.module:Class' of its `unitune.executors.Executor`. All that it is called
            with comes by keyword: `evaluate`, which evaluates a job, `on_report`, which takes
            reports, those settings that it `takes`, and the user's `executor_options`.
        takes: the settings of a run that it keeps to; without 'workers', it runs one trial at a
            time.
        distribution: the library that it runs on, by its name on the package index.
        module: the module whose presence shows that it is installed.
        requires: the versions that work, as in '>=5.0,<6'.
        extra: the unitune extra that installs it; None where unitune has none.
        about: one line for listings.
        advice: a sentence for who asks for what it does not take.
    """

    name: str
    target: str
    _: KW_ONLY
    takes: frozenset[Setting] = frozenset({"workers"})
    distribution: str | None = None
    module: str | None = None
    requires: str = ""
    extra: str | None = None
    about: str = ""
    advice: str = ""


@dataclass(frozen=True, slots=True)
class CallbackSpec:
    """A callback that a run can be given by name, as it is listed.

    Args:
        name: what users call it.
        target: 'package.module:name' of a class or function. It is called once for each run,
            without arguments, and returns what is called as `callback(trial, run)` after every
            trial; if that has a method `close`, it is called once when the run is over.
        about: one line for listings.
    """

    name: str
    target: str
    _: KW_ONLY
    about: str = ""


@dataclass(frozen=True, slots=True)
class CommandSpec:
    """A command of `unitune` on the command line, as it is listed.

    Args:
        name: what users type after `unitune`.
        target: 'package.module:name' of its `click.Command`, imported when it is used.
        help: one line for `unitune --help`.
    """

    name: str
    target: str
    _: KW_ONLY
    help: str = ""


@dataclass(frozen=True, slots=True)
class BackendSpec:
    """A backend as it is listed: nothing here needs the wrapped library.

    Args:
        name: what users call it.
        target: 'package.module:Class' of its `Study` or `Service`, imported when one is opened.
        methods: its methods.
        flagship: the method that `bayesian`, the default, means here. Where it is None, the only
            method is the default; of several, users must name one.
        contract: 'study' (ask and tell) or 'service' (the library owns the loop).
        distribution: the wrapped library's name on the package index; None for none.
        module: the module whose presence shows that it is installed.
        requires: the versions that work, as in '>=5.0,<6'.
        tested: the version that unitune's own tests ran on.
        extra: the unitune extra that installs it; None where unitune has none.
        about: one line for listings.
        aliases: further names of methods.
        schedulers: those of the library itself.
        partial: whether the library itself tells the value of a trial that was stopped early from
            that of a complete one; if not, it is never told a better one than the worst of these.
    """

    name: str
    target: str
    _: KW_ONLY
    methods: tuple[Method, ...]
    flagship: str | None = None
    contract: Literal["study", "service"] = "study"
    distribution: str | None = None
    module: str | None = None
    requires: str = ""
    tested: str = ""
    extra: str | None = None
    about: str = ""
    aliases: Mapping[str, str] = field(default_factory=dict)
    schedulers: tuple[SchedulerSpec, ...] = ()
    partial: bool = False

    def method_names(self) -> list[str]:
        """Return the names of its methods, in the order declared."""
        return [method.name for method in self.methods]
