"""How well inputs are rebuilt, and freed of noise."""

import numpy as np

from pipeline import DataError, evaluate, exhibits
from pipeline.options import Count, Natural, Positive


@evaluate
def reconstruction(
    model, data, *, split: str = "test", peak: Positive = 1.0, median: Natural = 0, shown: Count = 10
):
    """Measure `mse` and `psnr` (dB, for values up to `peak`), a model's outputs against the targets.

    `psnr_inputs` is that of the inputs as they are, where they are damaged: what there was to gain; a
    `median` filter of so many pixels across (SciPy's) gives `psnr_median`.  For inputs that are images
    (rows, height, width), `shown` of them are drawn: damaged, rebuilt, as they were.
    """
    if data.task != "regression" or data.targets.shape[1:] != (data.inputs[0].size,):
        raise DataError(
            "a reconstruction is measured against targets of the inputs' size\n"
            "    put transform.reconstruct before training"
        )
    inputs, targets = data.split(split)
    rebuilt = model.predict_split(data, split).astype(np.float64)
    flat = inputs.reshape(targets.shape)
    error = np.square(rebuilt - targets).mean()
    measured = {"mse": float(error), "psnr": _psnr(rebuilt, targets, peak)}
    if not np.array_equal(flat, targets):
        measured["psnr_inputs"] = _psnr(flat, targets, peak)
    if median:
        measured["psnr_median"] = _psnr(_filtered(inputs, median).reshape(targets.shape), targets, peak)
    if inputs.ndim == 3:
        rows = np.concatenate([flat[:shown], rebuilt[:shown], targets[:shown]])
        pictures = rows.reshape(-1, *inputs.shape[1:])
        measured["images"] = exhibits.Images(pictures, caption="As given, as rebuilt, as they were")
    return measured


def _psnr(found, targets, peak):
    """Return 20 log10(peak) - 10 log10(mse) in decibels, over all rows at once."""
    error = np.square(found.astype(np.float64) - targets).mean()
    return float(20 * np.log10(peak) - 10 * np.log10(max(error, np.finfo(np.float64).tiny)))


def _filtered(inputs, size):
    from scipy.ndimage import median_filter

    if inputs.ndim != 3:
        raise DataError(
            f"a median filter is for images (rows, height, width), not inputs {inputs.shape}\n"
            "    leave `median` out"
        )
    return median_filter(inputs, size=(1, size, size))
