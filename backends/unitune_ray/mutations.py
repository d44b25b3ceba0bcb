"""What a population-based scheduler may change of a config, and how the outcome stays legal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ray.tune.search.sample import Domain
from ray.tune.utils import flatten_dict

from unitune.errors import OptionError, SpaceError, nearest
from unitune.space import Categorical, Float
from unitune.translation import Translation
from unitune_ray.domains import domain


class Exploration:
    """Makes the outcome of Ray's perturbation a config of the space.

    Ray multiplies numbers by a factor, and does not look at their bounds afterwards.

    Args:
        translation: of the space.
        explore: the user's own last word: takes a config and returns one.
    """

    def __init__(
        self, translation: Translation, explore: Callable[[dict[str, Any]], Any] | None
    ) -> None:
        if explore is not None and not callable(explore):
            raise OptionError(
                f"The option custom_explore_fn={explore!r}: give a function that takes a config "
                f"and returns one."
            )
        self._translation = translation
        self._explore = explore

    def __call__(self, perturbed: Mapping[str, Any]) -> dict[str, Any]:
        # PB2 turns a name with '/' into nested dicts.
        raw: dict[str, Any] = flatten_dict(dict(perturbed))
        for name, target in self._translation.targets.items():
            if isinstance(target, Float):
                raw[name] = min(max(float(raw[name]), target.low), target.high)
        if self._explore is None:
            return raw
        config = self._explore(self._translation.lift(raw))
        try:
            own = self._translation.space.coerce(config)
        except SpaceError as error:
            raise OptionError(f"custom_explore_fn returned {config!r}. {error}") from None
        return {**raw, **self._translation.lower(own)}


def read_mutations(translation: Translation, given: Any) -> dict[str, Any]:
    """Return what PBT may change, in Ray's form: a domain, or a list of raw values.

    Args:
        translation: of the space.
        given: the names of parameters; or for each of them a list of values, in whose order PBT
            goes up and down, or one of Ray's domains; None for the whole space.

    Raises:
        OptionError: it is none of these, or names what there is not to change.
    """
    names = _names(translation, "hyperparam_mutations", given)
    if not isinstance(given, Mapping):
        return {name: _mutation(translation, name) for name in names}
    return {name: _own_mutation(translation, name, given[name]) for name in names}


def read_bounds(translation: Translation, given: Any) -> dict[str, list[float]]:
    """Return the bounds within which PB2 chooses, in raw values.

    Args:
        translation: of the space.
        given: the names of parameters; or for each of them its (low, high); None for all numbers.

    Raises:
        OptionError: it is none of these, or there is no number.
    """
    names = _names(translation, "hyperparam_bounds", given)
    whole = {
        name: [target.low, target.high]
        for name, target in translation.targets.items()
        if isinstance(target, Float) and name in names
    }
    wrong = [name for name in names if name not in whole] if given is not None else []
    if wrong or not whole:
        what = f"parameter {wrong[0]!r} is none" if wrong else "the space has none"
        raise OptionError(f"Scheduler 'pb2' chooses numbers, and {what}. Use scheduler='pbt'.")
    nested = [name for name in whole if "/" in name]
    if nested:
        raise OptionError(
            f"Scheduler 'pb2' of Ray takes no parameter whose name holds a '/', such as "
            f"{nested[0]!r}. Rename it, or use scheduler='pbt'."
        )
    if not isinstance(given, Mapping):
        return whole
    return {name: _own_bounds(translation, name, given[name]) for name in names}


def _names(translation: Translation, option: str, given: Any) -> list[str]:
    if given is None:
        return list(translation.steps)
    if isinstance(given, str) or not isinstance(given, Mapping | list | tuple) or not given:
        raise OptionError(
            f"The option {option}={given!r}: give a list of parameters, or a dict of what each may "
            f"become."
        )
    for name in given:
        if name not in translation.steps:
            raise OptionError(
                f"The option {option} names {name!r}, and there is no such parameter that varies. "
                f"{nearest(str(name), translation.steps)}"
            )
    return list(given)


def _mutation(translation: Translation, name: str) -> Any:
    target = translation.targets[name]
    return list(range(len(target.choices))) if isinstance(target, Categorical) else domain(target)


def _own_mutation(translation: Translation, name: str, given: Any) -> Any:
    if isinstance(given, list | tuple) and given:
        return [_lowered(translation, "hyperparam_mutations", name, value) for value in given]
    native = any(v.name == name and v.status == "native" for v in translation.verdicts)
    if isinstance(given, Domain) and native and isinstance(translation.targets[name], Float):
        return given
    raise OptionError(
        f"The option hyperparam_mutations={{{name!r}: {given!r}}}: give a list of values, or one "
        f"of Ray's domains for a Float that Ray takes as it is."
    )


def _own_bounds(translation: Translation, name: str, given: Any) -> list[float]:
    if not isinstance(given, list | tuple) or len(given) != 2:
        raise OptionError(
            f"The option hyperparam_bounds={{{name!r}: {given!r}}}: give (low, high)."
        )
    return sorted(_lowered(translation, "hyperparam_bounds", name, value) for value in given)


def _lowered(translation: Translation, option: str, name: str, value: Any) -> Any:
    try:
        own = translation.space[name].coerce(value)
    except SpaceError as refusal:
        raise OptionError(f"The option {option}: parameter {name!r} {refusal}.") from None
    return translation.steps[name].lower(own)
