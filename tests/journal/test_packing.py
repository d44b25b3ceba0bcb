from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spaces import CONDITIONAL, EVERY_KIND
from strategies import spaces

from unitune.journal import JournalError
from unitune.journal.packing import pack_config, unpack_config
from unitune.space import Bool, Categorical, Const, Int, Space


@given(spaces(), st.integers(0, 2**32))
def test_a_config_survives_packing_json_and_unpacking_as_the_very_objects(space, seed):
    config = space.sample(seed)
    packed = pack_config(space, config)
    assert not {name for name in packed if isinstance(space[name], Const)}
    back = unpack_config(space, json.loads(json.dumps(packed, allow_nan=False)))
    assert list(back) == list(config)
    for name, value in config.items():
        assert type(back[name]) is type(value)
        assert back[name] is value or back[name] == value


@pytest.mark.parametrize("space", [EVERY_KIND, CONDITIONAL])
def test_choices_come_back_as_the_same_objects(space):
    for seed in range(30):
        config = space.sample(seed)
        back = unpack_config(space, pack_config(space, config))
        for name, parameter in space.items():
            if name in config and isinstance(parameter, Categorical | Bool | Const):
                assert back[name] is config[name]


@pytest.mark.parametrize("packed", [{"kind": 2}, {"kind": -1}, {"kind": "a"}, {"kind": 0, "y": 1}])
def test_a_packed_config_of_another_space_is_refused(packed):
    space = Space({"kind": Categorical(["a", "b"]), "n": Int(1, 3)})
    with pytest.raises(JournalError, match="give the space that the study was begun with"):
        unpack_config(space, packed)
