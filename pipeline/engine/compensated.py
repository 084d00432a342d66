"""Sums of pairs that carry along what each addition rounds away."""

from __future__ import annotations

from math import prod

from pipeline.engine.dispatch import Value, reshape, shape_of
from pipeline.engine.elementwise import isfinite, where
from pipeline.engine.products import zeros_like
from pipeline.engine.shapes import concatenate, transpose


def compensated(x: Value, axes: list[int]) -> Value:
    """Return the sum over axes, about as if it were computed in twice the precision and rounded once.

    Halves are added pair by pair, and the errors of these additions (Knuth 1969, 4.2.2, theorem B) are
    added up beside them: Sum2 of Ogita, Rump & Oishi 2005 (SIAM J. Sci. Comput. 26), as a tree.
    """
    shape = shape_of(x)
    rank = len(shape)
    kept = [place for place in range(rank) if place - rank not in axes]
    x = transpose(x, [*kept, *(place + rank for place in axes)])
    total = reshape(x, (*(shape[place] for place in kept), prod(shape[axis] for axis in axes)))
    lost = zeros_like(total)
    while shape_of(total)[-1] > 1:
        total, lost = _halved(total, lost)
    total, lost = total[..., 0], lost[..., 0]
    # of an infinite sum the errors are nan
    return where(isfinite(lost), total + lost, total)


def _halved(total: Value, lost: Value) -> tuple[Value, Value]:
    """Add the second half of the last axis to the first; an odd last number waits."""
    half = shape_of(total)[-1] // 2
    a, b = total[..., :half], total[..., half : 2 * half]
    s = a + b
    other = s - a
    error = (a - (s - other)) + (b - other)
    e = (lost[..., :half] + lost[..., half : 2 * half]) + error
    if 2 * half == shape_of(total)[-1]:
        return s, e
    return (
        concatenate([s, total[..., 2 * half :]], axis=-1),
        concatenate([e, lost[..., 2 * half :]], axis=-1),
    )
