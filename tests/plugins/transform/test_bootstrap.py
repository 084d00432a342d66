import numpy as np

from pipeline import DataSet
from plugins.transform.bootstrap import bootstrap


def data():
    rows = np.arange(200)
    return DataSet(np.zeros((200, 1)), rows % 2, splits={"train": rows[:150], "test": rows[150:]})


def drawn(seed=0):
    return bootstrap(data(), np.random.default_rng(seed))


def test_as_many_train_rows_are_drawn_with_repeats():
    rows = drawn().rows("train")
    assert len(rows) == 150
    assert set(rows) <= set(range(150))
    # 1 - 1/e of the rows are expected; their deviation is about 0.025
    assert abs(len(set(rows)) / 150 - (1 - np.exp(-1))) < 0.1


def test_other_splits_stay_and_inputs_are_shared():
    source = data()
    sample = bootstrap(source, np.random.default_rng(0))
    assert sample.rows("test").tolist() == source.rows("test").tolist()
    assert np.shares_memory(sample.inputs, source.inputs)


def test_the_seed_decides():
    assert drawn().rows("train").tolist() == drawn().rows("train").tolist() != drawn(1).rows("train").tolist()
