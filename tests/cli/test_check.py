def test_a_good_file_is_said_to_be_good(plait, small):
    ended = plait("check", small)
    assert ended.code == 0
    assert ended.out == f"{small} is good: 8 nodes; adam.lr x 2, seeds x 2\n"


def test_json_tells_nodes_and_sweep(plait, small):
    found = plait("check", small, "--json").json
    assert found["problems"] == []
    assert found["nodes"]["fit"] == "train.minibatch"
    assert found["sweep"] == {"search": "search.grid", "space": {"adam.lr": [0.01, 0.02]}, "seeds": [0, 1]}


def test_every_problem_is_shown_at_once_with_its_place_and_the_nearest_match(plait, small):
    small.write_text(small.read_text().replace("optimizer.adam", "optimizer.adem").replace("epochs", "epoch"))
    ended = plait("check", small)
    assert ended.code == 2
    assert f"{small}:8:19: " in ended.err
    assert "did you mean 'optimizer.adam'?" in ended.err
    assert "did you mean 'epochs'?" in ended.err
    assert "Traceback" not in ended.err


def test_an_override_is_checked_too(plait, small):
    ended = plait("check", small, "--set", "adam.lr=fast")
    assert ended.code == 2
    assert "--set adam.lr=fast" in ended.err


def test_a_file_that_is_not_there_is_a_users_mistake(plait):
    ended = plait("check", "nowhere.yaml")
    assert ended.code == 2
    assert "nowhere.yaml" in ended.err


def test_checking_imports_neither_dask_nor_scikit_learn(small, imported_by):
    heavy = {"dask", "distributed", "sklearn", "scipy", "pandas", "rich.table"}
    assert imported_by("check", small) & heavy == set()
