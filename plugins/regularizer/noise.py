"""Noise on what training sees."""

from typing import Literal

from pipeline import OptionError, regularizer
from pipeline.options import NonNegative

On = Literal["inputs", "hidden", "weights", "targets"]


@regularizer
def noise(objective, *, std: NonNegative = 0.1, on: On = "hidden", multiplicative: bool = False):
    """Add Gaussian noise of standard deviation `std`; `multiplicative` multiplies by 1 plus the noise.

    On the inputs: Bishop 1995, equal to a penalty on slopes.  On hidden units: Poole et al. 2014, and
    multiplied, Srivastava et al. 2014 (JMLR 15), section 10, where `std` is √(p / (1-p)) for dropout at p.
    On the weights, anew at each step: Murray & Edwards 1994.  On targets that are numbers; for classes there
    is regularizer.label_smoothing.  Predictions have no noise.
    """
    if on == "targets" and objective.classes:
        raise OptionError(
            "targets that are classes take no Gaussian noise\n    use regularizer.label_smoothing instead"
        )

    def noisy(x, rng):
        drawn = std * rng.normal(x.shape)
        return x * (1 + drawn) if multiplicative else x + drawn

    acts = {
        "inputs": objective.on_inputs,
        "hidden": objective.on_hidden,
        "weights": objective.on_weights,
        "targets": objective.on_targets,
    }
    acts[on](noisy)
