"""Training rows augmented once, before training."""

import numpy as np

from pipeline import DataError, OptionError, stage, transform
from pipeline.options import Count


@transform
def augmented(data, rng, *, by: dict[str, dict[str, bool | int | float]], copies: Count = 1):
    """Add `copies` of every train row, changed at random by augmentations, one after another; targets stay.

    `by` names them with their options: `{rotate: {degrees: 10}, shift: {}}`.  Other splits stay as they are.
    An `augment` node before training makes new copies at each step instead, at the cost of its time there.
    """
    if "train" not in data.splits:
        raise DataError(
            "the data set has no split, so copies of one row could come to be on both sides of it\n"
            "    put a transform.split before it"
        )
    if not by:
        raise OptionError("no augmentation is named in `by`\n    name one, such as {rotate: {degrees: 10}}")
    steps = [stage(f"augment.{name}", **options) for name, options in by.items()]
    rows = data.rows("train")
    draws = Draws(rng, data.inputs.dtype)
    made = [_changed(data.inputs[rows], steps, draws) for _ in range(copies)]
    origin = np.concatenate([np.arange(len(data)), np.tile(rows, copies)])
    return data.replace(
        inputs=np.concatenate([data.inputs, *made]),
        targets=None if data.targets is None else data.targets[origin],
        auxiliary={name: array[origin] for name, array in data.auxiliary.items()},
    ).with_splits(train=np.concatenate([rows, np.arange(len(data), len(origin))]))


def _changed(inputs, steps, draws):
    for step in steps:
        inputs = step(inputs, draws)
    return inputs


class Draws:
    """Random numbers as an augmentation asks for them."""

    def __init__(self, rng, dtype):
        self._rng, self._dtype = rng, dtype

    def normal(self, shape, name=""):
        """Draw standard normal numbers."""
        return self._rng.standard_normal(shape, dtype=self._dtype)

    def uniform(self, shape, name=""):
        """Draw uniform numbers in [0, 1)."""
        return self._rng.random(shape, dtype=self._dtype)

    def bernoulli(self, p, shape, name=""):
        """Draw ones with probability `p`, zeros otherwise."""
        return (self.uniform(shape) < p).astype(self._dtype)
