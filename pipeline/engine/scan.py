"""A recurrence: its body is traced and compiled once, whatever the length.

A body maps (constants, carries, one slice of each sequence) to (new carries, terms of sums, one slice of
each result).  Its outputs over all steps are the last carries, the sums and the stacked results.  Sums
exist for gradients: what each step adds to a shared weight's cotangent.  A gradient adds results to a
recurrence that stands already: what its backward pass wants to know of each step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.engine.dispatch import Value, graph_of, lift, shape_of
from pipeline.engine.graph import Graph, Instruction, Params, Spec, Tensor
from pipeline.engine.primitives import PRIMITIVES, primitive
from pipeline.errors import ShapeError


@dataclass(frozen=True, eq=False)
class Body:
    """A traced body: its graph, inputs in order (constants, carries, slices), outputs by role."""

    graph: Graph
    constants: tuple[Tensor, ...]
    carries: tuple[Tensor, ...]
    slices: tuple[Tensor, ...]
    next_carries: tuple[Tensor, ...]
    terms: tuple[Tensor, ...]
    results: tuple[Tensor, ...]

    @property
    def inputs(self) -> tuple[Tensor, ...]:
        """All inputs in the order of the instruction's operands."""
        return (*self.constants, *self.carries, *self.slices)

    @property
    def outputs(self) -> tuple[Tensor, ...]:
        """All outputs in the order of the instruction's results."""
        return (*self.next_carries, *self.terms, *self.results)

    @property
    def instructions(self) -> list[Instruction]:
        """What the outputs need, in order."""
        needed = {x.index for x in self.outputs}
        kept = []
        for instruction in reversed(self.graph.instructions):
            if any(x.index in needed for x in instruction.outputs):
                needed.update(x.index for x in instruction.inputs)
                kept.append(instruction)
        return kept[::-1]


@primitive("scan")
def _scan(inputs: Sequence[Spec], params: Params) -> tuple[Spec, ...]:
    body, length = params["body"], params["length"]
    whole = [tensor.spec for tensor in (*body.next_carries, *body.terms)]
    stacked = [Spec((length, *tensor.shape), tensor.dtype) for tensor in body.results]
    return (*whole, *stacked)


def scan(
    body: Callable[[Any, Any], tuple[Any, Any]],
    carry: Any,
    xs: Any,
    *,
    reverse: bool = False,
    checkpoint: int = 0,
) -> tuple[Any, Any]:
    """Run `carry, y = body(carry, x)` over the leading axis of `xs`; return the last carry and stacked ys.

    `carry` and `xs` are tensors or tuples of them, `y` a tensor, a tuple or None.  The body may use tensors
    from outside; it draws no random numbers (draw them outside, as one of `xs`).  With `reverse` the steps
    run from the last to the first; ys keep the order of xs.  A gradient keeps what it needs of each step;
    with `checkpoint=k` it keeps every k-th carry and computes the rest anew (Chen et al. 2016,
    arXiv:1604.06174): less memory, least at k = √steps, for the time of one more forward pass.
    """
    carries, sequences = _tuple(carry), _tuple(xs)
    length = _length(sequences)
    graph = graph_of([*carries, *sequences])
    graph = graph or _graph_inside(body, carry, xs)
    if graph is None:
        return _scan_now(body, carry, xs, length, reverse)
    carries = tuple(lift(graph, value) for value in carries)
    sequences = tuple(lift(graph, value) for value in sequences)
    if checkpoint > 1:
        return _in_stretches(body, carry, xs, sequences, reverse, min(checkpoint, length))
    inner = Graph(graph.dtype, parent=graph)
    ins = [inner.input(f"carry{i}", value.shape, value.dtype) for i, value in enumerate(carries)]
    cuts = [inner.input(f"x{i}", value.shape[1:], value.dtype) for i, value in enumerate(sequences)]
    new, y = body(_like(carry, ins), _like(xs, cuts))
    outputs = graph.apply(
        PRIMITIVES["scan"],
        [*inner.captured, *carries, *sequences],
        body=(traced := _close(inner, ins, cuts, _tuple(new), _tuple(y))),
        length=length,
        reverse=reverse,
        checkpoint=bool(checkpoint),
    )
    count = len(carries)
    return _like(carry, outputs[:count]), _like(y, outputs[count : count + len(traced.results)])


def _in_stretches(
    body: Callable[[Any, Any], tuple[Any, Any]],
    carry: Any,
    xs: Any,
    sequences: Sequence[Tensor],
    reverse: bool,
    stretch: int,
) -> tuple[Any, Any]:
    """Scan over stretches of steps, each a scan whose steps are computed anew for the gradient."""
    from pipeline.engine.shapes import concatenate, reshape

    length = sequences[0].shape[0]
    whole = length - length % stretch
    many = [x if whole == length else x[:whole] for x in sequences]
    many = [reshape(x, (whole // stretch, stretch, *x.shape[1:])) for x in many]
    rest = [x[whole:] for x in sequences]

    def stretches(carry: Any) -> tuple[Any, Any]:
        carry, y = scan(
            lambda c, x: scan(body, c, x, reverse=reverse),
            carry,
            _like(xs, many),
            reverse=reverse,
            checkpoint=1,
        )
        return carry, _like(y, [reshape(one, (whole, *one.shape[2:])) for one in _tuple(y)])

    def remainder(carry: Any) -> tuple[Any, Any]:
        return scan(body, carry, _like(xs, rest), reverse=reverse, checkpoint=1)

    if whole == length:
        return stretches(carry)
    carry, first = (remainder if reverse else stretches)(carry)
    carry, second = (stretches if reverse else remainder)(carry)
    pairs = zip(_tuple(first), _tuple(second), strict=True)
    joined = [concatenate([b, a] if reverse else [a, b]) for a, b in pairs]
    return carry, _like(first, joined)


def _close(
    inner: Graph, ins: list[Tensor], cuts: list[Tensor], new: tuple[Value, ...], ys: tuple[Value, ...]
) -> Body:
    """Check the body's outputs and make it a Body."""
    outs = [lift(inner, value) for value in new]
    if [out.spec for out in outs] != [x.spec for x in ins]:
        raise ShapeError(f"scan: the body turns carries {ins} into {outs}; they must stay alike")
    if inner.randoms:
        raise ShapeError("scan: the body draws random numbers; draw them outside and pass them in xs")
    results = tuple(lift(inner, value) for value in ys)
    return Body(inner, tuple(inner.captures), tuple(ins), tuple(cuts), tuple(outs), (), results)


def _tuple(value: Any) -> tuple[Any, ...]:
    if value is None:
        return ()
    return tuple(value) if isinstance(value, tuple | list) else (value,)


def _like(example: Any, values: Sequence[Any]) -> Any:
    if example is None:
        return None
    return tuple(values) if isinstance(example, tuple | list) else values[0]


def _length(sequences: Sequence[Value]) -> int:
    lengths = {shape_of(value)[0] for value in sequences}
    if len(lengths) != 1:
        raise ShapeError(f"scan: sequences of lengths {sorted(lengths)}; they must be there and equally long")
    return lengths.pop()


def _graph_inside(body: Callable[[Any, Any], tuple[Any, Any]], carry: Any, xs: Any) -> Graph | None:
    """Return the graph of tensors that a body of arrays takes from outside; what it traces here is dead."""
    new, y = body(carry, _like(xs, [value[0] for value in _tuple(xs)]))
    return graph_of([*_tuple(new), *_tuple(y)])


def _scan_now(
    body: Callable[[Any, Any], tuple[Any, Any]], carry: Any, xs: Any, length: int, reverse: bool
) -> tuple[Any, Any]:
    """Run the body on NumPy arrays."""
    collected: list[tuple[Any, ...]] = []
    y: Any = None
    for step in reversed(range(length)) if reverse else range(length):
        carry, y = body(carry, _like(xs, [value[step] for value in _tuple(xs)]))
        collected.append(_tuple(y))
    columns = zip(*(collected[::-1] if reverse else collected), strict=True)
    return carry, _like(y, [np.stack(column) for column in columns])


def replay(instructions: Iterable[Instruction], graph: Graph, known: dict[int, Tensor]) -> None:
    """Append instructions of another graph to `graph`; `known` holds what stands for their operands.

    It receives what stands for their results, and for constants.
    """
    for instruction in instructions:
        for x in instruction.inputs:
            if x.index not in known:
                known[x.index] = constant_in(graph, x)
        operands = [known[x.index] for x in instruction.inputs]
        with graph.traced_by(instruction.origin):
            outputs = graph.apply(instruction.primitive, operands, **instruction.params)
        known.update((old.index, new) for old, new in zip(instruction.outputs, outputs, strict=True))


def constant_in(graph: Graph, x: Tensor) -> Tensor:
    """Return what stands in `graph` for a constant of another graph."""
    value = x.graph.constants[x.index]
    return graph.constant(value, value.dtype)


def outputs_in(graph: Graph, tensors: Iterable[Tensor], known: dict[int, Tensor]) -> tuple[Tensor, ...]:
    """Return what stands for tensors of another graph after a replay."""
    return tuple(known[x.index] if x.index in known else constant_in(graph, x) for x in tensors)
