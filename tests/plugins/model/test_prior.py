import numpy as np

from pipeline.stages.estimated import Estimated
from pipeline.stages.stage import Stage
from pipeline.testing import check_stage, probes
from plugins.model.prior import prior


def predicted(data):
    return Estimated.of(Stage.of(prior), {}, 0, data).predict_split(data, "test")


def test_it_answers_with_the_shares_of_the_train_rows():
    data = probes.table("classes")
    shares = np.bincount(data.split("train")[1], minlength=3) / 30
    np.testing.assert_allclose(predicted(data), np.tile(shares, (9, 1)))


def test_it_answers_with_the_mean_of_the_train_rows():
    data = probes.table("regression")
    np.testing.assert_allclose(predicted(data), np.tile(data.split("train")[1].mean(axis=0), (9, 1)))


def test_it_conforms():
    check_stage(prior, "model")
