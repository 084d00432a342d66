"""The loss of generative classifiers."""

from pipeline import ShapeError, loss, ops
from pipeline.options import NonNegative


@loss(link="softmax")
def joint(outputs, targets, *, generative: NonNegative = 1.0):
    """Return -log p(y | x) - `generative` · log p(x) of each example, in nats, (batch,).

    `outputs` (batch, classes) are log p(x, y) of each class y: their softmax is p(y | x).  `targets` are
    class numbers (batch,) or probabilities (batch, classes).  At 1 this is -log p(x, y), the likelihood of
    the joint density; at 0 the classes alone count: Bouchard & Triggs 2004, equation 4.
    """
    if targets.ndim == 1:
        targets = ops.one_hot(targets, outputs.shape[-1])
    if targets.shape != outputs.shape:
        raise ShapeError(
            f"joint: targets {targets.shape} do not fit outputs {outputs.shape}; "
            "give class numbers (batch,) or one probability a class"
        )
    chosen = ops.sum(ops.cast(targets, outputs.dtype) * outputs, axis=-1)
    return (1 - generative) * ops.logsumexp(outputs) - chosen
