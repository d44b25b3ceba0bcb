"""unitune: one search space and one objective for every tuning library.

Names are loaded when they are first used, so that `import unitune` costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from unitune.api import backends, run, translate
    from unitune.comparison import Comparison, compare
    from unitune.errors import Infeasible, UnituneError, UnituneWarning
    from unitune.handle import Stop
    from unitune.result import Result
    from unitune.space import Bool, Categorical, Const, Float, Int, Space
    from unitune.translation import Translation
    from unitune.trial import State, Trial

__version__ = "0.1.0"

_HOMES = {
    "Bool": "space",
    "Categorical": "space",
    "Comparison": "comparison",
    "Const": "space",
    "Float": "space",
    "Infeasible": "errors",
    "Int": "space",
    "Result": "result",
    "Space": "space",
    "State": "trial",
    "Stop": "handle",
    "Translation": "translation",
    "Trial": "trial",
    "UnituneError": "errors",
    "UnituneWarning": "errors",
    "backends": "api",
    "compare": "comparison",
    "run": "api",
    "translate": "api",
}

__all__ = [
    "Bool",
    "Categorical",
    "Comparison",
    "Const",
    "Float",
    "Infeasible",
    "Int",
    "Result",
    "Space",
    "State",
    "Stop",
    "Translation",
    "Trial",
    "UnituneError",
    "UnituneWarning",
    "backends",
    "compare",
    "run",
    "translate",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    value = getattr(importlib.import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
