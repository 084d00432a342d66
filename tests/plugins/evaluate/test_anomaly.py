import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from pipeline import DataError, DataSet, exhibits
from pipeline.testing import check_stage
from plugins.evaluate.anomaly import anomaly

RNG = np.random.default_rng(0)
MARKS = np.array([0, 1, 0, 1, 0, 0, 1, 0])
INPUTS = RNG.normal(size=(8, 3)) * (1 + MARKS[:, None])
SPLITS = {"train": [0, 1], "test": range(2, 8)}
DATA = DataSet(INPUTS, INPUTS, splits=SPLITS, auxiliary={"anomaly": MARKS})


class Zero:
    """Rebuilds all as 0, and finds likely what is near to it."""

    def predict_split(self, data, split):
        return np.zeros((len(data.rows(split)), 3))

    def prepared(self, data, split):
        return data.split(split)[0]

    def head(self, name, inputs):
        assert name == "log_density"
        return -np.abs(inputs).sum(axis=1, keepdims=True)


def test_by_reconstruction_the_score_is_the_squared_error():
    scores = np.square(INPUTS[2:]).mean(axis=1)
    measured = anomaly(Zero(), DATA)
    assert measured["auroc"] == pytest.approx(roc_auc_score(MARKS[2:], scores))
    assert measured["average_precision"] == pytest.approx(average_precision_score(MARKS[2:], scores))
    assert measured["found"] == MARKS[2:][scores.argmax()]
    np.testing.assert_allclose(measured["scores"].series["score"], scores)


def test_by_density_the_score_is_the_surprise():
    scores = np.abs(INPUTS[2:]).sum(axis=1)
    measured = anomaly(Zero(), DATA, by="density")
    assert measured["auroc"] == pytest.approx(roc_auc_score(MARKS[2:], scores))


def test_the_images_that_are_strangest_are_shown_first():
    images = np.zeros((8, 3, 1))
    images[:, 0, 0] = [0, 0, 1, 9, 3, 2, 0, 5]
    data = DATA.replace(inputs=images, targets=images.reshape(8, 3))
    shown = anomaly(Zero(), data, shown=3)["scores"]
    assert isinstance(shown, exhibits.Images)
    assert shown.arrays[:, 0, 0].tolist() == [9, 5, 3]
    assert shown.labels == ("anomaly", "other", "other")


def test_data_must_say_which_rows_are_anomalies():
    with pytest.raises(DataError, match=r"no auxiliary targets `anomaly`\n    put transform\.leave_out"):
        anomaly(Zero(), DATA.replace(auxiliary={}))
    with pytest.raises(DataError, match="split 'test' needs rows of both kinds"):
        anomaly(Zero(), DATA.replace(auxiliary={"anomaly": 0 * MARKS}))


def test_by_reconstruction_the_targets_must_be_inputs():
    with pytest.raises(DataError, match=r"3 numbers a row, but the targets are \(6,\)[\s\S]*reconstruct"):
        anomaly(Zero(), DATA.replace(targets=np.ones(8)))


@pytest.mark.parametrize("by", ["reconstruction", "density"])
def test_it_conforms(by):
    check_stage(anomaly, options={"by": by})
