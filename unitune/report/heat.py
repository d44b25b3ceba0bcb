"""Tasks by contenders: the scores as a table of shades, the winners marked."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, replace

from unitune.report.findings import Findings
from unitune.report.texts import missing, number, one_line

MOST_TITLES = 3000


@dataclass(frozen=True, slots=True)
class Cell:
    """One contender on one task.

    Attributes:
        c: the contender's place.
        text: its score.
        shade: 0 (no better than random search) to 1 (the reference value).
        title: what pointing at it tells; '' in a very large table.
        wins: whether it leads on the task.
    """

    c: int
    text: str
    _: KW_ONLY
    shade: float | None
    title: str
    wins: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One task.

    Attributes:
        task: its name.
        cells: one a contender.
        told: whether its leader is separated from the next, in words.
    """

    task: str
    cells: tuple[Cell, ...]
    told: str = ""

    @property
    def leaders(self) -> tuple[int, ...]:
        """The places of those that lead, several where they are equal."""
        return tuple(cell.c for cell in self.cells if cell.wins)


def rows(findings: Findings) -> tuple[Row, ...]:
    """Return the table's rows, task by task."""
    scores: dict[tuple[str, str], dict[str, float]] = {}
    for part in reversed(findings.parts):
        for row in part.scores.to_dict("records"):
            scores[row["task"], row["contender"]] = {str(k): v for k, v in row.items()}
    found = tuple(_row(findings, scores, task) for task in findings.tasks)
    if len(findings.tasks) * len(findings.contenders) <= MOST_TITLES:
        return found
    return tuple(replace(r, cells=tuple(replace(c, title="") for c in r.cells)) for r in found)


def _row(findings: Findings, scores: dict[tuple[str, str], dict[str, float]], task: str) -> Row:
    own = {name: scores.get((task, name), {}) for name in findings.contenders}
    known = {name: v["score"] for name, v in own.items() if not missing(v.get("score"))}
    best = max(known.values(), default=None)
    cells = []
    for c, name in enumerate(findings.contenders):
        if name not in known:
            cells.append(Cell(c, "–", shade=None, title=f"{findings.labels[c]}: no score"))
            continue
        title = f"{findings.labels[c]} on {one_line(task)}: {_range(own[name])}"
        shade = min(1.0, max(0.0, known[name]))
        # Equal scores win together: a tie is no victory of the one that was listed first.
        wins = best is not None and abs(known[name] - best) < 1e-9 and len(known) > 1
        text = f"{known[name]:.2f}"
        cells.append(Cell(c, text, shade=round(shade, 3), title=title, wins=wins))
    return Row(task, tuple(cells), _told(findings, task))


def _range(values: dict[str, float]) -> str:
    return f"{number(values['score'])} [{number(values['low'])}, {number(values['high'])}]"


def _told(findings: Findings, task: str) -> str:
    """Return whether the leader is more than chance ahead, where all contenders are compared."""
    for part in reversed(findings.parts):
        leaders = part.verdict.leaders
        own = leaders[leaders["task"] == task]
        if len(own) and not missing(own["separated"].iloc[0]):
            return "separated" if bool(own["separated"].iloc[0]) else "not separated"
    return ""


def means(findings: Findings) -> tuple[Cell, ...]:
    """Return the row under the table: each contender's score over all tasks."""
    ranking = findings.main.verdict.ranking.set_index("contender")
    cells = []
    for c, name in enumerate(findings.contenders):
        value = ranking["score"].get(name) if len(ranking) else None
        text = "–" if missing(value) or value is None else f"{float(value):.2f}"
        cells.append(Cell(c, text, shade=None, title=findings.labels[c]))
    return tuple(cells)
