"""Views of views become one view, and views that show their operand as it is disappear.

Here, not while tracing: a gradient may be asked for with respect to the tensor between two views.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pipeline.engine.graph import Instruction, Params, Spec, Tensor
from pipeline.engine.passes.plan import Plan, Rewriter
from pipeline.engine.primitives import PRIMITIVES

Compose = Callable[[Params, Params], Params]


def joined(plan: Plan) -> Plan:
    """Return the plan with neighbouring views of one kind joined."""
    rewriter = Rewriter(plan)
    for old in plan.instructions:
        instruction = _number_first(_flattened(plan, rewriter.taken(old), rewriter), rewriter)
        output = instruction.outputs[0]
        if output.index not in plan.results and _shows_all(instruction):
            rewriter.replace(output, instruction.inputs[0])
        else:
            rewriter.keep(instruction)
    return rewriter.done()


def _flattened(plan: Plan, instruction: Instruction, rewriter: Rewriter) -> Instruction:
    """Return the view of its operand's operand, where that is a view of the same kind."""
    compose = COMPOSED.get(instruction.primitive.name)
    inner = rewriter.maker(instruction.inputs[0], instruction.primitive.name) if compose else None
    if compose is None or inner is None or not _movable(plan, inner):
        return instruction
    params = compose(inner.params, instruction.params)
    return Instruction(instruction.primitive, inner.inputs, params, instruction.outputs)


def _number_first(instruction: Instruction, rewriter: Rewriter) -> Instruction:
    """Return a reshape of a stretched number as that number stretched, which kernels see through."""
    if instruction.primitive.name != "reshape":
        return instruction
    stretched, output = rewriter.maker(instruction.inputs[0], "broadcast_to"), instruction.outputs[0]
    if stretched is None or stretched.inputs[0].size != 1:
        return instruction
    number = rewriter.new(output, Spec((1,) * output.ndim, output.dtype))
    rewriter.add(instruction.primitive, stretched.inputs, {"shape": number.shape}, number)
    return Instruction(PRIMITIVES["broadcast_to"], (number,), {"shape": output.shape}, (output,))


def _movable(plan: Plan, inner: Instruction) -> bool:
    """A reshape may have to copy: two readers of one copy must not become two copies."""
    between: Tensor = inner.outputs[0]
    alone = len(plan.readers.get(between.index, ())) == 1 and between.index not in plan.results
    return inner.primitive.name != "reshape" or alone


def _shows_all(instruction: Instruction) -> bool:
    name, params, x = instruction.primitive.name, instruction.params, instruction.inputs[0]
    if name in ("reshape", "broadcast_to"):
        return bool(x.shape == params["shape"])
    if name == "transpose":
        return tuple(params["axes"]) == tuple(range(-x.ndim, 0))
    if name == "slice":
        return all(cut == (0, n, 1) for cut, n in zip(params["slices"], x.shape, strict=True))
    return name == "stop_gradient"


def _outer(inner: Params, outer: Params) -> Params:
    return outer


def _axes(inner: Params, outer: Params) -> Params:
    return {"axes": tuple(inner["axes"][axis] for axis in outer["axes"])}


def _slices(inner: Params, outer: Params) -> Params:
    pairs = zip(inner["slices"], outer["slices"], strict=True)
    return {"slices": tuple((a + step * b, count, step * by) for (a, _, step), (b, count, by) in pairs)}


COMPOSED: Mapping[str, Compose] = {
    "reshape": _outer,
    "broadcast_to": _outer,
    "transpose": _axes,
    "slice": _slices,
}
