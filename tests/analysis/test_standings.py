from __future__ import annotations

from dataclasses import replace

from analysis.made import RANDOM, SKILLS, STRONG, made, owning_its_loop

from unitune.analysis import standings, verdict

RUN = ["task", "contender", "seed"]


def lines(results):
    return standings(verdict(results)).splitlines()


def test_there_is_a_line_for_each_contender_the_best_first():
    found = verdict(made(STRONG, tasks=12))
    title, _, head, _, *rows = lines(made(STRONG, tasks=12))
    assert title.startswith("Ranking: 12 tasks (score: 0 is random search")
    assert head.split()[:3] == ["contender", "score", "rank"]
    assert [row.split()[0] for row in rows] == list(found.ranking["contender"])
    assert f"{found.ranking['score'][0]:.2f} [" in rows[0]
    assert "at least" in rows[0]


def test_what_is_not_known_is_a_dash():
    results = owning_its_loop(made(tasks=2), "skopt:gp", idle=3.1)
    row = next(row for row in lines(results) if row.startswith("skopt:gp"))
    assert " - " in row
    nothing = lines(replace(made(tasks=1), trials=made(tasks=1).trials.assign(loss=0.0)))
    assert all(" - " in row for row in nothing[4:])


def test_contenders_that_run_on_few_tasks_have_a_table_of_their_own():
    results = made({**SKILLS, "ray:asha": 1.2}, tasks=6)
    runs = results.runs[
        (results.runs["contender"] != "ray:asha") | (results.runs["task"] == "task-0")
    ]
    text = standings(
        verdict(replace(results, runs=runs, trials=results.trials.merge(runs[RUN], on=RUN)))
    )
    first, second = text.split("\n\nRanking where all contenders can run: 1 task ")
    assert "ray:asha" not in first
    assert "ray:asha" in second
    assert RANDOM in first
    assert RANDOM in second
