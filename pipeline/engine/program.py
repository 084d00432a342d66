"""A program: what of a trace is needed for its outputs and updates, in order.

Binding it to a number of members, a set of batched inputs and a backend gives an executor.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from pipeline.engine.graph import Graph, RandomInput, Tensor
from pipeline.engine.trimming import trimmed
from pipeline.errors import ShapeError

if TYPE_CHECKING:
    from pipeline.engine.backends import Backend
    from pipeline.engine.executor import Executor


class Program:
    """The part of a graph that computes `outputs` and `updates`.

    `updates` maps an input's name to the tensor that the input's buffer holds after a run.
    """

    def __init__(
        self, graph: Graph, outputs: Mapping[str, Tensor], updates: Mapping[str, Tensor] | None = None
    ):
        self.graph = graph
        self.outputs = dict(outputs)
        self.updates = dict(updates or {})
        self._check_updates()
        self.instructions = trimmed(graph.instructions, [*self.outputs.values(), *self.updates.values()])
        used = {x.index for instruction in self.instructions for x in instruction.inputs}
        used |= {x.index for x in (*self.outputs.values(), *self.updates.values())}
        self.inputs = {name: x for name, x in graph.inputs.items() if x.index in used or name in self.updates}

    @property
    def randoms(self) -> dict[str, RandomInput]:
        """The random inputs that a run needs, by input name."""
        return {name: value for name, value in self.graph.randoms.items() if name in self.inputs}

    def bind(
        self, members: int, batched: Collection[str], backend: Backend, passes: Collection[str] | None = None
    ) -> Executor:
        """Allocate buffers for `members` and return what runs the program.

        Inputs named in `batched` have a leading member axis; so has whatever depends on them.  `passes` of
        `pipeline.engine.passes` rewrite the plan first; by default those that need no compiling.  No pass
        changes a bit of a result on NumPy.
        """
        from pipeline.engine.executor import Executor

        unknown = set(batched) - set(self.graph.inputs)
        if unknown:
            raise ValueError(f"bind: the graph has no inputs {sorted(unknown)}")
        return Executor(self, members, frozenset(batched), backend, passes=passes)

    def _check_updates(self) -> None:
        for name, tensor in self.updates.items():
            held = self.graph.inputs[name]
            if (held.shape, held.dtype) != (tensor.shape, tensor.dtype):
                raise ShapeError(f"update of {name!r}: {tensor} does not fit into {held}")
