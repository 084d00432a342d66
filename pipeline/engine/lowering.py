"""A primitive that has a kernel on NumPy alone runs elsewhere as the operations that it is made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pipeline.engine.graph import Graph, Spec, Tensor
from pipeline.engine.kernels import Array, Call, Site
from pipeline.engine.program import Program


def lowered(site: Site, function: Callable[..., Tensor]) -> list[Call]:
    """Return the call of a nested program that computes `function(*operands)` into the site's result."""
    specs = [_spec(array, batched) for array, batched in zip(site.ins, site.batched, strict=True)]
    graph = Graph(site.out.dtype)
    operands = [graph.input(f"x{i}", spec.shape, spec.dtype) for i, spec in enumerate(specs)]
    result = _spec(site.out, any(site.batched))
    graph.input("out", result.shape, result.dtype)
    program = Program(graph, {}, {"out": function(*operands)})
    names = [f"x{i}" for i, batched in enumerate(site.batched) if batched]
    arrays: dict[str, Any] = {f"x{i}": array for i, array in enumerate(site.ins)} | {"out": site.out}
    assert site.nest is not None
    return [Call(site.nest(program, frozenset([*names, *(["out"] if names else [])]), arrays).run, ())]


def _spec(array: Array, batched: bool) -> Spec:
    return Spec(array.shape[int(batched) :], array.dtype)
