"""What a checked DAG file says, as plain values: nodes, their edges, the sweep."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.dag.gather import Gather

if TYPE_CHECKING:
    import networkx as nx

    from pipeline.dag.rules import When, Where
    from pipeline.space import Range
    from pipeline.stages.registry import Registry

SEED = "seed"
MOST_TRIALS = 1_000_000


@dataclass(frozen=True, slots=True)
class NodeSpec:
    """A node: its stage, checked and complete options, and by port the nodes it takes.

    `varying` names the options that may differ inside a cohort; `line` and `column` are where it is defined.
    """

    name: str
    stage: str
    kind: str
    options: Mapping[str, Any]
    inputs: Mapping[str, tuple[str, ...]]
    gather: Gather | None = None
    varying: frozenset[str] = frozenset()
    line: int = 0
    column: int = 0


@dataclass(frozen=True, slots=True)
class StageUse:
    """A stage that is no node, a search or a tracker, with its checked options."""

    stage: str
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sweep:
    """What is varied: values or a range by "node.option", and seeds for the nodes that take the trial's seed.

    `when` and `where` are the rules that settings obey; `settings` are those that the file lists, in place
    of a search.  `seeds` is empty where the file names none; then there is no axis of seeds.
    """

    search: StageUse = StageUse("search.grid")
    space: Mapping[str, tuple[Any, ...] | Range] = field(default_factory=dict)
    when: tuple[When, ...] = ()
    where: tuple[Where, ...] = ()
    settings: tuple[Mapping[str, Any], ...] = ()
    seeds: tuple[int, ...] = ()
    seed_nodes: tuple[str, ...] = ()

    def axes_of(self, node: str) -> tuple[str, ...]:
        """Return the axes that a node varies along by itself, in the file's order, the seed last."""
        own = tuple(key for key in self.space if key.partition(".")[0] == node)
        return own + ((SEED,) if self.seeds and node in self.seed_nodes else ())

    @property
    def axes(self) -> tuple[str, ...]:
        """All axes, in the order of labels."""
        return (*self.space, SEED) if self.seeds else tuple(self.space)


@dataclass(frozen=True)
class Dag:
    """A DAG file that was checked; `nodes` are in the order of the file.

    `registry` knows the stages, those of the file's own `plugins` included.
    """

    name: str
    seed: int
    dtype: str
    nodes: Mapping[str, NodeSpec]
    sweep: Sweep
    registry: Registry
    trackers: tuple[StageUse, ...] = ()
    cluster: str | Mapping[str, Any] | None = None
    plugins: tuple[Path, ...] = ()
    path: Path = Path()
    text: str = ""
    overrides: tuple[str, ...] = ()

    @cached_property
    def graph(self) -> nx.DiGraph:
        """The graph: a NodeSpec as `spec` of each node, an edge with its `port` to each that takes it."""
        import networkx as nx

        graph = nx.DiGraph(name=self.name)
        graph.add_nodes_from((name, {"spec": spec}) for name, spec in self.nodes.items())
        for spec in self.nodes.values():
            for port, sources in spec.inputs.items():
                graph.add_edges_from(((source, spec.name) for source in sources), port=port)
        return graph

    def __str__(self) -> str:
        from pipeline.dag.drawing import as_text

        return as_text(self)

    def _repr_html_(self) -> str:
        from pipeline.dag.drawing import as_html

        return as_html(self)
