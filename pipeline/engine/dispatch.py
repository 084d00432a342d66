"""Apply a primitive to tensors, or at once to NumPy arrays when no operand is a tensor.

Operands are brought to one dtype and one rank here, so that primitives see equal ranks: a scalar
becomes shape (1, 1) beside a matrix.  Python numbers take the dtype of what they meet.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.engine.graph import Graph, Spec, Tensor
from pipeline.engine.kernels import compute
from pipeline.engine.primitives import PRIMITIVES
from pipeline.errors import ShapeError

Value = Any  # Tensor | numpy array | Python number: what a stage's author handles


def graph_of(values: Sequence[Value]) -> Graph | None:
    """Return the innermost graph of the tensors among `values`, or None."""
    graphs = {id(value.graph): value.graph for value in values if isinstance(value, Tensor)}
    if len(graphs) < 2:
        return next(iter(graphs.values()), None)
    return max(graphs.values(), key=lambda graph: graph.depth)


def apply(name: str, values: Sequence[Value], **params: Any) -> Value:
    """Apply a primitive of one output to operands that are ready (equal rank and dtype where it asks)."""
    graph = graph_of(values)
    if graph is not None:
        return graph.apply(PRIMITIVES[name], [lift(graph, value) for value in values], **params)[0]
    arrays = [np.asarray(value) for value in values]
    return compute(PRIMITIVES[name], arrays, params)[0]


def lift(graph: Graph, value: Value) -> Tensor:
    """Return `value` as a tensor of `graph`."""
    return value if isinstance(value, Tensor) else graph.constant(value)


def elementwise(name: str, *values: Value, align: slice = slice(None)) -> Value:
    """Apply an elementwise primitive; operands in `align` are brought to one dtype, all to one rank."""
    operands = list(values)
    operands[align] = same_dtype(name, operands[align])
    return apply(name, same_rank(operands))


def same_dtype(name: str, values: Sequence[Value]) -> list[Value]:
    """Bring operands to one dtype: bool < int < float; two float dtypes of tensors do not mix."""
    target = common_dtype(name, values)
    return [as_dtype(value, target) for value in values]


def common_dtype(name: str, values: Sequence[Value]) -> np.dtype[Any]:
    """Return the dtype in which an operation on `values` runs."""
    strong = [v.dtype for v in values if isinstance(v, Tensor)]
    graph = graph_of(values)
    if graph is None:
        return np.result_type(*values)
    floats = {dtype for dtype in strong if dtype.kind == "f"}
    if len(floats) > 1:
        raise ShapeError(f"{name}: {' and '.join(sorted(map(str, floats)))} do not mix; use ops.cast")
    if floats:
        return floats.pop()
    if any(np.asarray(v).dtype.kind == "f" for v in values if not isinstance(v, Tensor)):
        return graph.dtype
    weak = [np.asarray(v).dtype for v in values if not isinstance(v, Tensor)]
    return np.result_type(*strong, *weak)


def as_dtype(value: Value, dtype: npt.DTypeLike) -> Value:
    """Return `value` in `dtype`: a cast of a tensor, a copy of an array where needed."""
    if not isinstance(value, Tensor):
        return np.asarray(value, dtype=dtype)
    if value.dtype == dtype:
        return value
    return value.graph.apply(PRIMITIVES["cast"], [value], dtype=np.dtype(dtype).name)[0]


def same_rank(values: Sequence[Value]) -> list[Value]:
    """Bring operands to the largest rank by axes of 1 at the left."""
    rank = max(np.ndim(v) if not isinstance(v, Tensor) else v.ndim for v in values)
    return [reshape(v, (1,) * (rank - len(shape_of(v))) + shape_of(v)) for v in values]


def shape_of(value: Value) -> tuple[int, ...]:
    """Return the shape of a tensor, array or number."""
    return value.shape if isinstance(value, Tensor) else np.shape(value)


def spec_of(value: Value) -> Spec:
    """Return shape and dtype of a tensor, array or number."""
    if isinstance(value, Tensor):
        return value.spec
    array = np.asarray(value)
    return Spec(array.shape, array.dtype)


def reshape(value: Value, shape: tuple[int, ...]) -> Value:
    """Give `value` another shape of as many elements."""
    # A reshape of a reshape stays two: the one between may be what a gradient is asked for.
    return value if shape_of(value) == shape else apply("reshape", [value], shape=shape)
