import numpy as np
import pytest

from pipeline import DataError, DataSet
from pipeline.testing import check_stage
from plugins.transform.unlabel import unlabel

RNG = np.random.default_rng(0)


def data(rows=90):
    inputs = RNG.normal(size=(rows, 2))
    splits = {"train": np.arange(60), "test": np.arange(60, 90)}
    return DataSet(inputs, np.arange(rows) % 3, splits=splits)


def test_so_many_of_each_class_keep_their_labels():
    given = data()
    found = unlabel(given, np.random.default_rng(1), labelled=4)
    assert np.bincount(found.split("train")[1]).tolist() == [4, 4, 4]
    both = np.concatenate([found.rows("train"), found.rows("unlabelled")])
    assert sorted(both) == sorted(given.rows("train"))
    assert found.rows("test").tolist() == given.rows("test").tolist()


def test_labelled_rows_stand_several_times_in_an_epoch():
    found = unlabel(data(), np.random.default_rng(1), labelled=2, repeat=5)
    assert np.unique(found.rows("train"), return_counts=True)[1].tolist() == [5] * 6


def test_the_choice_is_the_seeds():
    rows = [unlabel(data(), np.random.default_rng(s), labelled=3).rows("train").tolist() for s in (1, 1, 2)]
    assert rows[0] == rows[1] != rows[2]


def test_training_does_not_see_the_hidden_targets(registry):
    from pipeline.stages.cohort import CohortSpec, Member, Part
    from pipeline.stages.fit import train_cohort

    def part(ref, **options):
        return Part(ref.split(".")[1], ref, registry.stage(ref).check(options))

    parts = {
        "model": (part("model.mlp", hidden=[4]),),
        "optimizer": (part("optimizer.adam"),),
        "regularizers": (part("regularizer.entropy", rows=8),),
    }
    spec = CohortSpec("fit", part("train.minibatch", epochs=2), parts, (Member("t", "k", 1, "data", {}),))
    few = unlabel(data(), np.random.default_rng(1), labelled=4)
    turned = few.targets.copy()
    turned[few.rows("unlabelled")] = (turned[few.rows("unlabelled")] + 1) % 3
    results = [train_cohort(spec, {"data": d}, registry)[0] for d in (few, few.replace(targets=turned))]
    for name, weights in results[0].params.items():
        np.testing.assert_array_equal(weights, results[1].params[name])


def test_what_cannot_be_unlabelled_is_told():
    with pytest.raises(DataError, match="class '0' has 20 train rows, fewer than the 21"):
        unlabel(data(), np.random.default_rng(0), labelled=21)
    with pytest.raises(DataError, match="no row is left unlabelled"):
        unlabel(data(), np.random.default_rng(0), labelled=20)
    with pytest.raises(DataError, match="taken from classes"):
        unlabel(DataSet(np.eye(4), np.arange(4.0)), np.random.default_rng(0))
    with pytest.raises(DataError, match="a split `unlabelled` already"):
        unlabel(unlabel(data(), RNG, labelled=3), RNG, labelled=2)


def test_it_conforms():
    check_stage(unlabel, options={"labelled": 2, "repeat": 2})
