from __future__ import annotations

from pathlib import Path

import pytest
from toys import BOWL, CURVES

from unitune.bench.about import describe, joined
from unitune.bench.budget import Budget
from unitune.bench.cells import Design
from unitune.bench.contenders import as_contender
from unitune.errors import OptionError

PLACE = Path("somewhere")


def words(*, seeds=(0,), contender="optuna:tpe", tasks=(BOWL,), **settings):
    found = describe(
        tasks, [as_contender(contender)], seeds, Design(Budget(n_trials=20), **settings)
    )
    return found | {"timing": "shared", "skipped": []}


def test_the_words_say_when_where_and_with_what():
    found = words(tasks=[BOWL, CURVES])
    assert found["date"].startswith("20")
    assert {"python", "unitune", "optuna", "numpy"} <= found["versions"].keys()
    assert found["initial"] == {"bowl": 5, "curves": 5}
    assert (found["budget"], found["paired"], found["seeds"]) == ("20 trials", True, [0])
    assert found["hardware"]["cores"] >= 1


def test_without_pairs_nothing_is_shared():
    assert words(paired=False)["initial"] == {}


def test_going_on_joins_what_was_asked_for_and_keeps_the_beginning():
    before = words() | {"date": "long ago"}
    now = words(seeds=[1], contender="hyperopt:tpe", tasks=[CURVES])
    skipped = [{"task": "bowl", "contender": "x", "why": "y"}]
    found = joined(before | {"skipped": skipped}, now | {"skipped": skipped}, PLACE)
    assert found["seeds"] == [0, 1]
    assert {"optuna", "hyperopt"} <= found["versions"].keys()
    assert found["initial"].keys() == {"bowl", "curves"}
    assert found["date"] == "long ago"
    assert found["skipped"] == skipped
    assert "also_on" not in found


def test_commands_are_remembered_once_in_the_order_of_their_first_use():
    before = words() | {"commands": ["a", "b"]}
    assert joined(before, words() | {"commands": ["a"]}, PLACE)["commands"] == ["a", "b"]
    assert joined(before, words() | {"commands": ["c"]}, PLACE)["commands"] == ["a", "b", "c"]


def test_another_machine_is_remembered_once():
    before = words()
    other = words() | {"hardware": {"cores": 512}}
    found = joined(joined(before, other, PLACE), other, PLACE)
    assert found["hardware"] == before["hardware"]
    assert found["also_on"] == [{"cores": 512}]


@pytest.mark.parametrize("name", ["budget", "paired", "timing"])
def test_another_design_is_refused(name):
    with pytest.raises(OptionError, match=f"somewhere holds a benchmark with {name}="):
        joined(words(), words() | {name: "another"}, PLACE)
