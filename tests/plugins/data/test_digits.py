import numpy as np

from plugins.data.digits import digits


def test_images_of_ten_digits_scaled_to_one():
    data = digits().validate("digits")
    assert data.inputs.shape == (1797, 8, 8)
    assert data.inputs.dtype == np.float32
    assert (data.inputs.min(), data.inputs.max()) == (0, 1)
    assert data.classes == tuple("0123456789")
    assert np.bincount(data.targets).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
