"""Search spaces: parameters on scales, conditions, constraints."""

from unitune.space.conditions import Condition
from unitune.space.parameters import Bool, Categorical, Const, Float, Int, Parameter
from unitune.space.search_space import Config, Space, as_space

__all__ = [
    "Bool",
    "Categorical",
    "Condition",
    "Config",
    "Const",
    "Float",
    "Int",
    "Parameter",
    "Space",
    "as_space",
]
