import numpy as np
import pytest

from pipeline import DataError, OptionError
from pipeline.stages.committee import Committee
from pipeline.stages.registry import Registry
from pipeline.testing import check_stage, probes
from plugins.evaluate.curve import curve


def committee(data, members=3):
    models = [probes.predictor(data, seed) for seed in range(members)]
    return Committee.of(Registry().stage("ensemble.average"), {}, models)


def test_each_member_is_a_point_of_the_curve():
    data = probes.table("classes")
    model = committee(data)
    found = curve(model, data, x=(1, 2, 5), name="degree")
    labels = data.split("validation")[1]
    wrong = [(m.predict_split(data, "validation").argmax(axis=1) != labels).mean() for m in model.members]
    np.testing.assert_array_equal(found["curve"].series["validation"], wrong)
    np.testing.assert_array_equal(found["curve"].x, [1, 2, 5])
    assert (found["validation_first"], found["validation_least"]) == (wrong[0], min(wrong))
    assert found["validation_rise"] == np.diff(wrong).max()


def test_numbers_are_measured_by_the_root_of_the_squared_error():
    data = probes.table("regression")
    model = committee(data, 1)
    difference = model.predict_split(data, "train") - data.split("train")[1]
    assert curve(model, data)["train_last"] == pytest.approx(np.sqrt(np.square(difference).mean()))


def test_a_single_model_has_no_curve():
    data = probes.table("classes")
    with pytest.raises(DataError, match="give it an ensemble"):
        curve(probes.predictor(data, 0), data)


def test_x_has_a_number_for_each_model():
    data = probes.table("classes")
    with pytest.raises(OptionError, match="x has 2 numbers for 3 models"):
        curve(committee(data), data, x=(1, 2))


def test_it_conforms():
    data = probes.table("classes")
    check_stage(curve, "evaluate", model=committee(data), data=data)
