"""A traced stage as a function from named arrays to named arrays, run for any number of members."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pipeline.engine import Backend, Graph, Program, Tensor, numpy_backend
from pipeline.engine.random import fill, generator
from pipeline.errors import OptionError
from pipeline.testing.subject import NODE, Array, Subject

Tensors = Mapping[str, Any]


@dataclass(frozen=True)
class Case:
    """How a stage is traced: `trace(graph, inputs, options)` gives outputs by name.

    `values` are an example of the inputs.  `eager(inputs, rng, options)` computes the outputs by calling
    the stage with arrays.  Gradients of the outputs in `measured` are checked with respect to the inputs
    in `smooth`.  Members' values differ in `smooth` alone.
    """

    values: Mapping[str, Array]
    trace: Callable[[Graph, Tensors, Mapping[str, Any]], Tensors]
    eager: Callable[[Mapping[str, Array], Replay, Mapping[str, Any]], Tensors] | None = None
    smooth: tuple[str, ...] = ()
    measured: tuple[str, ...] = ()


@dataclass(frozen=True)
class Given:
    """What one member is given: values of the inputs, its float options, its seed."""

    values: Mapping[str, Array]
    options: Mapping[str, float]
    seed: int


@dataclass
class Replay:
    """The `rng` of a direct call: it draws the numbers that the traced computation met."""

    seed: int
    dtype: Any
    _count: int = field(default=0, init=False)

    def normal(self, shape: Sequence[int], name: str = "") -> Array:
        """Draw standard normal numbers."""
        return self._draw("normal", shape, name)

    def uniform(self, shape: Sequence[int], name: str = "") -> Array:
        """Draw uniform numbers in [0, 1)."""
        return self._draw("uniform", shape, name)

    def bernoulli(self, p: Any, shape: Sequence[int], name: str = "") -> Array:
        """Draw ones with probability `p`, zeros otherwise."""
        return np.where(self.uniform(shape, name) < p, 1.0, 0.0).astype(self.dtype)

    def _draw(self, kind: str, shape: Sequence[int], name: str) -> Array:
        out = np.empty(tuple(shape), self.dtype)
        fill(kind, out, self.seed, NODE, name or kind, self._count)
        self._count += 1
        return out


class Trace:
    """A case traced in one dtype.  `extra` may add outputs, made of the graph, inputs and outputs."""

    def __init__(
        self,
        subject: Subject,
        case: Case,
        dtype: str,
        extra: Callable[[Graph, Tensors, Tensors], Tensors] | None = None,
    ):
        self.graph = Graph(dtype)
        inputs = {name: self._input(name, value) for name, value in case.values.items()}
        outputs = case.trace(self.graph, inputs, subject.placed.traced_options(self.graph))
        self.outputs = {name: self._tensor(value) for name, value in outputs.items()}
        self.added = dict(extra(self.graph, inputs, self.outputs)) if extra else {}
        self.program = Program(self.graph, {**self.outputs, **self.added})

    def run(self, members: Sequence[Given], backend: Backend | None = None) -> list[dict[str, Array]]:
        """Run the members as one cohort; return the outputs of each."""
        backend = backend or numpy_backend()
        executor = self.program.bind(len(members), self.program.inputs.keys(), backend)
        for name, buffer in executor.inputs.items():
            values = np.stack([self._value(name, member) for member in members])
            backend.xp.copyto(buffer, backend.from_host(values.astype(buffer.dtype)))
        executor.run()
        found = {name: backend.to_host(array).copy() for name, array in executor.outputs.items()}
        batched = {name: executor.is_batched(tensor) for name, tensor in self.program.outputs.items()}
        return [
            {name: array[slot] if batched[name] else array for name, array in found.items()}
            for slot in range(len(members))
        ]

    def _input(self, name: str, value: Array) -> Tensor:
        dtype = self.graph.dtype if np.asarray(value).dtype.kind == "f" else np.asarray(value).dtype
        return self.graph.input(name, np.shape(value), dtype)

    def _tensor(self, value: Any) -> Tensor:
        return value if isinstance(value, Tensor) else self.graph.constant(value)

    def _value(self, name: str, member: Given) -> Array:
        if name in member.values:
            return np.asarray(member.values[name])
        if name in self.program.randoms:
            random = self.program.randoms[name]
            drawn = np.empty(random.spec.shape, random.spec.dtype)
            fill(random.kind, drawn, member.seed, *random.key)
            return drawn
        return np.asarray(member.options[name.removeprefix(f"{NODE}.")])


def members(subject: Subject, case: Case, count: int) -> list[Given]:
    """Make members that differ in their values, their seeds and, as far as ranges allow, their options."""
    return [Given(_values(case, seed), _options(subject, seed), seed) for seed in range(count)]


def _values(case: Case, seed: int) -> dict[str, Array]:
    rng = generator(seed, "member", "values")
    return {
        name: value * (1 + 0.05 * rng.normal(size=np.shape(value))) if name in case.smooth else value
        for name, value in case.values.items()
    }


def _options(subject: Subject, seed: int) -> dict[str, float]:
    return {name: _option(subject, name, seed) for name in sorted(subject.stage.varying)}


def _option(subject: Subject, name: str, seed: int) -> float:
    """Return a value near the one that the subject has, another for each seed, inside the range."""
    centre = float(subject.options[name])
    steps = [(seed % 7) / 10, -(seed % 7) / 10]
    for candidate in [centre * (1 + step) if centre else step for step in steps]:
        try:
            return float(subject.stage.check({**subject.options, name: candidate})[name])
        except OptionError:
            continue
    return centre
