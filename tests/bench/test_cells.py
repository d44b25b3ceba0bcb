from __future__ import annotations

import dataclasses

import pytest
from toys import BOWL, CURVES, HILL

from unitune.bench import cells
from unitune.bench.budget import Budget
from unitune.bench.cells import Cell, Design, lay_out, read_seeds
from unitune.bench.contenders import as_contender
from unitune.errors import OptionError

DESIGN = Design(Budget(n_trials=20))


def cell(contender="builtin:random", task=BOWL, *, seed=0, design=DESIGN):
    return Cell(task, as_contender(contender), seed=seed, design=design)


def test_cells_come_seed_by_seed_and_those_that_need_all_cores_last_in_each():
    contenders = [as_contender(name) for name in ("ray:random", "builtin:random", "optuna:tpe")]
    names = [one.name for one in lay_out([BOWL, HILL], contenders, [0, 1], DESIGN)]
    assert [seed for _, _, seed in names] == [0] * 6 + [1] * 6
    assert [contender for _, contender, _ in names[:6]] == [
        *["builtin:random", "optuna:tpe"] * 2,
        *["ray:random"] * 2,
    ]


def test_paired_cells_share_configs_and_run_seeds_across_contenders():
    one, other = cell(), cell("optuna:tpe")
    assert one.initial() == other.initial()
    assert len(one.initial()) == 5
    assert one.run_seed == other.run_seed
    assert cell(seed=1).initial() != one.initial()
    assert cell(seed=1).run_seed != one.run_seed


def test_seeds_differ_from_task_to_task():
    assert cell().run_seed != cell(task=CURVES).run_seed
    assert cell().initial() != cell(task=CURVES).initial()


def test_unpaired_cells_share_nothing():
    apart = dataclasses.replace(DESIGN, paired=False)
    one, other = cell(design=apart), cell("chance=builtin:random", design=apart)
    assert one.initial() == other.initial() == []
    assert one.run_seed != other.run_seed


def test_a_grid_keeps_its_own_design():
    grid = cell("builtin:grid")
    assert (grid.paired, grid.initial()) == (False, [])
    assert grid.run_seed == cell().run_seed


def test_initial_configs_of_the_users_own_take_the_place_of_the_design():
    mine = dataclasses.replace(DESIGN, settings={"initial": [{"x": 0.0, "y": 0.0}]})
    assert cell(design=mine).arguments()["initial"] == [{"x": 0.0, "y": 0.0}]
    assert not cell(design=mine).paired


def test_arguments_name_all_that_a_run_is_given():
    given = cell("builtin:random(a=1)+unitune:asha(eta=4)", CURVES).arguments()
    assert given["options"] == {"a": 1}
    assert (given["scheduler"], given["scheduler_options"]) == ("unitune:asha", {"eta": 4})
    assert (given["resource"], given["max_resource"]) == ((1, 27), 540)
    assert "scheduler" not in cell().arguments()


def test_own_seeds_are_those_of_the_runs():
    assert cell(seed=7, design=dataclasses.replace(DESIGN, own_seeds=True)).run_seed == 7


def test_the_key_holds_for_what_is_the_same_only():
    plain = cell().key()
    assert cell().key() == plain
    changed = [
        cell("builtin:grid"),
        cell("builtin:random(a=1)"),
        cell("builtin:random+median"),
        cell(seed=1),
        cell(task=HILL),
        cell(task=dataclasses.replace(BOWL, version=2)),
        cell(task=dataclasses.replace(BOWL, space=HILL.space)),
        cell(design=Design(Budget(n_trials=21))),
        cell(design=Design(Budget(n_trials=20), paired=False)),
        cell(design=Design(Budget(n_trials=20), virtual=4)),
    ]
    assert len({plain, *(one.key() for one in changed)}) == len(changed) + 1


def test_a_library_of_another_version_has_another_key(monkeypatch):
    before, plain = cell("optuna:tpe").key(), cell().key()
    known = cells.versions
    monkeypatch.setattr(cells, "versions", lambda c: known(c) | {c.backend: "another"})
    assert cell("optuna:tpe").key() != before
    assert cell().key() != plain
    monkeypatch.undo()
    assert (cell("optuna:tpe").key(), cell().key()) == (before, plain)


def test_the_key_holds_for_settings_and_for_what_the_task_needs(monkeypatch):
    plain = cell().key()
    settings = [{"target": 0.5}, {"workers": 2}, {"callbacks": [len]}]
    changed = [cell(design=dataclasses.replace(DESIGN, settings=one)).key() for one in settings]
    assert len({plain, *changed}) == 4
    assert cell(design=dataclasses.replace(DESIGN, settings={"progress": True})).key() == plain
    known = cells.task_versions
    assert {"numpy", "scikit-learn"} <= known(dataclasses.replace(BOWL, needs=("sklearn",))).keys()
    monkeypatch.setattr(cells, "task_versions", lambda task: known(task) | {"numpy": "99"})
    assert cell().key() != plain


def test_functions_among_the_settings_are_known_by_their_names():
    def key(function):
        return cell(design=dataclasses.replace(DESIGN, settings={"callbacks": [function]})).key()

    assert key(len) == key(len) != key(max)


@pytest.mark.parametrize("seeds", [0, [], [-1], ["a"]])
def test_seeds_must_be_there_and_make_sense(seeds):
    with pytest.raises(OptionError):
        read_seeds(seeds)


def test_a_number_of_seeds_counts_from_zero_and_repeats_are_refused():
    assert read_seeds(3) == [0, 1, 2]
    assert read_seeds([4, 2]) == [4, 2]
    with pytest.raises(OptionError, match="4 twice"):
        read_seeds([4, 2, 4])
