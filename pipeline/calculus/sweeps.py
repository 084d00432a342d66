"""A computation and its derivative, step by step: value and adjoint of every node of a traced graph."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.engine import Graph, Program, Tensor, gradient, numpy_backend
from pipeline.errors import ShapeError

Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Node:
    """A node of a graph: an input, a constant, or an operation on earlier nodes.

    `operands` are places in the tuple of all nodes, which are in the order of the forward sweep.  The adjoint
    is the derivative of the graph's value to this node, in its shape; None where there is none to take.
    """

    name: str
    operation: str
    operands: tuple[int, ...]
    value: Array
    adjoint: Array | None


def sweeps(
    f: Callable[..., Any], *x: npt.ArrayLike, names: Sequence[str] = (), dtype: npt.DTypeLike = "float64"
) -> tuple[Node, ...]:
    """Compute a scalar f(x, ...), written with `ops`, and its derivative to every node of its graph.

    The forward sweep gives the values, the reverse sweep the adjoints (Griewank & Walther 2008, 3.2).
    `names` are the arguments', x0, x1, ... by default.  The last node is the value.
    """
    graph = Graph(dtype)
    arrays = [np.asarray(each) for each in x]
    labels = list(names) or [f"x{i}" for i in range(len(arrays))]
    inputs = [_input(graph, name, array) for name, array in zip(labels, arrays, strict=True)]
    y = f(*inputs)
    if not isinstance(y, Tensor) or y.shape != ():
        raise ShapeError(f"sweeps: the value has shape {np.shape(y)}; reduce it to a scalar, by ops.sum say")
    tensors = _tensors(graph, inputs, y)
    adjoints = {t.index: gradient(y, [t])[0] for t in tensors if _has_adjoint(graph, t)}
    values = _computed(graph, tensors, adjoints, dict(zip(labels, arrays, strict=True)))
    places = {tensor.index: place for place, tensor in enumerate(tensors)}
    named = {tensor.index: name for tensor, name in zip(inputs, labels, strict=True)}
    return tuple(_node(graph, tensor, named, places, *values[tensor.index]) for tensor in tensors)


def _input(graph: Graph, name: str, array: Array) -> Tensor:
    return graph.input(name, array.shape, graph.dtype if array.dtype.kind == "f" else array.dtype)


def _tensors(graph: Graph, inputs: Sequence[Tensor], y: Tensor) -> list[Tensor]:
    """Return what the value is made of, in the order of the forward sweep."""
    steps = Program(graph, {"y": y}).instructions
    used = {x.index: x for step in steps for x in step.inputs}
    constants = [tensor for index, tensor in used.items() if index in graph.constants]
    made = [output for step in steps for output in step.outputs if output.index in used or output is y]
    return [*inputs, *constants, *made] if made else [*inputs]


def _has_adjoint(graph: Graph, tensor: Tensor) -> bool:
    return tensor.dtype.kind == "f" and tensor.index not in graph.constants


def _computed(
    graph: Graph, tensors: Sequence[Tensor], adjoints: dict[int, Tensor], given: dict[str, Array]
) -> dict[int, tuple[Array, Array | None]]:
    """Return the value and the adjoint of each tensor, by its index."""
    wanted = {f"value {tensor.index}": tensor for tensor in tensors}
    wanted |= {f"adjoint {index}": tensor for index, tensor in adjoints.items()}
    executor = Program(graph, wanted).bind(1, (), numpy_backend())
    for name, buffer in executor.inputs.items():
        buffer[...] = given[name]
    executor.run()
    # a copy in the tensor's shape: a stretched result may be kept as one number
    found = {name: np.array(np.broadcast_to(executor.outputs[name], t.shape)) for name, t in wanted.items()}
    return {t.index: (found[f"value {t.index}"], found.get(f"adjoint {t.index}")) for t in tensors}


def _node(
    graph: Graph,
    tensor: Tensor,
    names: dict[int, str],
    places: dict[int, int],
    value: Array,
    adjoint: Array | None,
) -> Node:
    if tensor.source is None:
        name = names.get(tensor.index, "")
        return Node(name, "input" if name else "constant", (), value, adjoint)
    operands = tuple(places[x.index] for x in tensor.source.inputs)
    return Node("", tensor.source.primitive.name, operands, value, adjoint)
