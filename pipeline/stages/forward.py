"""The forward pass of trained members, for validation and prediction: no noise, no gradients, in chunks.

A chunk's length does not depend on the number of members, so that a member's outputs are the same alone
and among others, to the last bit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.engine import Backend, Executor, Graph, Program
from pipeline.engine.backends import backend as backend_named
from pipeline.engine.graph import Spec
from pipeline.engine.passes import ALL, PLAIN
from pipeline.errors import DataError, ShapeError
from pipeline.stages.net import Layout, Net, bound, discover
from pipeline.stages.noise import NoRandom
from pipeline.stages.parts import Placed, at
from pipeline.stages.stage import Stage

Array = Any
CHUNK = 256  # rows: large enough for fast products, small enough for a wide cohort of convolutions


class Forward:
    """A model's forward pass for `members` at once, with the loss of each example where targets are given.

    `head` names a further output of the model, to give in place of its outputs.
    `values` are the members' float options, (members,) each, by the name `node.option`.
    """

    def __init__(
        self,
        model: Placed,
        layout: Layout,
        inputs: Spec,
        backend: Backend,
        members: int,
        values: Mapping[str, npt.NDArray[Any]],
        *,
        loss: Placed | None = None,
        targets: Spec | None = None,
        dtype: npt.DTypeLike = "float32",
        head: str = "",
    ):
        self._model, self._loss, self._layout = model, loss, layout
        self._inputs, self._targets, self._head = inputs, targets, head
        self._dtype = np.dtype(dtype)
        self._backend, self._members, self._values = backend, members, values
        self._executors: dict[tuple[int, bool], Executor] = {}

    def run(
        self, weights: Array, inputs: Sequence[Array], targets: Sequence[Array] = ()
    ) -> Iterator[tuple[slice, dict[str, npt.NDArray[Any]]]]:
        """Yield chunks: the rows, and `outputs` (members, rows, outputs) and `losses` (members, rows).

        All arrays given are on the backend.  `weights` are (members, size); `inputs` and `targets` hold one
        array for all members or one for each.
        """
        rows = len(inputs[0])
        for start in range(0, rows, CHUNK):
            chunk = slice(start, min(start + CHUNK, rows))
            executor = self._executor(chunk.stop - chunk.start, shared=len(inputs) == 1)
            if "weights" in executor.inputs:
                self._backend.xp.copyto(executor.inputs["weights"], weights)
            self._fill_rows(executor, "inputs", inputs, chunk)
            self._fill_rows(executor, "targets", targets, chunk)
            executor.run()
            yield chunk, {name: self._fetched(executor, name) for name in executor.outputs}

    def outputs(self, weights: Array, inputs: Sequence[Array]) -> npt.NDArray[Any]:
        """Return the outputs of all rows, (members, rows, outputs)."""
        chunks = [found["outputs"].copy() for _, found in self.run(weights, inputs)]
        return np.concatenate(chunks, axis=1)

    def _executor(self, rows: int, shared: bool) -> Executor:
        if (rows, shared) not in self._executors:
            program = self._trace(rows)
            batched = {"weights", *(self._values.keys() & program.graph.inputs.keys())}
            batched |= set() if shared else {"inputs", "targets"} & program.graph.inputs.keys()
            passes = ALL if self._backend.fuse is not None else PLAIN  # a GPU compiles kernels in any case
            executor = program.bind(self._members, batched, self._backend, passes)
            for name in self._values.keys() & executor.inputs.keys():
                self._backend.xp.copyto(executor.inputs[name], self._backend.from_host(self._values[name]))
            self._executors[rows, shared] = executor
        return self._executors[rows, shared]

    def _trace(self, rows: int) -> Program:
        graph = Graph(self._dtype)
        x = graph.input("inputs", (rows, *self._inputs.shape), self._inputs.dtype)
        weights = graph.input("weights", (self._layout.size,))
        net = Net(bound(self._layout.bind(weights)), rng=NoRandom())
        with at(self._model.node, self._model.stage.ref):
            outputs = self._model.stage.function(x, net, **self._model.traced_options(graph))
        if self._head and self._head not in net.heads:
            raise DataError(f"the model has no head {self._head!r}\n    allowed: {', '.join(net.heads)}")
        results = {"outputs": net.heads[self._head] if self._head else outputs}
        if self._loss is not None and self._targets is not None:
            y = graph.input("targets", (rows, *self._targets.shape), self._targets.dtype)
            with at(self._loss.node, self._loss.stage.ref):
                losses = self._loss.stage.function(outputs, y, **self._loss.traced_options(graph))
            results["losses"] = sum(net.costs, losses)
        return Program(graph, results)

    def _fill_rows(self, executor: Executor, name: str, arrays: Sequence[Array], chunk: slice) -> None:
        if name not in executor.inputs:
            return
        buffer = executor.inputs[name]
        places = [buffer] if len(arrays) == 1 else list(buffer)
        for place, array in zip(places, arrays, strict=True):
            self._backend.xp.copyto(place, array[chunk])

    def _fetched(self, executor: Executor, name: str) -> npt.NDArray[Any]:
        tensor = executor.program.outputs[name]
        found = self._backend.to_host(executor.outputs[name])
        return np.broadcast_to(found, (self._members, *tensor.shape))


def forward(
    stage: Stage,
    options: Mapping[str, Any] | Sequence[Mapping[str, Any]],
    parameters: Sequence[Mapping[str, npt.NDArray[Any]]],
    inputs: npt.NDArray[Any],
    *,
    node: str = "model",
    backend: str = "numpy",
    head: str = "",
) -> npt.NDArray[Any]:
    """Return what trained members of one architecture say to `inputs`: (members, rows, outputs).

    `stage` is the model's, `options` its complete options (`outputs` filled in), one mapping for all members
    or one for each (floats may differ); `parameters` are each member's arrays by name, all of one dtype.
    ShapeError if the inputs do not fit.  `head` names a further output, to give in their place.
    """
    each = [options] * len(parameters) if isinstance(options, Mapping) else list(options)
    dtype = next(iter(parameters[0].values())).dtype
    model = Placed(node, stage, each[0])
    place = backend_named(backend)
    spec = Spec(tuple(inputs.shape[1:]), dtype if inputs.dtype.kind == "f" else inputs.dtype)
    layout = layout_of(model, spec, dtype, parameters[0])
    values = {f"{node}.{name}": np.array([one[name] for one in each], dtype=dtype) for name in model.varying}
    weights = np.stack([_flat(layout, one) for one in parameters])
    pass_ = Forward(model, layout, spec, place, len(parameters), values, dtype=dtype, head=head)
    return pass_.outputs(place.from_host(weights), [place.from_host(np.asarray(inputs, dtype=spec.dtype))])


def layout_of(
    model: Placed, inputs: Spec, dtype: npt.DTypeLike, parameters: Mapping[str, npt.NDArray[Any]]
) -> Layout:
    """Return where a trained model's parameters lie; ShapeError where they are not those of such inputs."""
    graph = Graph(dtype)
    net = discover(graph)
    with at(f"{model.node} ({model.stage.ref}): inputs of shape (rows, {', '.join(map(str, inputs.shape))})"):
        model.stage.function(
            graph.input("inputs", (2, *inputs.shape), inputs.dtype), net, **model.traced_options(graph)
        )
        wanted = {name: parameter.shape for name, parameter in net.declared.items()}
        given = {name: array.shape for name, array in parameters.items()}
        for name in sorted(wanted.keys() | given.keys()):
            if wanted.get(name) != given.get(name):
                raise ShapeError(
                    f"parameter {name!r} is {wanted.get(name, 'absent')} for such inputs, but was trained as "
                    f"{given.get(name, 'absent')}; give inputs prepared like those of training"
                )
    return Layout(list(net.declared.values()))


def _flat(layout: Layout, parameters: Mapping[str, npt.NDArray[Any]]) -> npt.NDArray[Any]:
    return np.concatenate([parameters[name].reshape(-1) for name in layout.parameters])
