import numpy as np
import pytest

from pipeline.space import Range, Space
from plugins.search.random import random

SPACE = {"adam.lr": [0.1, 0.2, 0.3, 0.4], "net.hidden": [[8], [16], [32]]}


def drawn(space, trials, seed=0):
    return random(Space(space), np.random.default_rng(seed), trials=trials)


@pytest.mark.parametrize("trials", [1, 5, 6, 7, 12])
def test_settings_are_from_the_space_and_differ(trials):
    proposed = drawn(SPACE, trials)
    assert len({repr(setting) for setting in proposed}) == trials
    for setting in proposed:
        assert list(setting) == list(SPACE)
        assert all(value in SPACE[name] for name, value in setting.items())


def test_a_small_space_is_proposed_whole():
    assert len(drawn(SPACE, 100)) == 12
    assert drawn({}, 5) == [{}]


def test_the_seed_decides():
    assert drawn(SPACE, 5) == drawn(SPACE, 5)
    assert drawn(SPACE, 5) != drawn(SPACE, 5, seed=1)


def test_a_space_of_more_combinations_than_an_integer_holds():
    space = {f"n.option{i}": list(range(100)) for i in range(20)}
    proposed = drawn(space, 50)
    assert len(proposed) == 50
    assert type(proposed[0]["n.option0"]) is int


def test_every_value_has_its_chance():
    seen = {setting["adam.lr"] for seed in range(20) for setting in drawn(SPACE, 2, seed)}
    assert seen == set(SPACE["adam.lr"])


def test_ranges_are_drawn_from_within_and_by_ratio():
    found = [setting["adam.lr"] for setting in drawn({"adam.lr": Range(1e-4, 1.0, log=True)}, 400)]
    assert len(set(found)) == 400
    assert min(found) >= 1e-4
    assert max(found) <= 1.0
    assert np.mean(np.log10(found) < -2) == pytest.approx(0.5, abs=0.1)


def test_forbidden_settings_are_drawn_again():
    space = Space({"a.x": Range(0.0, 1.0), "a.y": Range(0.0, 1.0)}, allows=lambda s: s["a.x"] < s["a.y"])
    found = random(space, np.random.default_rng(0), trials=50)
    assert len(found) == 50
    assert all(setting["a.x"] < setting["a.y"] for setting in found)


def test_where_hardly_anything_is_allowed_the_search_ends():
    space = Space({"a.x": Range(0.0, 1.0)}, allows=lambda setting: False)
    assert random(space, np.random.default_rng(0), trials=5) == []
