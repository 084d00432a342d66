"""A scalar function of flat weights, for many members at once: it answers their requests in batched calls.

Members differ in their weights and in the inputs named `batched` (data, options); they never meet in a
computation, so an answer has the same bits alone and among others.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.calculus.derivatives import gauss_newton_product, hessian_product
from pipeline.calculus.requests import Curve, Gauss, Matrix, Request, Slope, Value
from pipeline.engine import Backend, Executor, Graph, Program, Tensor, gradient, numpy_backend, ops

Array = npt.NDArray[Any]
WEIGHTS, DIRECTION = "weights", "direction"
COLUMNS = 64  # of a Hessian at once: a batched product, whose memory stays bounded


@dataclass(frozen=True)
class Traced:
    """A scalar `total` of the input `weights`; through `outputs`, where these are known.

    The first `free` of the weights are what it is a function of, by default all; the others stay as they
    are given.  `reports` are further tensors to be read at a point.
    """

    graph: Graph
    total: Tensor
    outputs: Tensor | None = None
    free: int | None = None
    reports: Mapping[str, Tensor] = field(default_factory=dict)


class Surface:
    """The function that `traced` describes, for `members`; `inputs` fill its other inputs.

    They are arrays on the host.  An input in `batched` is (members, *shape), any other is (*shape) for all;
    `weights` are given there where some of them are not free.
    """

    def __init__(
        self,
        traced: Traced,
        members: int = 1,
        inputs: Mapping[str, Any] | None = None,
        batched: Collection[str] = (),
        backend: Backend | None = None,
    ):
        self.members = members
        weights = traced.graph.inputs[WEIGHTS]
        self.size = int(weights.shape[0]) if traced.free is None else traced.free
        self.dtype = weights.dtype
        self._traced, self._inputs, self._batched = traced, dict(inputs or {}), frozenset(batched)
        self._backend = backend or numpy_backend()
        self._programs: dict[type[Request] | None, Program] = {}
        self._executors: dict[type[Request] | None, Executor] = {}

    def keep(self, slots: Sequence[int]) -> Surface:
        """Return the surface of the members in `slots`; what was traced is kept."""
        inputs = {
            name: array[list(slots)] if name in self._batched else array
            for name, array in self._inputs.items()
        }
        kept = Surface(self._traced, len(slots), inputs, self._batched, self._backend)
        kept._programs = self._programs
        return kept

    def answer(self, requests: Mapping[int, Request]) -> dict[int, Any]:
        """Answer the requests of members by slot: all of one kind in one call."""
        kinds: dict[type[Request], dict[int, Any]] = {}
        for slot, request in requests.items():
            kinds.setdefault(type(request), {})[slot] = request
        answers: dict[int, Any] = {}
        for kind, asked in kinds.items():
            answers |= ANSWERS[kind](self, asked)
        return answers

    def reports(self, weights: Array) -> dict[str, Array]:
        """Return what is to be read at whole weights (members, all of them): name -> (members, *shape)."""
        found = self._run(None, dict(enumerate(weights)))
        return {name: np.array(array) for name, array in found.items()}

    @property
    def bytes_each(self) -> int:
        """The memory that a gradient of one member takes, its data left aside where others share them."""
        program = self._program(Slope)
        alone = program.bind(1, {WEIGHTS} & program.inputs.keys(), self._backend)
        shared = sum(buffer.nbytes for name, buffer in alone.inputs.items() if name not in self._batched)
        return alone.bytes - int(shared)

    # Each kind of request

    def _values(self, asked: Mapping[int, Value]) -> dict[int, float]:
        found = self._run(Value, {slot: request.w for slot, request in asked.items()})
        return {slot: float(found["value"][slot]) for slot in asked}

    def _slopes(self, asked: Mapping[int, Slope]) -> dict[int, tuple[float, Array]]:
        found = self._run(Slope, {slot: request.w for slot, request in asked.items()})
        return {slot: (float(found["value"][slot]), np.array(found["gradient"][slot])) for slot in asked}

    def _products(self, asked: Mapping[int, Curve | Gauss]) -> dict[int, Array]:
        kind = type(next(iter(asked.values())))
        weights = {slot: request.w for slot, request in asked.items()}
        found = self._run(kind, weights, {slot: request.v for slot, request in asked.items()})
        return {slot: np.array(found["product"][slot]) for slot in asked}

    def _matrices(self, asked: Mapping[int, Matrix]) -> dict[int, Array]:
        return {slot: self._matrix(slot, request.w) for slot, request in asked.items()}

    def _matrix(self, slot: int, w: Array) -> Array:
        """Return a member's Hessian: products with the unit vectors, `COLUMNS` of them as members."""
        width = min(COLUMNS, self.size)
        executor = self._bind(self._program(Curve), width, {DIRECTION}, slot)
        self._write(executor, WEIGHTS, w)
        hessian = np.empty((self.size, self.size), self.dtype)
        for start in range(0, self.size, width):
            columns = range(start, min(start + width, self.size))
            units = np.zeros((width, self.size), self.dtype)
            units[range(len(columns)), columns] = 1
            self._write(executor, DIRECTION, units)
            executor.run()
            hessian[columns.start : columns.stop] = self._read(executor, "product", width)[: len(columns)]
        return hessian

    # Programs

    def _run(
        self,
        kind: type[Request] | None,
        weights: Mapping[int, Array],
        vectors: Mapping[int, Array] | None = None,
    ) -> dict[str, Array]:
        if kind not in self._executors:
            self._executors[kind] = self._bind(
                self._program(kind), self.members, {WEIGHTS, DIRECTION, *self._batched}, None
            )
        executor = self._executors[kind]
        for name, rows in ((WEIGHTS, weights), (DIRECTION, vectors or {})):
            if name in executor.inputs:
                for slot, row in rows.items():
                    self._write(executor, name, row, slot)
        executor.run()
        return {name: self._read(executor, name, self.members) for name in executor.outputs}

    def _program(self, kind: type[Request] | None) -> Program:
        if kind not in self._programs:
            self._programs[kind] = Program(self._traced.graph, self._outputs(kind))
        return self._programs[kind]

    def _outputs(self, kind: type[Request] | None) -> Mapping[str, Tensor]:
        graph, total = self._traced.graph, self._traced.total
        w = graph.inputs[WEIGHTS]
        if kind is None:
            return self._traced.reports
        if kind is Value:
            return {"value": total}
        if kind is Slope:
            return {"value": total, "gradient": self._cut(gradient(total, [w])[0])}
        v = graph.inputs.get(DIRECTION)
        v = graph.input(DIRECTION, (self.size,)) if v is None else v
        if self.size < w.shape[0]:
            v = ops.concatenate([v, graph.constant(np.zeros(w.shape[0] - self.size), w.dtype)])
        if kind is Gauss:
            return {"product": self._cut(gauss_newton_product(total, self._traced.outputs, w, v))}
        return {"product": self._cut(hessian_product(total, w, v))}

    def _cut(self, gradient: Tensor) -> Tensor:
        return gradient[: self.size] if self.size < gradient.shape[0] else gradient

    def _bind(self, program: Program, members: int, batched: Collection[str], slot: int | None) -> Executor:
        """Bind a program: for all members, or for the inputs of the one in `slot`."""
        executor = program.bind(members, set(batched) & program.graph.inputs.keys(), self._backend)
        for name in self._inputs.keys() & executor.inputs.keys():
            own = slot is not None and name in self._batched
            array = self._inputs[name][slot] if own else self._inputs[name]
            self._backend.xp.copyto(executor.inputs[name], self._backend.from_host(array))
        return executor

    def _write(self, executor: Executor, name: str, array: Array, slot: int | None = None) -> None:
        if name in executor.inputs:
            buffer = executor.inputs[name] if slot is None else executor.inputs[name][slot]
            self._backend.xp.copyto(buffer[..., : array.shape[-1]], self._backend.from_host(array))

    def _read(self, executor: Executor, name: str, members: int) -> Array:
        found = self._backend.to_host(executor.outputs[name])
        return np.broadcast_to(found, (members, *executor.program.outputs[name].shape))


ANSWERS: Mapping[type[Request], Callable[[Surface, Any], dict[int, Any]]] = {
    Value: Surface._values,
    Slope: Surface._slopes,
    Curve: Surface._products,
    Gauss: Surface._products,
    Matrix: Surface._matrices,
}
