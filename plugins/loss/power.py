"""The loss of numbers that fears rare large errors."""

from typing import Annotated

from annotated_types import Ge

from pipeline import loss, nn, ops


@loss(link="identity")
def power(outputs, targets, *, exponent: Annotated[float, Ge(1)] = 4.0):
    """Return |error|^exponent / exponent of each example, summed over its columns: the L^p norm's.

    `outputs` are (batch, columns), `targets` (batch,) or (batch, columns).  The larger the exponent, the
    more the largest errors count: 1 is laplace, 2 gaussian, and outputs go to midway between extremes.
    """
    y = nn.as_columns(targets, outputs, outputs.shape[-1], "power")
    return ops.sum(ops.abs(outputs - y) ** exponent, axis=-1) / exponent
