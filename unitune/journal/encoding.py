"""JSON for what events hold: floats exactly, and of everything else what can be kept."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

# JSON has no numbers for these; they are kept as {"$float": "nan"}.
_SPECIAL = ("nan", "inf", "-inf")
_MARK = '"$float"'

_read = json.JSONDecoder().decode


def _foreign(value: Any) -> Any:
    if isinstance(value, Mapping):
        return storable(value)
    # A scalar of numpy or torch is the Python number it holds.
    if getattr(value, "shape", None) == () and hasattr(value, "item"):
        return storable(value.item())
    return repr(value)


_write = json.JSONEncoder(allow_nan=False, separators=(",", ":"), default=_foreign).encode


def encode(data: Mapping[str, Any]) -> str:
    r"""Return JSON text; what JSON cannot hold becomes its repr, NaN and ±inf `{"$float": …}`.

    Example:
        >>> encode({"loss": 0.1, "gap": float("nan"), "net": object})
        '{"loss":0.1,"gap":{"$float":"nan"},"net":"<class \'object\'>"}'
    """
    try:
        return _write(data)
    except (ValueError, TypeError, RecursionError):
        return _write(storable(dict(data)))


def decode(text: str) -> Any:
    """Return the values of a text that `encode` wrote."""
    value = _read(text)
    return restored(value) if _MARK in text else value


def storable(value: Any, depth: int = 20) -> Any:
    """Return a value that `json` takes, down to a depth below which reprs have to do."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else {"$float": repr(float(value))}
    if depth and isinstance(value, Mapping):
        return {
            key if isinstance(key, str) else repr(key): storable(item, depth - 1)
            for key, item in value.items()
        }
    if depth and isinstance(value, list | tuple):
        return [storable(item, depth - 1) for item in value]
    return repr(value) if isinstance(value, Mapping | list | tuple) else _foreign(value)


def restored(value: Any) -> Any:
    """Return a value that JSON held, with its NaN and ±inf as floats again."""
    if isinstance(value, list):
        return [restored(item) for item in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"$float"} and value["$float"] in _SPECIAL:
        return float(value["$float"])
    return {key: restored(item) for key, item in value.items()}
