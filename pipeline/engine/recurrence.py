"""How a scan runs: one bound body, replayed for each step, with slices copied in and results out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipeline.engine.graph import Tensor
from pipeline.engine.kernels import Array, Site
from pipeline.engine.program import Program
from pipeline.engine.scan import Body, input_names


class Recurrence:
    """A scan instruction at its place: operands and results are bound, `run` performs all steps."""

    def __init__(self, site: Site):
        body: Body = site.params["body"]
        self._copy = site.xp.copyto
        self._add = site.xp.add
        self._length = site.params["length"]
        self._reverse = site.params["reverse"]
        names = input_names(body.graph)
        constants, carries, slices = _split(site.ins, body)
        lead = int(any(site.batched))
        program = Program(
            body.graph,
            {f"out{i}": x for i, x in enumerate(body.outputs)},
            {names[x.index]: new for x, new in zip(body.carries, body.next_carries, strict=True)},
        )
        assert site.nest is not None
        executor = site.nest(program, _batched(body, names, site), _named(body.constants, names, constants))
        self._step = executor.run
        self._initial = [
            (executor.inputs[names[x.index]], a) for x, a in zip(body.carries, carries, strict=True)
        ]
        self._slices = [
            (executor.inputs[names[x.index]], a, int(flag))
            for x, a, flag in zip(
                body.slices, slices, site.batched[len(constants) + len(carries) :], strict=True
            )
            if names[x.index] in executor.inputs
        ]
        self._bind_results(body, executor.outputs, site.outs, lead)

    def _bind_results(self, body: Body, inner: Mapping[str, Array], outs: Sequence[Array], lead: int) -> None:
        carries, terms = len(body.carries), len(body.terms)
        found = [inner[f"out{i}"] for i in range(len(body.outputs))]
        self._last = [(out, buffer) for out, (buffer, _) in zip(outs[:carries], self._initial, strict=True)]
        self._sums = list(zip(outs[carries : carries + terms], found[carries : carries + terms], strict=True))
        self._results = [
            (out, array, lead)
            for out, array in zip(outs[carries + terms :], found[carries + terms :], strict=True)
        ]

    def run(self) -> None:
        """Perform all steps."""
        for buffer, value in self._initial:
            self._copy(buffer, value)
        for total, _ in self._sums:
            total.fill(0)
        for step in reversed(range(self._length)) if self._reverse else range(self._length):
            self._one(step)
        for out, buffer in self._last:
            self._copy(out, buffer)

    def _one(self, step: int) -> None:
        for buffer, sequence, lead in self._slices:
            self._copy(buffer, sequence[:, step] if lead else sequence[step])
        self._step()
        for total, term in self._sums:
            self._add(total, term, out=total)
        for stacked, result, lead in self._results:
            self._copy(stacked[:, step] if lead else stacked[step], result)


def _split(arrays: Sequence[Array], body: Body) -> tuple[Sequence[Array], Sequence[Array], Sequence[Array]]:
    first = len(body.constants)
    second = first + len(body.carries)
    return arrays[:first], arrays[first:second], arrays[second:]


def _named(tensors: Sequence[Tensor], names: Mapping[int, str], arrays: Sequence[Array]) -> dict[str, Array]:
    return {names[tensor.index]: array for tensor, array in zip(tensors, arrays, strict=True)}


def _batched(body: Body, names: Mapping[int, str], site: Site) -> frozenset[str]:
    """Return the body's inputs that have a member axis: carries all, if anything has."""
    chosen = {x.index for x, flag in zip(body.inputs, site.batched, strict=True) if flag}
    if chosen:
        chosen |= {x.index for x in body.carries}
    return frozenset(names[index] for index in chosen)
