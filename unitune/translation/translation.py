"""A space rewritten for one method of one backend, and the way back for its configs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Any, Literal

from unitune.capabilities import Method
from unitune.errors import BackendError, TranslationError
from unitune.space import Config, Const, Parameter, Space
from unitune.space.parameters import Categorical
from unitune.translation.lowering import lowerings
from unitune.translation.steps import Raw, Step, Target

Status = Literal["native", "lowered", "refused"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one parameter (or of the constraints) on its way to a backend."""

    name: str
    status: Status
    how: str = ""


@dataclass(frozen=True, slots=True)
class Translation:
    """How a space reaches a backend.

    Attributes:
        space: the user's space.
        backend: the backend's name.
        method: the method's name.
        steps: the rewriting of each parameter that the backend is given.
        gated: those of them that the backend itself leaves out where their condition fails.
        verdicts: native, lowered or refused, parameter by parameter, and how.
        natives: the library's own object for each parameter.

    Example:
        >>> import unitune
        >>> space = unitune.Space({"x": unitune.Float(0, 1), "n": unitune.Int(1, 8, scale="log")})
        >>> translation = unitune.translate(space, "builtin", "random")
        >>> translation.lower({"x": 0.25, "n": 4})
        {'x': 0.25, 'n': 4}
    """

    space: Space
    backend: str
    method: str
    _: KW_ONLY
    steps: Mapping[str, Step]
    gated: frozenset[str]
    verdicts: tuple[Verdict, ...]
    natives: Mapping[str, Any] = field(default_factory=dict)

    @property
    def targets(self) -> dict[str, Target]:
        """The parameter that the backend is given for each of the user's, constants left out."""
        return {name: step.target for name, step in self.steps.items()}

    @property
    def refused(self) -> tuple[Verdict, ...]:
        """The parameters that the backend cannot take in any exact form."""
        return tuple(verdict for verdict in self.verdicts if verdict.status == "refused")

    def lift(self, values: Mapping[str, Raw]) -> Config:
        """Return the user's config for raw values.

        Raises:
            BackendError: a value is missing, of the wrong type, or out of bounds.
        """
        config: Config = {}
        for name, parameter in self.space.items():
            if not self.space.is_active(name, config):
                continue
            step = self.steps.get(name)
            if step is None:
                config[name] = parameter.quantile(0.0)
                continue
            try:
                config[name] = step.lift(values[name])
            except (BackendError, KeyError) as error:
                what = "left it out" if isinstance(error, KeyError) else str(error)
                raise BackendError(
                    f"Backend {self.backend!r} ({self.method}) broke its contract for parameter "
                    f"{name!r}: {what}."
                ) from None
        return config

    def lower(self, config: Mapping[str, Any]) -> dict[str, Raw]:
        """Return raw values for a config of the space.

        A parameter that is not there, and that the backend draws all the same, gets its median.
        """
        values: dict[str, Raw] = {}
        for name, step in self.steps.items():
            if name in config:
                values[name] = step.lower(config[name])
            elif name not in self.gated:
                values[name] = step.lower(self.space[name].quantile(0.5))
        return values

    def draw(self, suggest: Callable[[str], Raw]) -> dict[str, Raw]:
        """Ask for one raw value after another, leaving out what its condition rules out."""
        values: dict[str, Raw] = {}
        config: Config = {}
        for name, parameter in self.space.items():
            active = self.space.is_active(name, config)
            step = self.steps.get(name)
            if step is not None and (active or name not in self.gated):
                values[name] = suggest(name)
            if active:
                config[name] = parameter.quantile(0.0) if step is None else step.lift(values[name])
        return values

    def gates(self, name: str) -> dict[str, frozenset[int]]:
        """Return, for each choice that decides over a gated parameter, its indices that let it in.

        Only for methods that take 'conditional/choice'; eldest ancestor first.
        """
        return {
            parent: frozenset(int(self.steps[parent].lower(value)) for value in values)
            for parent, values in self.space.ancestries[name].items()
            if parent in self.steps and name in self.gated
        }

    def allows(self, values: Mapping[str, Raw]) -> bool:
        """Return whether a raw config satisfies the constraints of the space."""
        return self.space.broken_constraint(self.lift(values)) is None

    def require(self) -> None:
        """Raise TranslationError if any parameter was refused."""
        if self.refused:
            lines = "; ".join(f"{verdict.name!r} {verdict.how}" for verdict in self.refused)
            raise TranslationError(
                f"Backend {self.backend!r} with method {self.method!r} cannot take this space "
                f"without changing its meaning: {lines}. Use another method or backend."
            )

    def rows(self) -> list[tuple[str, str, str, str, str]]:
        """Return (name, definition, verdict, how, native object) for each verdict."""
        return [
            (
                verdict.name,
                repr(self.space[verdict.name]) if verdict.name in self.space else "",
                verdict.status,
                verdict.how,
                str(self.natives.get(verdict.name, "")).strip(),
            )
            for verdict in self.verdicts
        ]

    def __str__(self) -> str:
        from unitune.tables import render

        title = f"{self.backend}:{self.method}"
        return render(title, ("parameter", "definition", "verdict", "how", "native"), self.rows())


def lower_space(space: Space, backend: str, method: Method) -> Translation:
    """Rewrite a space into what a method takes natively; parameters it cannot take are refused."""
    steps: dict[str, Step] = {}
    verdicts: list[Verdict] = []
    gated: set[str] = set()
    for name, parameter in space.items():
        if isinstance(parameter, Const) or _single(parameter):
            verdicts.append(Verdict(name, "lowered", "constant, added by unitune"))
            continue
        tried = list(lowerings(parameter))
        taken = [step for kind, step in tried if kind in method.takes]
        step = next((step for step in taken if _fits(step.target, method)), None)
        if step is None:
            kinds = ", ".join(dict.fromkeys(kind for kind, _ in tried))
            why = "has too large a range for it" if taken else f"needs one of {kinds}"
            verdicts.append(Verdict(name, "refused", why))
            continue
        steps[name] = step
        how = [step.how] if step.how else []
        flat = False
        if space.conditions[name]:
            flat = not _gated(name, space, method, steps)
            if not flat:
                gated.add(name)
            else:
                needs = " and ".join(map(str, space.conditions[name]))
                how.append(f"always drawn, left out unless {needs}")
        status: Status = "lowered" if step.how or flat else "native"
        verdicts.append(Verdict(name, status, "; ".join(how)))
    for constraint in space.constraints:
        native = "constraint" in method.takes
        how_told = "" if native else "refused configs are told as infeasible and asked for anew"
        verdicts.append(Verdict(constraint.name, "native" if native else "lowered", how_told))
    return Translation(
        space,
        backend,
        method.name,
        steps=steps,
        gated=frozenset(gated),
        verdicts=tuple(verdicts),
    )


def _single(parameter: Parameter) -> bool:
    # Libraries refuse, or mistreat, a choice of one.
    return isinstance(parameter, Categorical) and len(parameter.choices) == 1


def _fits(target: Target, method: Method) -> bool:
    """Return whether a parameter is within the limits up to which a method takes its kind."""
    if isinstance(target, Categorical):
        return True
    if target.cells is not None and target.size > method.most_values:
        return False
    return target.scale != "linear" or max(-target.low, target.high) <= method.largest


def _gated(name: str, space: Space, method: Method, steps: Mapping[str, Step]) -> bool:
    if "conditional" in method.takes:
        return True
    parents = [parent for parent in space.ancestries[name] if parent in steps]
    choices = all(isinstance(steps[parent].target, Categorical) for parent in parents)
    return "conditional/choice" in method.takes and choices
