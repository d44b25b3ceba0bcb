"""From names to a backend ready to run: found, loaded, given its translation of the space."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass
from typing import Any

from unitune.backend import Problem, Service, Study
from unitune.capabilities import BackendSpec, Method
from unitune.composition import ComposedStudy
from unitune.errors import OptionError, TranslationError
from unitune.plugins import find_backend, find_method, load
from unitune.scheduling import pair
from unitune.space import Config, Space
from unitune.translation import Translation, lower_space


@dataclass(frozen=True, slots=True)
class Plan:
    """A backend that has everything but an open study.

    Attributes:
        spec: the backend.
        method: the method.
        translation: the space as the run sees it.
        through: 'backend:method' whose proposals are used, for a composed run.
    """

    spec: BackendSpec
    method: Method
    _: KW_ONLY
    translation: Translation
    through: str | None
    _open: Callable[[Problem], Study | Service]

    def open(self, initial: tuple[Config, ...] = (), **settings: Any) -> Study | Service:
        """Open the study, or prepare the service, with the settings of `Problem`."""
        raw = tuple(self.translation.lower(config) for config in initial)
        return self._open(Problem(self.translation, self.method, initial=raw, **settings))


def plan(space: Space, backend: str, method: str, options: Mapping[str, Any]) -> Plan:
    """Find a backend and a method and translate the space for them.

    Raises:
        UnknownNameError, PluginError, MissingLibraryError: see `unitune.plugins`.
        TranslationError: the method cannot take the space.
    """
    spec = find_backend(backend)
    chosen = find_method(spec, pair(spec, method, None)[0])
    target = load(spec, chosen)
    through = proposer(spec, chosen, space, options)
    if spec.contract == "service" and through is not None:
        return _service_through(spec, chosen, target, space, through)
    translation = translated(space, spec, chosen, target)
    if through is None:
        return Plan(spec, chosen, translation=translation, through=None, _open=target.open)
    inner = plan(space, *split(through), {})

    def open_composed(problem: Problem) -> Study:
        proposing = dataclasses.replace(
            problem, translation=inner.translation, method=inner.method, initial=()
        )
        asked: Any = inner._open(proposing)
        host = target.open(dataclasses.replace(problem, options={}))
        return ComposedStudy(asked, inner.translation, host, translation)

    return Plan(spec, chosen, translation=translation, through=through, _open=open_composed)


def translated(space: Space, spec: BackendSpec, method: Method, target: Any) -> Translation:
    """Return the translation with the library's own objects in it."""
    translation = lower_space(space, spec.name, method)
    translation.require()
    if not translation.steps:
        raise TranslationError(
            "There is nothing to search: every parameter of the space is a constant, or a choice "
            "of one. Add a parameter with several values, or call the objective by hand."
        )
    return dataclasses.replace(translation, natives=dict(target.native_space(translation)))


def split(contender: str) -> tuple[str, str]:
    """Return the backend and the method of 'backend:method'; 'bayesian' where none is named.

    Example:
        >>> split("optuna:tpe"), split("skopt")
        (('optuna', 'tpe'), ('skopt', 'bayesian'))
    """
    backend, _, method = contender.partition(":")
    return backend, method or "bayesian"


def proposer(
    spec: BackendSpec, method: Method, space: Space, options: Mapping[str, Any]
) -> str | None:
    """Return the 'backend:method' that proposes in place of a method; None where it does itself."""
    if spec.contract == "service" and "searcher" in options:
        return str(options["searcher"])
    features = {"constraint"} if space.constraints else set()
    if any(space.conditions.values()):
        features.add("conditional")
    return method.through if method.composed or features & method.through_for else None


def _service_through(
    spec: BackendSpec, method: Method, target: Any, space: Space, through: str
) -> Plan:
    """A service whose proposals come from a study: it evaluates that study's raw configs."""
    inner = plan(space, *split(through), {})
    if inner.spec.contract != "study":
        raise OptionError(
            f"Backend {spec.name!r} takes proposals from an ask-and-tell backend; {through!r} is "
            f"none. Name another one, such as 'optuna:tpe'."
        )

    def open_service(problem: Problem) -> Service:
        options = dict(problem.options)
        options.pop("searcher", None)
        asked = dataclasses.replace(
            problem,
            method=inner.method,
            options=options.pop("searcher_options", {}),
            initial=(),
            scheduler=None,
            steered=problem.steered or problem.scheduler is not None,
        )
        study: Any = inner._open(asked)
        service: Service = target.open(
            dataclasses.replace(
                problem, options=options, proposer=study, partial=inner.spec.partial
            )
        )
        return service

    return Plan(spec, method, translation=inner.translation, through=through, _open=open_service)
