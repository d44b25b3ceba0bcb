"""Contenders: a backend's method with its options, and under which name it takes part."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Any

from unitune.capabilities import BackendSpec, Method
from unitune.errors import OptionError
from unitune.plugins import find_backend, find_method, missing
from unitune.preparation import split
from unitune.scheduling import pair

# What every other contender is measured against.
BASELINE = "builtin:random"
# Methods that lay out all of their trials in advance: a shared initial design would be no part of
# theirs, and would only eat their budget.
DESIGNED = frozenset({"grid", "qmc"})

# name=backend:method(option=value, …)+scheduler(option=value, …); all but the backend may be absent
_PART = r"(?P<{0}>[\w.:-]+)(\((?P<{0}_options>.*?)\))?"
_FORM = re.compile(
    rf"((?P<name>[^=()+]+)=)?{_PART.format('who')}(\+{_PART.format('scheduler')})?", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Contender:
    """One method taking part in a comparison.

    Args:
        name: what reports call it; each contender of a comparison has its own.
        backend: the backend.
        method: the method; 'bayesian' is the backend's flagship.
        options: of the method, as the library names them.
        scheduler: who stops trials early; None for nobody.
        scheduler_options: of the scheduler.

    Example:
        >>> Contender("optuna:tpe", "optuna", method="tpe").scheduled
        False
    """

    name: str
    backend: str
    _: KW_ONLY
    method: str = "bayesian"
    options: Mapping[str, Any] = field(default_factory=dict)
    scheduler: str | None = None
    scheduler_options: Mapping[str, Any] = field(default_factory=dict)

    def find(self) -> tuple[BackendSpec, Method, str | None]:
        """Return the records of its backend and method, and its scheduler; imports no library.

        Raises:
            UnknownNameError, PluginError: see `unitune.plugins`.
            OptionError: method and scheduler do not go together.
        """
        spec = find_backend(self.backend)
        method, scheduler = pair(spec, self.method, self.scheduler)
        return spec, find_method(spec, method), scheduler

    @property
    def scheduled(self) -> bool:
        """Whether its trials may be stopped early."""
        return self.find()[2] is not None

    @property
    def designed(self) -> bool:
        """Whether all of its trials are laid out in advance."""
        return self.find()[1].name in DESIGNED

    def lack(self) -> str | None:
        """Return a sentence on what it needs and is not installed, or None."""
        spec, method, _ = self.find()
        return missing(spec, method)


def as_contender(given: str | Contender) -> Contender:
    """Return what is given as a `Contender`.

    Args:
        given: a contender, or a text like 'optuna:tpe', 'optuna:tpe(multivariate=true)',
            'hyperopt:tpe+asha(eta=4)' or 'mine=skopt:gp(acq_func="EI")'. Values are JSON, or else
            the text itself.

    Raises:
        OptionError: the text does not have that form.

    Example:
        >>> as_contender("mine=optuna:tpe(n_startup_trials=5)").options
        {'n_startup_trials': 5}
    """
    if isinstance(given, Contender):
        return given
    found = _FORM.fullmatch(given.strip()) if isinstance(given, str) else None
    if found is None:
        raise OptionError(
            f"The contender {given!r} is not of the form backend:method, "
            f"backend:method(option=value, …) or name=backend:method+scheduler(option=value, …)."
        )
    backend, method = split(found["who"])
    return Contender(
        (found["name"] or given).strip(),
        backend,
        method=method,
        options=_options(found["who_options"]),
        scheduler=found["scheduler"],
        scheduler_options=_options(found["scheduler_options"]),
    )


def read_contenders(
    given: Iterable[str | Contender] | str | Contender, *, with_baseline: bool = True
) -> list[Contender]:
    """Return contenders, the baseline among them, each with a name of its own.

    A single text may hold several, separated by commas. The baseline joins under its own name, by
    which measures know it, also where random search takes part under another one.

    Raises:
        OptionError: there is none, two have one name, or one has the baseline's.

    Example:
        >>> [c.name for c in read_contenders("optuna:tpe(multivariate=true,seed=1), skopt:gp")]
        ['optuna:tpe(multivariate=true,seed=1)', 'skopt:gp', 'builtin:random']
    """
    if isinstance(given, str):
        given = separate(given)
    elif isinstance(given, Contender):
        given = [given]
    if not isinstance(given, Iterable):
        raise OptionError(
            f"contenders={given!r}: give names like 'optuna:tpe', or Contender records."
        )
    contenders = [as_contender(one) for one in given]
    if not contenders:
        raise OptionError("A comparison needs at least one contender and one seed.")
    if with_baseline and not any(map(is_baseline, contenders)):
        contenders.append(as_contender(BASELINE))
    names = [contender.name for contender in contenders]
    for contender in contenders:
        name = contender.name
        if name == BASELINE and not is_baseline(contender):
            raise OptionError(
                f"The name {BASELINE!r} is that of plain random search, which all others are "
                f"measured against; give this contender another name."
            )
        if names.count(name) > 1:
            raise OptionError(
                f"Two contenders are named {name!r}; name them apart, as in 'other={name}'."
            )
    return contenders


def separate(text: str) -> list[str]:
    """Split a text at the commas outside brackets and quotes.

    Example:
        >>> separate("a(x=1,y=[2,3]), b")
        ['a(x=1,y=[2,3])', 'b']
    """
    parts, depth, quoted = [""], 0, False
    for sign in text:
        quoted ^= sign == '"'
        depth += 0 if quoted else (sign in "([{") - (sign in ")]}")
        if sign == "," and depth == 0 and not quoted:
            parts.append("")
        else:
            parts[-1] += sign
    return [part.strip() for part in parts if part.strip()]


def is_baseline(contender: Contender) -> bool:
    """Return whether a contender is plain random search of unitune's own, under its own name."""
    given = contender.options or contender.scheduler or contender.scheduler_options
    own = f"{contender.backend}:{contender.method}" == contender.name == BASELINE
    return own and not given


def _options(text: str | None) -> dict[str, Any]:
    options: dict[str, Any] = {}
    for given in separate(text or ""):
        name, equals, value = given.partition("=")
        if not equals or not name.strip():
            raise OptionError(f"The option {given!r} is not of the form name=value.")
        try:
            options[name.strip()] = json.loads(value)
        except json.JSONDecodeError:
            options[name.strip()] = value.strip()
    return options
