"""Inputs that go missing anew at each step."""

from pipeline import ShapeError, augment, ops
from pipeline.options import Probability


@augment
def hide(x, rng, *, share: Probability = 0.3):
    """Hide a `share` of the inputs of transform.mask at random: 0 in the place of each, and its mask too.

    Of (batch, 2 · features), what is missing in the data stays missing; a net learns to do with less.
    """
    if x.ndim != 2 or x.shape[1] % 2:
        raise ShapeError(
            f"augment.hide: inputs of shape {x.shape}; allowed: (batch, 2 · features)\n"
            "    put transform.mask before training"
        )
    kept = rng.bernoulli(1 - share, (x.shape[0], x.shape[1] // 2))
    return x * ops.concatenate([kept, kept], axis=1)
