import numpy as np
import pytest
from scipy.ndimage import median_filter

from pipeline import DataError, DataSet, exhibits
from pipeline.testing import check_stage
from plugins.evaluate.reconstruction import reconstruction

RNG = np.random.default_rng(0)
CLEAN = RNG.random((6, 5, 4))
DIRTY = CLEAN + 0.1 * RNG.standard_normal(CLEAN.shape)
DATA = DataSet(DIRTY, CLEAN.reshape(6, 20), splits={"train": [0, 1], "test": [2, 3, 4, 5]})


class Half:
    """Rebuilds each pixel as half of what it is given."""

    def predict_split(self, data, split):
        return 0.5 * data.split(split)[0].reshape(-1, 20)


def psnr(found, peak=1.0):
    return 10 * np.log10(peak**2 / np.mean((found - CLEAN[2:]) ** 2))


def test_error_and_peak_signal_to_noise_are_against_the_clean_targets():
    measured = reconstruction(Half(), DATA)
    assert measured["mse"] == pytest.approx(np.mean((0.5 * DIRTY[2:] - CLEAN[2:]) ** 2))
    assert measured["psnr"] == pytest.approx(psnr(0.5 * DIRTY[2:]))
    assert measured["psnr_inputs"] == pytest.approx(psnr(DIRTY[2:]))
    assert reconstruction(Half(), DATA, peak=16.0)["psnr"] == pytest.approx(psnr(0.5 * DIRTY[2:], 16))


def test_scipys_median_filter_stands_beside_it():
    each = np.stack([median_filter(image, 3) for image in DIRTY[2:]])
    assert reconstruction(Half(), DATA, median=3)["psnr_median"] == pytest.approx(psnr(each))


def test_clean_inputs_have_no_noise_to_measure():
    clean = DATA.replace(inputs=CLEAN)
    assert "psnr_inputs" not in reconstruction(Half(), clean)


def test_images_are_shown_damaged_rebuilt_and_as_they_were():
    shown = reconstruction(Half(), DATA, shown=2)["images"]
    assert isinstance(shown, exhibits.Images)
    np.testing.assert_allclose(shown.arrays, np.concatenate([DIRTY[2:4], 0.5 * DIRTY[2:4], CLEAN[2:4]]))


def test_tables_are_measured_and_have_no_median_filter():
    table = DATA.replace(inputs=DIRTY.reshape(6, 20))
    assert set(reconstruction(Half(), table)) == {"mse", "psnr", "psnr_inputs"}
    with pytest.raises(DataError, match=r"median filter is for images[\s\S]*not inputs \(4, 20\)"):
        reconstruction(Half(), table, median=3)


def test_targets_that_are_no_inputs_are_refused():
    with pytest.raises(DataError, match=r"targets of the inputs' size\n    put transform\.reconstruct"):
        reconstruction(Half(), DATA.replace(targets=np.ones(6)))


def test_it_conforms():
    check_stage(reconstruction)
