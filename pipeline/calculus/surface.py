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
PORTABLE = 64  # numbers of a member's own that are copied to wherever it is computed
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
        self._all_free = self.size == weights.shape[0]
        self._traced, self._inputs, self._batched = traced, dict(inputs or {}), frozenset(batched)
        self._backend = backend or numpy_backend()
        self._programs: dict[type[Request] | None, Program] = {}
        self._executors: dict[tuple[type[Request] | None, int], Executor] = {}
        self._columns: Executor | None = None

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
        return {name: np.stack([each[slot] for slot in range(len(weights))]) for name, each in found.items()}

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
        if self._columns is None:
            self._columns = self._bind(self._program(Curve), width, {DIRECTION})
        executor = self._columns
        self._hand(executor, slot)
        self._write(executor, WEIGHTS, w)
        hessian = np.empty((self.size, self.size), self.dtype)
        for start in range(0, self.size, width):
            columns = range(start, min(start + width, self.size))
            units = np.zeros((width, self.size), self.dtype)
            units[range(len(columns)), columns] = 1
            self._write(executor, DIRECTION, units)
            executor.run()
            hessian[columns.start : columns.stop] = self._read(executor, "product")[: len(columns)]
        return hessian

    # Programs

    def _run(
        self,
        kind: type[Request] | None,
        weights: Mapping[int, Array],
        vectors: Mapping[int, Array] | None = None,
    ) -> dict[str, dict[int, Array]]:
        """Return the results of those who ask, by name and slot."""
        width = self._width(len(weights))
        if (kind, width) not in self._executors:
            bound = self._bind(self._program(kind), width, {WEIGHTS, DIRECTION, *self._batched})
            self._executors[kind, width] = bound
        executor = self._executors[kind, width]
        places = {slot: slot if width == self.members else place for place, slot in enumerate(weights)}
        for slot, place in places.items():
            if width < self.members:
                self._hand(executor, slot, place)
            self._write(executor, WEIGHTS, weights[slot], place)
            if vectors is not None:
                self._write(executor, DIRECTION, vectors[slot], place)
        executor.run()
        found = {name: self._read(executor, name) for name in executor.outputs}
        return {name: {slot: rows[place] for slot, place in places.items()} for name, rows in found.items()}

    def _width(self, asking: int) -> int:
        """Return for how many members to compute: about as many as ask, where what is theirs is small."""
        own = [self._inputs[name] for name in self._batched if name in self._inputs]
        if any(array[0].size > max(PORTABLE, self.size) for array in own):
            return self.members
        width = self.members
        while width > 1 and (width + 1) // 2 >= asking:
            width = (width + 1) // 2
        return width

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

    def _bind(self, program: Program, width: int, batched: Collection[str]) -> Executor:
        """Bind a program for `width` members, and fill what all of them share."""
        executor = program.bind(width, set(batched) & program.graph.inputs.keys(), self._backend)
        for name in (self._inputs.keys() - self._batched) & executor.inputs.keys():
            self._write(executor, name, self._inputs[name])
        if width == self.members and self._batched <= set(batched):
            for slot in range(width):
                self._hand(executor, slot, slot)
        return executor

    def _hand(self, executor: Executor, slot: int, place: int | None = None) -> None:
        """Give a member's own inputs to one place of an executor, or to all."""
        for name in self._batched & executor.inputs.keys():
            if name in self._inputs and not (name == WEIGHTS and self._all_free):
                self._write(executor, name, self._inputs[name][slot], place)

    def _write(self, executor: Executor, name: str, array: Array, place: int | None = None) -> None:
        if name in executor.inputs:
            buffer = executor.inputs[name]
            buffer = buffer if place is None else buffer[place : place + 1]
            if name == WEIGHTS:
                buffer = buffer[..., : array.shape[-1]]  # those behind are not free
            self._backend.xp.copyto(buffer, self._backend.from_host(array))

    def _read(self, executor: Executor, name: str) -> Array:
        found = self._backend.to_host(executor.outputs[name])
        return np.broadcast_to(found, (executor.members, *executor.program.outputs[name].shape))


ANSWERS: Mapping[type[Request], Callable[[Surface, Any], dict[int, Any]]] = {
    Value: Surface._values,
    Slope: Surface._slopes,
    Curve: Surface._products,
    Gauss: Surface._products,
    Matrix: Surface._matrices,
}
