"""Reverse mode over a trace, and forward mode made of two reverse sweeps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipeline.engine import ops
from pipeline.engine.dispatch import apply, shape_of
from pipeline.engine.graph import Instruction, Tensor
from pipeline.engine.vjps import VJPS
from pipeline.errors import ShapeError


def gradient(y: Tensor, wrt: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """Return the gradient of the scalar `y` with respect to each of `wrt`, zeros where y does not depend.

    The result is traced too: take its gradient for second derivatives.
    """
    if y.shape != ():
        raise ShapeError(f"gradient: the value has shape {y.shape}; reduce it to a scalar, by ops.mean say")
    return vjp([y], wrt, [y.graph.constant(np.ones((), y.dtype), y.dtype)])


def vjp(ys: Sequence[Tensor], xs: Sequence[Tensor], cotangents: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """Return Σ cotangentᵀ ∂y/∂x for each x: the vector-Jacobian product (Griewank & Walther 2008, 3.2)."""
    sums: dict[int, Tensor] = {}
    for y, cotangent in zip(ys, cotangents, strict=True):
        _accumulate(sums, y, cotangent)
    for instruction in reversed(_between(xs, ys)):
        if any(output.index in sums for output in instruction.outputs):
            _pull_back(instruction, sums)
    return tuple(sums[x.index] if x.index in sums else ops.zeros_like(x) for x in xs)


def jvp(ys: Sequence[Tensor], xs: Sequence[Tensor], tangents: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """Return Σ ∂y/∂x tangent for each y: the Jacobian-vector product, by transposing the VJP.

    The VJP is linear in its cotangent u; its own VJP at the tangents is the product sought.
    """
    seeds = [_linear_seed(y) for y in ys]
    pulled = vjp(ys, xs, seeds)
    return vjp(pulled, seeds, tangents)


def _linear_seed(y: Tensor) -> Tensor:
    """Return zeros of y's shape that are a node of their own, so that a derivative to them exists."""
    zero = y.graph.constant(np.zeros(y.shape, y.dtype), y.dtype)
    # the tag keeps two seeds of one shape from being merged
    seed: Tensor = apply("stop_gradient", [zero], tag=len(y.graph.instructions))
    return seed


def _pull_back(instruction: Instruction, sums: dict[int, Tensor]) -> None:
    rule = VJPS[instruction.primitive.name]
    cotangents = [sums.get(output.index) for output in instruction.outputs]
    single = len(instruction.outputs) == 1
    g = cotangents[0] if single else cotangents
    y = instruction.outputs[0] if single else instruction.outputs
    for x, cotangent in zip(
        instruction.inputs, rule(g, instruction.inputs, y, instruction.params), strict=True
    ):
        if cotangent is not None and x.dtype.kind == "f":
            _accumulate(sums, x, unbroadcast(cotangent, x.shape))


def _accumulate(sums: dict[int, Tensor], x: Tensor, cotangent: Tensor) -> None:
    sums[x.index] = sums[x.index] + cotangent if x.index in sums else cotangent


def unbroadcast(cotangent: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Sum a cotangent over the axes along which its operand of `shape` was stretched."""
    wide = shape_of(cotangent)
    stretched = [place - len(wide) for place, n in enumerate(shape) if n == 1 and wide[place] != 1]
    return ops.sum(cotangent, stretched, keepdims=True) if stretched else cotangent


def _between(xs: Sequence[Tensor], ys: Sequence[Tensor]) -> list[Instruction]:
    """Return the instructions on a way from `xs` to `ys`, in order, those that make `xs` left out."""
    graph = ys[0].graph
    reached = {x.index for x in xs}
    forward = []
    for instruction in graph.instructions:
        if any(output.index in reached for output in instruction.outputs):
            continue
        if any(x.index in reached for x in instruction.inputs):
            reached.update(output.index for output in instruction.outputs)
            forward.append(instruction)
    needed = {y.index for y in ys}
    chosen = []
    for instruction in reversed(forward):
        if any(output.index in needed for output in instruction.outputs):
            needed.update(x.index for x in instruction.inputs)
            chosen.append(instruction)
    return chosen[::-1]
