from __future__ import annotations

import gzip
import json

import pytest

from unitune import Bool, Categorical, Const, Float, Int, Space
from unitune.errors import SpaceError
from unitune.trial import State
from unitune_benchmarks.replay import Step
from unitune_benchmarks.tables import NotRecordedError, Row, Table, TableError

SPACE = Space(
    {
        "x": Float(0.0, 1.0),
        "n": Int(1, 9),
        "kind": Categorical(["a", ("b", 2), None]),
        "deep": Bool(when={"kind": "a"}),
        "fixed": Const("same"),
    },
    constraints={"small": lambda config: config["x"] < 0.9},
)


def config(x, n=1, **more):
    return {"x": x, "n": n, "kind": None, "fixed": "same", **more}


def curve(*values):
    return tuple(Step(n, value, 0.5 * n) for n, value in enumerate(values, start=1))


ROWS = [
    Row(config(0.1), curve(3.0, 2.0), seed=11),
    Row(config(0.1 + 0.2, kind="a", deep=True), curve(1.0, 0.1 + 0.2), seed=12),
    Row(config(0.5, kind=("b", 2)), (), seed=13, state=State.FAILED, failure="ValueError: no"),
    Row(config(0.6), curve(9.0), seed=14, state=State.PRUNED),
    Row(config(0.1), curve(3.5, 2.5), seed=15),
]


def table():
    return Table(SPACE, ROWS, name="mine", mode="max", unit="epochs", source="made up")


@pytest.mark.parametrize("ending", [".json", ".json.gz", ".parquet"])
def test_a_table_comes_back_as_it_was(tmp_path, ending):
    path = tmp_path / f"table{ending}"
    table().save(path)
    back = Table.load(path)
    assert back.rows == ROWS
    assert [type(row.config["kind"]) for row in back.rows] == [
        type(row.config["kind"]) for row in ROWS
    ]
    assert (back.name, back.mode, back.unit, back.source) == ("mine", "max", "epochs", "made up")
    assert list(back.space.items()) == list(SPACE.items())
    assert back.space.constraints == ()


def test_one_table_is_always_the_same_file(tmp_path):
    for name in ("a.json.gz", "b.json.gz"):
        table().save(tmp_path / name)
    assert (tmp_path / "a.json.gz").read_bytes() == (tmp_path / "b.json.gz").read_bytes()


def test_choices_that_json_cannot_hold_are_given_again(tmp_path):
    space = Space({"act": Categorical([max, min])})
    Table(space, [Row({"act": min}, curve(1.0))], name="t").save(tmp_path / "t.json")
    back = Table.load(tmp_path / "t.json", objects={"act": [max, min]})
    assert back.rows[0].config["act"] is min


def test_the_evaluations_of_a_config_are_found():
    assert table().find(config(0.1)) == [ROWS[0], ROWS[4]]
    assert table().find(config(0.6)) == [ROWS[3]]


@pytest.mark.parametrize(
    "wrong", [config(0.2), config(0.1, n=2), {"x": 0.1}, config(0.1, kind="c"), {"y": 1}]
)
def test_what_was_not_recorded_is_refused(wrong):
    with pytest.raises(NotRecordedError, match="holds 4 configs"):
        table().find(wrong)


def test_a_trial_gets_the_evaluation_of_its_own_seed_or_one_by_it():
    assert table().pick(config(0.1), 15) is table().rows[4]
    assert [table().pick(config(0.1), seed).seed for seed in (0, 1, 2)] == [11, 15, 11]


def test_a_pruned_evaluation_is_picked_by_its_own_seed_or_for_want_of_another():
    rows = [Row(config(0.6), curve(1.0, 0.5), seed=1), ROWS[3]]
    both = Table(SPACE, rows, name="both")
    assert {both.pick(config(0.6), seed).seed for seed in (0, 1, 2, 3)} == {1}
    assert both.pick(config(0.6), 14).state is State.PRUNED
    assert table().pick(config(0.6), 0).state is State.PRUNED


def test_configs_are_those_of_which_everything_is_known():
    assert table().configs == [ROWS[0].config, ROWS[1].config, ROWS[2].config]


def test_a_table_needs_rows():
    with pytest.raises(TableError, match="has no rows"):
        Table(SPACE, [], name="empty")


@pytest.mark.parametrize("name", ["table.pkl", "table.csv", "table"])
def test_other_files_are_refused(tmp_path, name):
    with pytest.raises(TableError, match=r"\.json, \.json\.gz or \.parquet"):
        table().save(tmp_path / name)
    with pytest.raises(TableError, match=r"\.json, \.json\.gz or \.parquet"):
        Table.load(tmp_path / name)


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data.pop("rows"),
        lambda data: data.pop("unitune_table"),
        lambda data: data["rows"][0].pop("values"),
        lambda data: data["rows"][0]["values"].append(1.0),
        lambda data: data["rows"][0].update(state="perhaps"),
        lambda data: data["rows"][0]["config"].update(kind=7),
        lambda data: data["rows"][0]["config"].update(x=7),
        lambda data: data["rows"][0]["config"].update(y=0.5),
        lambda data: data.update(unitune_table=99),
        lambda data: data.update(space={}),
    ],
)
def test_a_damaged_file_is_refused(tmp_path, damage):
    path = tmp_path / "t.json"
    table().save(path)
    data = json.loads(path.read_text())
    damage(data)
    path.write_text(json.dumps(data))
    with pytest.raises((TableError, SpaceError)):
        Table.load(path)


@pytest.mark.parametrize("content", [b"", b"nonsense", gzip.compress(b"[]", mtime=0), b"[]"])
@pytest.mark.parametrize("ending", ["json", "json.gz", "parquet"])
def test_a_file_of_something_else_is_refused(tmp_path, content, ending):
    path = tmp_path / f"t.{ending}"
    path.write_bytes(content)
    with pytest.raises(TableError, match="holds no table"):
        Table.load(path)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(TableError, match="FileNotFoundError"):
        Table.load(tmp_path / "none.json")
