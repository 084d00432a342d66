"""Denoising."""

from benchmarks.catalogue.row import AtLeast, Row

ROW = Row(
    id="B5",
    name="Denoising autoencoder",
    sentence="Trained to rebuild clean digits from damaged ones, it cleans digits that it has not seen "
    "better than a median filter, under Gaussian noise and under salt and pepper.",
    source="Vincent et al. 2010 (JMLR 11)",
    bars={
        "PSNR above SciPy's median filter, Gaussian noise, dB": AtLeast(1),
        "PSNR above SciPy's median filter, salt and pepper, dB": AtLeast(0.3),
    },
    dags=("denoise.yaml",),
    stages=("model.autoencoder", "transform.reconstruct", "transform.noisy", "evaluate.reconstruction"),
    functions=("pipeline.nn.chain",),
)


def figures(runs):
    """Return by how many decibels the autoencoder's peak signal-to-noise ratio is higher, on test digits."""
    gained = {
        trial["options"]["dirty.kind"]: trial["metrics"]["psnr"] - trial["metrics"]["psnr_median"]
        for trial in runs("denoise.yaml").trials
    }
    return {
        "PSNR above SciPy's median filter, Gaussian noise, dB": gained["gaussian"],
        "PSNR above SciPy's median filter, salt and pepper, dB": gained["salt_pepper"],
    }
