import numpy as np
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

from pipeline.stages.estimated import Estimated
from pipeline.stages.stage import Stage
from pipeline.testing import check_stage, probes
from plugins.model.neighbours import neighbours


def predicted(data, **options):
    return Estimated.of(Stage.of(neighbours), options, 0, data).predict_split(data, "test")


def test_it_is_scikit_learns_on_the_train_rows():
    data = probes.table("classes")
    known = KNeighborsClassifier(3, weights="distance").fit(*data.split("train"))
    np.testing.assert_array_equal(
        predicted(data, count=3, weights="distance"), known.predict_proba(data.split("test")[0])
    )


def test_numbers_are_the_neighbours_mean():
    data = probes.table("regression")
    known = KNeighborsRegressor(4).fit(*data.split("train"))
    np.testing.assert_array_equal(predicted(data, count=4), known.predict(data.split("test")[0]))


def test_it_conforms():
    check_stage(neighbours, "model")
    check_stage(neighbours, options={"count": 2, "weights": "distance"})
