import numpy as np
import pytest
from sklearn.preprocessing import PolynomialFeatures

from pipeline import DataError
from pipeline.testing import check_stage, probes
from plugins.transform.polynomial import polynomial


def test_powers_of_one_column_are_scikit_learns():
    data = probes.table("regression")
    one = data.replace(inputs=data.inputs[:, :1], features=("a",))
    expected = PolynomialFeatures(4, include_bias=False).fit_transform(one.inputs)
    np.testing.assert_allclose(polynomial(one, None, degree=4).inputs, expected, rtol=1e-12)


def test_columns_are_named_by_their_powers():
    found = polynomial(probes.table("classes"), None, degree=2)
    assert found.features[:5] == ("feature0", "feature1", "feature2", "feature3", "feature0^2")
    assert found.inputs.shape[1] == 8


def test_images_are_refused():
    with pytest.raises(DataError, match="takes a table"):
        polynomial(probes.images(), None)


def test_it_conforms():
    check_stage(polynomial, "transform")
