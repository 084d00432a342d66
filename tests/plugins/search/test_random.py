import numpy as np
import pytest

from plugins.search.random import random

SPACE = {"adam.lr": [0.1, 0.2, 0.3, 0.4], "net.hidden": [[8], [16], [32]]}


def drawn(space, trials, seed=0):
    return random(space, np.random.default_rng(seed), trials=trials)


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
