"""Products of matrices at each step of a recurrence whose sum is one product over all steps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pipeline.engine import ops
from pipeline.engine.graph import Tensor


@dataclass(frozen=True)
class Factor:
    """A tensor of the pulled graph that is stacked over all steps; `saved` is its image in the body."""

    tensor: Tensor
    saved: Tensor | None


@dataclass
class Product:
    """A term aᵀ·b of a constant's cotangent, (rows, n) and (rows, m) at each step, by its stacked factors.

    A factor is a tensor of the forward body (`saved`) or a result of the backward body.
    """

    a: Factor
    b: Factor
    shape: tuple[int, ...]

    def summed(self, stack: Callable[[Factor], Tensor]) -> Tensor:
        """Return the sum over all steps, as one product."""
        left, right = (
            ops.reshape(stack(factor), (-1, factor.tensor.shape[-1])) for factor in (self.a, self.b)
        )
        total: Tensor = ops.reshape(ops.matmul(ops.transpose(left), right), self.shape)
        return total


def addends(x: Tensor | None) -> list[Tensor]:
    """Return the tensors whose sum `x` is."""
    if x is None:
        return []
    if (
        x.source is None
        or x.source.primitive.name != "add"
        or any(a.shape != x.shape for a in x.source.inputs)
    ):
        return [x]
    return [addend for operand in x.source.inputs for addend in addends(operand)]


def unreshaped(x: Tensor) -> Tensor:
    """Return what `x` is a reshape of."""
    while x.source is not None and x.source.primitive.name == "reshape":
        x = x.source.inputs[0]
    return x
