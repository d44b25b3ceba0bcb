"""Numbers and names as the report writes them, safe wherever they stand."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

LONGEST = 44
DASH = "–"
_MARKDOWN = re.compile(r"([\\`*_{}\[\]|~#$!])")


def one_line(text: object) -> str:
    r"""Return a text without line breaks and control characters.

    Example:
        >>> one_line("a\n b\t")
        'a b'
    """
    printable = "".join(c if c.isprintable() else " " for c in str(text))
    return " ".join(printable.split())


def labels(names: Sequence[str]) -> tuple[str, ...]:
    r"""Return one short label a name, no two of them the same.

    Example:
        >>> labels(["a\nb", "a b"])
        ('a b', 'a b (2)')
    """
    found: list[str] = []
    for name in names:
        short = one_line(name) or "(no name)"
        if len(short) > LONGEST:
            short = f"{short[: LONGEST - 1]}…"
        label, number = short, 1
        while label in found:
            number += 1
            label = f"{short} ({number})"
        found.append(label)
    return tuple(found)


def number(value: Any, digits: int = 4) -> str:
    """Return a number in few signs, and a dash for none.

    Example:
        >>> number(0.000123456), number(1234567.0), number(None), number(0.5), number(3)
        ('0.0001235', '1,234,567', '–', '0.5', '3')
    """
    if missing(value):
        return DASH
    if isinstance(value, str):
        return value
    value = float(value)
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    if value == 0:
        return "0"
    if abs(value) >= 10_000:
        return f"{value:,.0f}" if abs(value) < 1e9 else f"{value:.2e}"
    return f"{value:.{digits}g}"


def missing(value: Any) -> bool:
    """Return whether there is no value: None, or not a number."""
    return value is None or (isinstance(value, float) and math.isnan(value)) or str(value) == "<NA>"


def seconds(value: Any) -> str:
    """Return a duration in the unit it is read in.

    Example:
        >>> seconds(0.00042), seconds(0.25), seconds(12.3), seconds(75), seconds(7300)
        ('0.42 ms', '250 ms', '12.3 s', '1 min 15 s', '2 h 1 min')
    """
    if missing(value):
        return DASH
    value = float(value)
    if value < 0.9995:
        return f"{value * 1000:.3g} ms" if value else "0 s"
    if value < 60:
        return f"{value:.3g} s"
    if value < 3600:
        return f"{int(value // 60)} min {int(value % 60)} s"
    return f"{int(value // 3600):,} h {int(value % 3600 // 60)} min"


def rounded(values: Iterable[Any], digits: int = 6) -> list[Any]:
    """Return numbers as JSON takes them: few digits, and None where there is none.

    Example:
        >>> rounded([1.23456789, float("nan"), 3.0, float("inf")])
        [1.23457, None, 3, None]
    """
    return [_short(value, digits) for value in values]


def _short(value: Any, digits: int) -> Any:
    value = float(value)
    if not math.isfinite(value):
        return None
    short = float(f"{value:.{digits}g}")
    return int(short) if short.is_integer() and abs(short) < 1e15 else short


def script(data: Any) -> str:
    r"""Return data as JSON that cannot end the script element it stands in.

    Example:
        >>> script({"name": "</script>"})
        '{"name":"\\u003c/script\\u003e"}'
    """
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def cell(text: object) -> str:
    r"""Return a text as it stands in a cell of a Markdown table, whatever is in it.

    Example:
        >>> cell("a|b <i>")
        'a\\|b &lt;i&gt;'
    """
    plain = one_line(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _MARKDOWN.sub(r"\\\1", plain)


def read_json(text: Any) -> Any:
    """Return what a JSON column holds; {} for nothing, the text itself if it is no JSON."""
    if isinstance(text, Mapping):
        return text
    if missing(text) or text == "":
        return {}
    try:
        return json.loads(text)
    except ValueError:
        return text


def pairs(data: Any) -> str:
    """Return a mapping as 'name = value' in one line.

    Example:
        >>> pairs({"lr": 0.01, "layers": [1, 2]})
        'lr = 0.01, layers = [1, 2]'
    """
    if not isinstance(data, Mapping):
        return one_line(data)
    return ", ".join(f"{one_line(key)} = {_value(value)}" for key, value in data.items())


def _value(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return number(value, 6)
    if isinstance(value, str):
        return one_line(value)
    if isinstance(value, Mapping):
        return f"({pairs(value)})"
    return one_line(json.dumps(value, ensure_ascii=False, default=str))
