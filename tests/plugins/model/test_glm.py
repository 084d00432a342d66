import numpy as np
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge

from pipeline.stages.estimated import Estimated
from pipeline.stages.stage import Stage
from pipeline.testing import check_stage, probes
from plugins.model.glm import glm


def predicted(data, **options):
    return Estimated.of(Stage.of(glm), options, 0, data).predict_split(data, "test")


def test_classes_are_scikit_learns_logistic_regression():
    data = probes.table("classes")
    known = LogisticRegression(C=0.5, max_iter=2000).fit(*data.split("train"))
    np.testing.assert_allclose(predicted(data, strength=2.0), known.predict_proba(data.split("test")[0]))


def test_numbers_are_scikit_learns_ridge_regression():
    data = probes.table("regression")
    known = Ridge(3.0).fit(*data.split("train"))
    np.testing.assert_allclose(predicted(data, strength=3.0), known.predict(data.split("test")[0]))


def test_without_strength_it_is_least_squares():
    data = probes.table("regression")
    known = LinearRegression().fit(*data.split("train"))
    np.testing.assert_allclose(predicted(data, strength=0.0), known.predict(data.split("test")[0]))


def test_it_conforms():
    check_stage(glm, "model")
