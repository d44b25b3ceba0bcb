"""The critical-difference diagram as a drawing for the page.

Demšar, "Statistical comparisons of classifiers over multiple data sets", JMLR 7, 2006, figure 1:
contenders at their mean ranks on one axis, and a bar over those that are not separated.
"""

from __future__ import annotations

import math
from dataclasses import KW_ONLY, dataclass

from unitune.report.findings import Findings, Part

# More names than this do not fit beside one axis.
MOST = 20
ROW = 25
# The width of a letter, where the reader's font is a wide one; names longer than fit are cut.
LETTER = 8.1
LONG = 34
SHORT = 18
TOP = 46


@dataclass(frozen=True, slots=True)
class Name:
    """A contender's name beside the axis, and the line that leads to it."""

    c: int
    label: str
    rank: str
    _: KW_ONLY
    x: float
    y: float
    edge: float
    left: bool


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar over contenders that are not separated.

    Attributes:
        members: where they lie on the drawing's length, in order.
        level: the bar's own place across it.
    """

    members: tuple[float, ...]
    level: float


@dataclass(frozen=True, slots=True)
class Diagram:
    """Where everything of the diagram lies, in the drawing's own units.

    Attributes:
        width: of the drawing.
        height: of the drawing.
        left: where the axis begins.
        right: where it ends.
        axis: its height.
        ticks: place and rank of its marks.
        names: the contenders.
        bars: the groups that are not separated.
        unseparated: the groups in words.
        left_out: how many contenders are not drawn.
        critical: the length of Nemenyi's critical difference, and how it is written.
    """

    width: float
    height: float
    _: KW_ONLY
    left: float
    right: float
    axis: float
    ticks: tuple[tuple[float, int], ...]
    names: tuple[Name, ...]
    bars: tuple[Bar, ...]
    unseparated: tuple[tuple[str, ...], ...]
    left_out: int
    critical: tuple[float, str] | None


def diagram(findings: Findings, part: Part, width: float = 900) -> Diagram | None:
    """Lay out the diagram for a drawing of a given width; None where there are no ranks."""
    separation = part.verdict.separation
    if separation is None or len(separation.ranks) < 2:
        return None
    ranks = {str(n): float(r) for n, r in separation.ranks.sort_values().items()}
    drawn = list(ranks)[:MOST]
    lowest = 1
    highest = max(math.ceil(max(ranks[name] for name in drawn)), lowest + 1)
    widest = max(len(_short(findings.label(name), LONG)) for name in drawn)
    side = min(width * 0.38, LETTER * widest + 62)
    left, right = side, width - side

    def place(rank: float) -> float:
        return left + (rank - lowest) / (highest - lowest) * (right - left)

    groups = _groups(separation.groups, drawn)
    bars = _bars([tuple(place(ranks[name]) for name in g) for g in groups], TOP + 14, gap=14)
    under = max((bar.level for bar in bars), default=TOP + 6) + 22
    names = _names(findings, {n: (ranks[n], place(ranks[n])) for n in drawn}, (left, right), under)
    return Diagram(
        width,
        max(name.y for name in names) + 14,
        left=left,
        right=right,
        axis=TOP,
        ticks=tuple((place(rank), rank) for rank in _ticks(lowest, highest, right - left)),
        names=names,
        bars=bars,
        unseparated=tuple(tuple(findings.label(name) for name in group) for group in groups),
        left_out=len(ranks) - len(drawn),
        critical=_critical(separation.critical_difference, (right - left) / (highest - lowest)),
    )


def _critical(difference: float, unit: float) -> tuple[float, str] | None:
    if not math.isfinite(difference):
        return None
    return difference * unit, f"{difference:.2f}"


def _ticks(lowest: int, highest: int, length: float) -> range:
    return range(lowest, highest + 1, max(1, math.ceil((highest - lowest) * 34 / length)))


def _groups(groups: tuple[tuple[str, ...], ...], drawn: list[str]) -> list[tuple[str, ...]]:
    """Return the groups among the drawn, each ordered by rank."""
    kept = [tuple(name for name in drawn if name in group) for group in groups]
    return [group for group in dict.fromkeys(kept) if len(group) > 1]


def _bars(groups: list[tuple[float, ...]], first: float, *, gap: float) -> tuple[Bar, ...]:
    """Set bars side by side on as few levels as keep them apart."""
    ends: list[float] = []
    bars = []
    for members in sorted(groups):
        level = next((i for i, end in enumerate(ends) if end < members[0] - gap), len(ends))
        ends[level : level + 1] = [members[-1]]
        bars.append(Bar(members, first + 9 * level))
    return tuple(bars)


def _names(
    findings: Findings,
    ranks: dict[str, tuple[float, float]],
    ends: tuple[float, float],
    under: float,
) -> tuple[Name, ...]:
    """Set the better half on the left and the other on the right, without crossing lines."""
    half = math.ceil(len(ranks) / 2)
    names = []
    for i, (name, (rank, x)) in enumerate(ranks.items()):
        left = i < half
        row = i if left else len(ranks) - 1 - i
        names.append(
            Name(
                findings.place(name),
                _short(findings.label(name), LONG),
                f"{rank:.2f}",
                x=x,
                y=under + ROW * row,
                edge=ends[0] - 12 if left else ends[1] + 12,
                left=left,
            )
        )
    return tuple(names)


@dataclass(frozen=True, slots=True)
class Column:
    """The same diagram for narrow screens: a contender a row, bars down the side."""

    width: float
    height: float
    _: KW_ONLY
    left: float
    right: float
    ticks: tuple[tuple[float, int], ...]
    names: tuple[Name, ...]
    bars: tuple[Bar, ...]


NARROW = 360.0


def column(findings: Findings, part: Part) -> Column | None:
    """Lay out the narrow diagram; None where there are no ranks."""
    separation = part.verdict.separation
    if separation is None or len(separation.ranks) < 2:
        return None
    ranks = {str(n): float(r) for n, r in separation.ranks.sort_values().items()}
    drawn = list(ranks)[:MOST]
    rows = {name: 44.0 + ROW * i for i, name in enumerate(drawn)}
    groups = _groups(separation.groups, drawn)
    bars = _bars([tuple(rows[name] for name in group) for group in groups], 0, gap=4)
    highest = max(math.ceil(max(ranks[name] for name in drawn)), 2)
    left = LETTER * max(len(_short(findings.label(name), SHORT)) for name in drawn) + 14
    right = NARROW - 16 - 9 * len({bar.level for bar in bars})

    def place(rank: float) -> float:
        return left + (rank - 1) / (highest - 1) * (right - left)

    names = tuple(
        Name(
            findings.place(name),
            _short(findings.label(name), SHORT),
            f"{ranks[name]:.2f}",
            x=place(ranks[name]),
            y=y,
            edge=left,
            left=True,
        )
        for name, y in rows.items()
    )
    return Column(
        NARROW,
        44.0 + ROW * len(drawn),
        left=left,
        right=right,
        ticks=tuple((place(rank), rank) for rank in _ticks(1, highest, right - left)),
        names=names,
        bars=tuple(Bar(bar.members, right + 12 + bar.level) for bar in bars),
    )


def _short(label: str, longest: int) -> str:
    return label if len(label) <= longest else f"{label[: longest - 1]}…"


def unseparated(findings: Findings, part: Part) -> str:
    """Return the groups of contenders that are not separated, in words."""
    separation = part.verdict.separation
    groups = separation.groups if separation is not None else ()
    told = [", ".join(findings.label(n) for n in group) for group in groups if len(group) > 1]
    return "" if not told else f"Not separated from one another: {'; '.join(told)}."
