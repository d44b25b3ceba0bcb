"""The parameters a space is made of: Float, Int, Categorical, Bool, Const.

Each is a frozen record. It is checked when a `Space` takes it, because only the space knows the
name that an error has to mention.
"""

from __future__ import annotations

from unitune.space.discrete import Bool, Categorical, Const
from unitune.space.numeric import Float, Int
from unitune.space.record import Parameter

PARAMETERS: tuple[type, ...] = (Float, Int, Categorical, Bool, Const)

__all__ = ["PARAMETERS", "Bool", "Categorical", "Const", "Float", "Int", "Parameter"]
