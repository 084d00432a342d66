"""A recurrence: its body is traced and compiled once, whatever the length.

A body maps (constants, carries, one slice of each sequence) to (new carries, terms of sums, one slice of
each result).  Its outputs over all steps are the last carries, the sums and the stacked results.  Sums
exist for gradients: what each step adds to a shared weight's cotangent.  The carries that each step met
are always among the results, for the backward pass (which recomputes the rest of a step).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.engine.dispatch import Value, graph_of, lift, shape_of
from pipeline.engine.graph import Graph, Params, Spec, Tensor
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
) -> tuple[Any, Any]:
    """Run `carry, y = body(carry, x)` over the leading axis of `xs`; return the last carry and stacked ys.

    `carry` and `xs` are tensors or tuples of them, `y` a tensor, a tuple or None.  The body may use tensors
    from outside; it draws no random numbers (draw them outside, as one of `xs`).  With `reverse` the steps
    run from the last to the first; ys keep the order of xs.
    """
    carries, sequences = _tuple(carry), _tuple(xs)
    length = _length(sequences)
    graph = graph_of([*carries, *sequences])
    if graph is None:
        return _scan_now(body, carry, xs, length, reverse)
    carries = tuple(lift(graph, value) for value in carries)
    sequences = tuple(lift(graph, value) for value in sequences)
    inner = Graph(graph.dtype, parent=graph)
    ins = [inner.input(f"carry{i}", value.shape, value.dtype) for i, value in enumerate(carries)]
    cuts = [inner.input(f"x{i}", value.shape[1:], value.dtype) for i, value in enumerate(sequences)]
    new, y = body(_like(carry, ins), _like(xs, cuts))
    traced = _close(inner, ins, cuts, _tuple(new), _tuple(y))
    outputs = graph.apply(
        PRIMITIVES["scan"],
        [*inner.captured, *carries, *sequences],
        body=traced,
        length=length,
        reverse=reverse,
    )
    count = len(carries)
    ys = outputs[count : len(outputs) - count]
    return _like(carry, outputs[:count]), _like(y, ys)


def _close(
    inner: Graph, ins: list[Tensor], cuts: list[Tensor], new: tuple[Value, ...], ys: tuple[Value, ...]
) -> Body:
    """Check the body's outputs and make it a Body, the carries that it met among the results."""
    outs = [lift(inner, value) for value in new]
    if [out.spec for out in outs] != [x.spec for x in ins]:
        raise ShapeError(f"scan: the body turns carries {ins} into {outs}; they must stay alike")
    if inner.randoms:
        raise ShapeError("scan: the body draws random numbers; draw them outside and pass them in xs")
    results = (*(lift(inner, value) for value in ys), *ins)
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


def inline(body: Body, graph: Graph, values: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """Append a body's instructions to `graph` with `values` for its inputs; return its outputs."""
    known: dict[int, Tensor] = {x.index: value for x, value in zip(body.inputs, values, strict=True)}

    def at(x: Tensor) -> Tensor:
        if x.index not in known:
            constant = body.graph.constants[x.index]
            known[x.index] = graph.constant(constant, constant.dtype)
        return known[x.index]

    for instruction in body.graph.instructions:
        outputs = graph.apply(
            instruction.primitive, [at(x) for x in instruction.inputs], **instruction.params
        )
        known.update((old.index, new) for old, new in zip(instruction.outputs, outputs, strict=True))
    return tuple(at(x) for x in body.outputs)


def scan_vjp(cotangents: Sequence[Any], xs: Sequence[Tensor], ys: Any, params: Params) -> Sequence[Any]:
    """Return the operands' cotangents: a scan the other way, whose body is the VJP of the body."""
    from pipeline.engine import ops

    body: Body = params["body"]
    count = len(body.constants), len(body.carries), len(body.terms)
    g = [ops.zeros_like(y) if c is None else c for c, y in zip(cotangents, ys, strict=True)]
    g_carries, g_terms, g_results = g[: count[1]], g[count[1] : count[1] + count[2]], g[count[1] + count[2] :]
    constants, sequences = xs[: count[0]], xs[count[0] + count[1] :]
    met = ys[len(ys) - count[1] :]
    pulled = _pulled_body(body)
    operands = [*constants, *g_terms, *g_carries, *met, *sequences, *g_results]
    outputs = ys[0].graph.apply(
        PRIMITIVES["scan"], operands, body=pulled, length=params["length"], reverse=not params["reverse"]
    )
    return _scatter(body, pulled, outputs)


def _pulled_body(body: Body) -> Body:
    """Trace the VJP of a body: carries are cotangents of carries, sums are cotangents of constants."""
    from pipeline.engine.gradients import vjp

    inner = Graph(body.graph.dtype)
    place = _Place(inner)
    constants, g_terms = place(body.constants), place(body.terms)
    g_carries, met = place(body.next_carries), place(body.carries)
    slices, g_results = place(body.slices), place(body.results)
    # own names for operands: a value used twice must not take the other's cotangent
    outputs = inline(body, inner, [*constants, *met, *slices])
    wrt = [x for x in (*constants, *met, *slices) if x.dtype.kind == "f"]
    seeds = [*g_carries, *g_terms, *g_results]
    pairs = [(y, g) for y, g in zip(outputs, seeds, strict=True) if y.dtype.kind == "f"]
    found = dict(zip(wrt, vjp([y for y, _ in pairs], wrt, [g for _, g in pairs]), strict=True))
    return Body(
        inner,
        (*constants, *g_terms),
        g_carries,
        (*met, *slices, *g_results),
        tuple(found[x] for x in met),
        tuple(found[x] for x in constants if x in found),
        (*(found[x] for x in slices if x in found), *g_carries),
    )


class _Place:
    """Declares inputs like given tensors."""

    def __init__(self, graph: Graph):
        self._graph = graph

    def __call__(self, tensors: Sequence[Tensor]) -> tuple[Tensor, ...]:
        start = len(self._graph.inputs)
        return tuple(
            self._graph.input(f"in{start + i}", tensor.shape, tensor.dtype)
            for i, tensor in enumerate(tensors)
        )


def _scatter(body: Body, pulled: Body, outputs: Sequence[Tensor]) -> list[Any]:
    """Order the pulled scan's outputs as the scan's operands; whole-number operands get None."""
    carries = len(body.carries)
    sums = iter(outputs[carries : carries + len(pulled.terms)])
    results = iter(outputs[carries + len(pulled.terms) :])
    of_constants = [next(sums) if x.dtype.kind == "f" else None for x in body.constants]
    of_slices = [next(results) if x.dtype.kind == "f" else None for x in body.slices]
    return [*of_constants, *outputs[:carries], *of_slices]


def input_names(graph: Graph) -> Mapping[int, str]:
    """Return the names of a graph's inputs by tensor index."""
    return {tensor.index: name for name, tensor in graph.inputs.items()}
