"""Reverse mode over a trace, and forward mode made of two reverse sweeps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

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
    found = pullback(ys, xs, cotangents)
    return tuple(ops.zeros_like(x) if g is None else g for x, g in zip(xs, found, strict=True))


def pullback(
    ys: Sequence[Tensor], xs: Sequence[Tensor], cotangents: Sequence[Tensor]
) -> tuple[Tensor | None, ...]:
    """Return the vector-Jacobian product for each x, None for one that no y depends on."""
    parts: dict[int, list[Tensor]] = {}
    for y, cotangent in zip(ys, cotangents, strict=True):
        parts.setdefault(y.index, []).append(cotangent)
    for instruction in reversed(_between(xs, ys)):
        if any(output.index in parts for output in instruction.outputs):
            _pull_back(instruction, parts)
    return tuple(_total(parts[x.index]) if x.index in parts else None for x in xs)


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


def _pull_back(instruction: Instruction, parts: dict[int, list[Tensor]]) -> None:
    with instruction.outputs[0].graph.traced_by(instruction.origin.of(instruction.primitive.name)):
        for x, cotangent in _cotangents(instruction, parts):
            if cotangent is not None and x.dtype.kind == "f":
                parts.setdefault(x.index, []).append(unbroadcast(cotangent, x.shape))


def _cotangents(
    instruction: Instruction, parts: dict[int, list[Tensor]]
) -> Iterator[tuple[Tensor, Tensor | None]]:
    """Yield each operand and its cotangent, by the rule of the operation."""
    rule = VJPS[instruction.primitive.name]
    cotangents = [
        _total(parts[output.index]) if output.index in parts else None for output in instruction.outputs
    ]
    single = len(instruction.outputs) == 1
    g = cotangents[0] if single else cotangents
    y = instruction.outputs[0] if single else instruction.outputs
    found = rule(g, instruction.inputs, y, instruction.params)
    yield from zip(instruction.inputs, found, strict=True)


def _total(parts: Sequence[Tensor]) -> Tensor:
    """Return the sum of cotangents; of slices that lie side by side, what they make together."""
    joined = _side_by_side(parts)
    if joined is not None:
        return joined
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total


def _side_by_side(parts: Sequence[Tensor]) -> Tensor | None:
    """Join cotangents of slices that cut a tensor along one axis into all of it, each once; else None."""
    made = [part.source for part in parts]
    cuts = [one.params["slices"] for one in made if one is not None and one.primitive.name == "unslice"]
    if len(cuts) < len(parts) or len(parts) < 2:
        return None
    differing = [axis for axis, cut in enumerate(zip(*cuts, strict=True)) if len(set(cut)) > 1]
    shape = parts[0].shape
    if len(differing) != 1 or any(step != 1 for cut in cuts for _, _, step in cut):
        return None
    (axis,) = differing
    order = sorted(range(len(cuts)), key=lambda place: cuts[place][axis][0])
    starts = [cuts[place][axis][0] for place in order]
    stops = [sum(cuts[place][axis][:2]) for place in order]
    whole = all(n == m for other, (n, m) in enumerate(_lengths(cuts[0], shape)) if other != axis)
    if starts != [0, *stops[:-1]] or stops[-1] != shape[axis] or not whole:
        return None
    pieces = [one.inputs[0] for one in made if one is not None]
    return ops.concatenate([pieces[place] for place in order], axis)  # type: ignore[no-any-return]


def _lengths(cut: Sequence[tuple[int, int, int]], shape: Sequence[int]) -> list[tuple[int, int]]:
    return [(count, n) for (_, count, _), n in zip(cut, shape, strict=True)]


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
