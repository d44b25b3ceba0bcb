"""Tasks by contenders: the scores as a table of shades, the winners marked."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, replace

from unitune.analysis import least_rows
from unitune.analysis.caveats import counted, listed
from unitune.report.findings import Findings, Part
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
        told: whether its leader is separated from the next, or who ties, in words.
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
    told: dict[str, str] = {}
    for part in findings.parts:  # the last is where all contenders are compared
        told |= _told(findings, part)
    found = tuple(_row(findings, scores, task, told.get(task, "")) for task in findings.tasks)
    if len(findings.tasks) * len(findings.contenders) <= MOST_TITLES:
        return found
    return tuple(replace(r, cells=tuple(replace(c, title="") for c in r.cells)) for r in found)


def _row(
    findings: Findings, scores: dict[tuple[str, str], dict[str, float]], task: str, told: str
) -> Row:
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
    return Row(task, tuple(cells), told)


def _range(values: dict[str, float]) -> str:
    return f"{number(values['score'])} [{number(values['low'])}, {number(values['high'])}]"


def _told(findings: Findings, part: Part) -> dict[str, str]:
    """Return by task who ties, or whether the leader is more than chance ahead of the next."""
    k = len(part.verdict.ranking)
    if k < 2:
        return {}
    least, seeds = least_rows(k), part.results.runs.groupby("task")["seed"].nunique()
    columns = ["task", "leader", "tied", "separated"]
    told = {}
    for task, leader, tied, apart in part.verdict.leaders[columns].itertuples(index=False):
        if tied:
            names = sorted((leader, *tied), key=findings.place)
            told[task] = f"tie of {listed(findings.label(name) for name in names)}"
        elif seeds[task] < least:
            told[task] = f"cannot be tested with {counted(int(seeds[task]), 'seeds')}"
        else:
            told[task] = "separated" if apart else "not separated"
    return told


def means(findings: Findings) -> tuple[Cell, ...]:
    """Return the row under the table: each contender's score over all tasks."""
    ranking = findings.main.verdict.ranking.set_index("contender")
    cells = []
    for c, name in enumerate(findings.contenders):
        value = ranking["score"].get(name) if len(ranking) else None
        text = "–" if missing(value) or value is None else f"{float(value):.2f}"
        cells.append(Cell(c, text, shade=None, title=findings.labels[c]))
    return tuple(cells)
