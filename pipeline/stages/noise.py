"""The `rng` of a traced stage: random inputs of the step, keyed by what they are for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pipeline.engine import ops
from pipeline.errors import StageError

if TYPE_CHECKING:
    from pipeline.engine import Graph, Tensor

Path = tuple[str | int, ...]


class TracedRandom:
    """Draws of one path: (node, what for).  Each draw is a random input of the graph.

    Draws are counted from 0, so the same path asked again in one trace gives the same tensors: a second
    forward pass meets the same noise.
    """

    def __init__(self, graph: Graph, *path: str | int):
        self._graph = graph
        self._path = path
        self._count = 0

    def normal(self, shape: Sequence[int], name: str = "") -> Tensor:
        """Draw standard normal numbers, anew at each step."""
        return self._draw("normal", shape, name)

    def uniform(self, shape: Sequence[int], name: str = "") -> Tensor:
        """Draw uniform numbers in [0, 1), anew at each step."""
        return self._draw("uniform", shape, name)

    def bernoulli(self, p: float | Tensor, shape: Sequence[int], name: str = "") -> Tensor:
        """Draw ones with probability `p`, zeros otherwise, anew at each step; in the weights' dtype."""
        return ops.where(self.uniform(shape, name) < p, 1.0, 0.0)  # type: ignore[no-any-return]

    def _draw(self, kind: str, shape: Sequence[int], name: str) -> Tensor:
        key = (*self._path, name or kind, self._count)
        self._count += 1
        return drawn(self._graph, kind, tuple(shape), key)


def drawn(graph: Graph, kind: str, shape: tuple[int, ...], key: Path) -> Tensor:
    """Return the graph's random input under `key`, made when it is first asked for."""
    for name, known in graph.randoms.items():
        if known.key == key:
            if (known.kind, known.spec.shape) != (kind, shape):
                raise StageError(
                    f"draw {key} is {known.kind} {known.spec.shape} and {kind} {shape} in one trace"
                )
            return graph.inputs[name]
    return graph.random(kind, shape, key)


class NoRandom:
    """The `rng` outside of training: every draw is an error, for a prediction must not depend on chance."""

    def normal(self, shape: Sequence[int], name: str = "") -> Tensor:
        """Refuse."""
        raise StageError("net.rng is for training: ask `if net.training` before drawing")

    def uniform(self, shape: Sequence[int], name: str = "") -> Tensor:
        """Refuse."""
        return self.normal(shape, name)

    def bernoulli(self, p: float | Tensor, shape: Sequence[int], name: str = "") -> Tensor:
        """Refuse."""
        return self.normal(shape, name)
