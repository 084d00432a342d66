"""An optimizer traced over all parameters at once where its arithmetic allows, else one by one.

Where every operation on the weights, gradients and state is elementwise, and the same for every shape of
parameter, the optimizer runs once over flat weights: each element meets the same operations either way.
An optimizer that reduces (a norm of a layer, say) or looks at a shape is traced parameter by parameter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from pipeline.engine import Graph, Tensor
from pipeline.engine.graph import Instruction, Spec
from pipeline.errors import StageError

Optimizer = Callable[[Any, Any, Any, Any], tuple[Any, Any]]  # (w, g, state, t) -> (w, state)
Scoped = Callable[[Graph], Optimizer]  # the optimizer with its options as inputs of a graph
Template = Any  # None before the first step, then nested tuples of Specs

FLAT = "weights"


def leaves(state: Any) -> Iterator[Any]:
    """Yield the leaves of nested tuples, from left to right."""
    if isinstance(state, tuple | list):
        for part in state:
            yield from leaves(part)
    else:
        yield state


def mapped(function: Callable[[Any], Any], state: Any) -> Any:
    """Return nested tuples with `function` of each leaf."""
    if isinstance(state, tuple | list):
        return tuple(mapped(function, part) for part in state)
    return function(state)


def state_name(group: str, place: int) -> str:
    """Return the name of the step's input that holds a leaf of a group's state."""
    return f"state:{group}:{place}"


def state_inputs(graph: Graph, group: str, template: Template) -> Any:
    """Return the state as the optimizer sees it: None at first, then inputs in the template's structure."""
    if template is None:
        return None
    names = (state_name(group, place) for place in range(len(list(leaves(template)))))
    return mapped(lambda spec: graph.input(next(names), spec.shape, spec.dtype), template)


def apply(optimizer: Optimizer, w: Tensor, g: Tensor, state: Any, t: Tensor) -> tuple[Tensor, Any]:
    """Call the optimizer and check what it returns; numbers in its state become tensors."""
    result = optimizer(w, g, state, t)
    if not isinstance(result, tuple) or len(result) != 2:
        raise StageError("an optimizer returns (w, state)")
    stepped, after = result
    if not isinstance(stepped, Tensor) or stepped.shape != w.shape:
        raise StageError(f"an optimizer returns w in its shape {w.shape}, this one gave {stepped!r}")
    after = mapped(lambda leaf: leaf if isinstance(leaf, Tensor) else w.graph.constant(leaf), after)
    if state is not None:
        _same_structure(state, after)
    return stepped, after


def _same_structure(before: Any, after: Any) -> None:
    shapes = [mapped(lambda leaf: (leaf.shape, str(leaf.dtype)), state) for state in (before, after)]
    if shapes[0] != shapes[1]:
        raise StageError(
            f"the optimizer's state changes from {shapes[0]} to {shapes[1]}; "
            "it must keep its structure from step to step"
        )


def groups(optimizer: Scoped, shapes: Mapping[str, tuple[int, ...]], dtype: Any) -> list[str]:
    """Return over what the optimizer is traced: [FLAT], or each parameter's name."""
    size = sum(int(np.prod(shape)) for shape in shapes.values())
    flat = _signature(optimizer, (size,), dtype)
    alike = flat is not None and all(
        _signature(optimizer, shape, dtype) == flat for shape in set(shapes.values())
    )
    return [FLAT] if alike else list(shapes)


def _signature(optimizer: Scoped, shape: tuple[int, ...], dtype: Any) -> Any:
    """Return what the optimizer does to an element of a parameter of `shape`, or None if it does more."""
    first = _trace(optimizer, shape, dtype, None)
    described = _described(first)
    if described is None:
        return None
    steady = _described(_trace(optimizer, shape, dtype, template_of(first[1])))
    return None if steady is None else (described, steady)


def _trace(optimizer: Scoped, shape: tuple[int, ...], dtype: Any, template: Template) -> tuple[Tensor, Any]:
    graph = Graph(dtype)
    w, g, t = graph.input("w", shape), graph.input("g", shape), graph.input("t", ())
    return apply(optimizer(graph), w, g, state_inputs(graph, FLAT, template), t)


def _described(result: tuple[Tensor, Any]) -> Any:
    graph = result[0].graph
    known: dict[int, Any] = {tensor.index: name for name, tensor in graph.inputs.items()}
    for index, array in graph.constants.items():
        if array.size != 1:
            return None
        known[index] = ("constant", array.item())
    steps: list[Any] = []
    for instruction in graph.instructions:
        if _passes_on(instruction):
            known[instruction.outputs[0].index] = known[instruction.inputs[0].index]
            continue
        if instruction.primitive.role != "elementwise":
            return None
        operands = tuple(known[tensor.index] for tensor in instruction.inputs)
        steps.append((instruction.primitive.name, operands, tuple(sorted(instruction.params.items()))))
        known[instruction.outputs[0].index] = len(steps)
    outcome = tuple(known[leaf.index] for leaf in leaves(result))
    scalars = tuple(leaf.shape == () for leaf in leaves(result[1]))
    return tuple(steps), outcome, scalars


def _passes_on(instruction: Instruction) -> bool:
    """Return whether an instruction only aligns a scalar with its neighbours' shapes."""
    single = all(length == 1 for length in instruction.inputs[0].shape)
    return instruction.primitive.name == "stop_gradient" or (instruction.primitive.role == "view" and single)


def template_of(state: Any) -> Template:
    """Return the specs of a state, in its structure."""
    return mapped(lambda leaf: Spec(leaf.shape, leaf.dtype), state)
