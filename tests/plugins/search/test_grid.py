import pytest

from pipeline import UserError
from pipeline.space import Range, Space
from plugins.search.grid import grid


def test_every_combination_is_proposed_once_the_last_key_fastest():
    proposed = grid(Space({"adam.lr": [0.1, 0.2], "net.hidden": [[8], [16], [32]]}), None)
    assert len(proposed) == 6
    assert proposed[:3] == [{"adam.lr": 0.1, "net.hidden": [n]} for n in (8, 16, 32)]
    assert proposed[3] == {"adam.lr": 0.2, "net.hidden": [8]}


def test_an_empty_space_is_one_setting():
    assert grid(Space({}), None) == [{}]


def test_a_range_is_no_grid():
    with pytest.raises(
        UserError, match=r"adam\.lr: a range has no end of values to combine\n    give it a count"
    ):
        grid(Space({"adam.lr": Range(0.0, 1.0)}), None)


def test_forbidden_settings_are_left_out():
    space = Space(
        {"a.x": [1, 2, 3], "a.y": [1, 2, 3]}, allows=lambda setting: setting["a.x"] < setting["a.y"]
    )
    assert [tuple(setting.values()) for setting in grid(space, None)] == [(1, 2), (1, 3), (2, 3)]
