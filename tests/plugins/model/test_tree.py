import numpy as np
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from pipeline.stages.estimated import Estimated
from pipeline.stages.stage import Stage
from pipeline.testing import check_stage, probes
from plugins.model.tree import tree


def predicted(data, **options):
    return Estimated.of(Stage.of(tree), options, 5, data).predict_split(data, "test")


def test_it_is_scikit_learns_on_the_train_rows():
    data = probes.table("classes")
    known = DecisionTreeClassifier(max_depth=3, random_state=5).fit(*data.split("train"))
    np.testing.assert_array_equal(predicted(data, depth=3), known.predict_proba(data.split("test")[0]))


def test_numbers_are_leaf_means():
    data = probes.table("regression")
    known = DecisionTreeRegressor(min_samples_leaf=6, random_state=5).fit(*data.split("train"))
    np.testing.assert_array_equal(predicted(data, leaf=6), known.predict(data.split("test")[0]))


def test_it_conforms():
    check_stage(tree, "model")
