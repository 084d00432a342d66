import numpy as np
import pytest

from pipeline import DataError
from pipeline.testing import check_stage, probes
from plugins.evaluate.generalisation import generalisation


def test_a_gap_is_what_the_error_grows_by_outside_the_train_rows():
    data = probes.table("classes")
    model = probes.predictor(data, 0)
    found = generalisation(model, data)
    for split in ("validation", "test"):
        wrong = model.predict_split(data, split).argmax(axis=1) != data.split(split)[1]
        assert found[f"{split}_error"] == wrong.mean()
        assert found[f"{split}_gap"] == wrong.mean() - found["train_error"]
        assert found[f"{split}_loss"] == model.loss(data, split)


def test_numbers_are_measured_by_the_root_of_the_squared_error():
    data = probes.table("regression")
    model = probes.predictor(data, 0)
    difference = model.predict_split(data, "test") - data.split("test")[1]
    assert generalisation(model, data)["test_error"] == pytest.approx(np.sqrt(np.square(difference).mean()))


def test_splits_are_told_with_their_rows():
    found = generalisation(probes.predictor(probes.table("classes"), 0), probes.table("classes"))
    assert [row[:2] for row in found["splits"].rows] == [("train", 30), ("validation", 9), ("test", 9)]


def test_the_test_rows_can_be_left_alone():
    data = probes.table("classes")
    found = generalisation(probes.predictor(data, 0), data, splits=("train", "validation"))
    assert not [name for name in found if name.startswith("test")]


def test_one_split_has_no_gap():
    data = probes.table("classes", splits=False)
    with pytest.raises(DataError, match="a gap is between two"):
        generalisation(probes.predictor(data, 0), data)


def test_it_conforms():
    check_stage(generalisation, "evaluate")
