from plugins.search.grid import grid


def test_every_combination_is_proposed_once_the_last_key_fastest():
    space = {"adam.lr": [0.1, 0.2], "net.hidden": [[8], [16], [32]]}
    proposed = grid(space, None)
    assert len(proposed) == 6
    assert proposed[:3] == [{"adam.lr": 0.1, "net.hidden": [n]} for n in (8, 16, 32)]
    assert proposed[3] == {"adam.lr": 0.2, "net.hidden": [8]}


def test_an_empty_space_is_one_setting():
    assert grid({}, None) == [{}]
