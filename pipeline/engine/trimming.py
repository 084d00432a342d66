"""What a program leaves out: instructions that nothing needs, and what nothing needs of a recurrence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import compress

from pipeline.engine.graph import Instruction, Tensor
from pipeline.engine.scan import Body


def trimmed(instructions: Iterable[Instruction], results: Iterable[Tensor]) -> list[Instruction]:
    """Return the instructions that `results` need, in their order, recurrences without what is not needed."""
    needed = {tensor.index for tensor in results}
    kept = []
    for instruction in reversed(list(instructions)):
        if any(output.index in needed for output in instruction.outputs):
            chosen = _recurrence(instruction, needed) if instruction.primitive.name == "scan" else instruction
            needed.update(x.index for x in chosen.inputs)
            kept.append(chosen)
    return kept[::-1]


def _recurrence(instruction: Instruction, needed: set[int]) -> Instruction:
    """Return a recurrence that makes only the needed ones of its outputs."""
    body: Body = instruction.params["body"]
    asked = [output.index in needed for output in instruction.outputs]
    wanted = list(compress(body.outputs, asked))
    while True:  # a carry that is read keeps what the next step reads
        read = _read(body, wanted)
        more = [new for old, new in zip(body.carries, body.next_carries, strict=True) if old.index in read]
        if {x.index for x in more} <= {x.index for x in wanted}:
            break
        wanted += more
    loops = [old.index in read or flag for old, flag in zip(body.carries, asked, strict=False)]
    kept = [*loops, *asked[len(loops) :]]
    inputs = [x.index in read for x in body.inputs]
    inputs[len(body.constants) : len(body.constants) + len(loops)] = loops
    if all(kept) and all(inputs):
        return instruction
    small = _cut(body, inputs, kept)
    return replace(
        instruction,
        inputs=tuple(compress(instruction.inputs, inputs)),
        params={**instruction.params, "body": small},
        outputs=tuple(compress(instruction.outputs, kept)),
    )


def _read(body: Body, wanted: Sequence[Tensor]) -> set[int]:
    """Return the tensors of a body that `wanted` depend on, themselves among them."""
    read = {x.index for x in wanted}
    for instruction in reversed(body.graph.instructions):
        if any(output.index in read for output in instruction.outputs):
            read.update(x.index for x in instruction.inputs)
    return read


def _cut(body: Body, inputs: Sequence[bool], outputs: Sequence[bool]) -> Body:
    constants, carries, terms = len(body.constants), len(body.carries), len(body.terms)
    return Body(
        body.graph,
        tuple(compress(body.constants, inputs)),
        tuple(compress(body.carries, inputs[constants:])),
        tuple(compress(body.slices, inputs[constants + carries :])),
        tuple(compress(body.next_carries, outputs)),
        tuple(compress(body.terms, outputs[carries:])),
        tuple(compress(body.results, outputs[carries + terms :])),
    )
