"""Inputs that are damaged."""

from typing import Literal

import numpy as np

from pipeline import OptionError, transform
from pipeline.options import NonNegative


@transform
def noisy(
    data,
    rng,
    *,
    amount: NonNegative = 0.3,
    kind: Literal["gaussian", "salt_pepper", "zero"] = "gaussian",
    splits: tuple[str, ...] = (),
):
    """Damage the inputs, once and for all; targets stay.  All rows, or those of `splits`.

    `gaussian` adds noise of standard deviation `amount`; `salt_pepper` makes a share `amount` of the inputs
    the least or the largest of the train rows, `zero` makes it 0.  This changes the data, not how inputs are
    prepared: predictions get theirs as they come.
    """
    if kind != "gaussian" and amount > 1:
        raise OptionError(f"amount {amount:g} is a share for kind {kind!r}\n    allowed: 0 to 1")
    rows = np.unique(np.concatenate([data.rows(split) for split in splits])) if splits else slice(None)
    inputs = data.inputs.copy()
    inputs[rows] = DAMAGE[kind](inputs[rows], amount, rng, data.split("train")[0])
    return data.replace(inputs=inputs)


def _gaussian(x, amount, rng, train):
    return x + (amount * rng.standard_normal(x.shape)).astype(x.dtype)


def _salt_pepper(x, amount, rng, train):
    hit, high = rng.random((2, *x.shape))
    return np.where(hit < amount, np.where(high < 0.5, train.min(), train.max()), x)


def _zero(x, amount, rng, train):
    return np.where(rng.random(x.shape) < amount, 0, x)


DAMAGE = {"gaussian": _gaussian, "salt_pepper": _salt_pepper, "zero": _zero}
