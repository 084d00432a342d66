"""Along which axes each node varies: its own, those of what it takes, less what it gathers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.dag.spec import NodeSpec, Sweep
from pipeline.hooks import KINDS

if TYPE_CHECKING:
    import networkx as nx


@dataclass(frozen=True, slots=True)
class NodeAxes:
    """A node's `axes` in the sweep's order, and the axes of what it gathers, () where it gathers nothing."""

    axes: tuple[str, ...]
    gathered: tuple[str, ...] = ()


def is_component(kind: str) -> bool:
    """Say whether nodes of `kind` are parts of a train node, with no result of their own."""
    return kind in KINDS and KINDS[kind].traced


def gathering_port(kind: str) -> str | None:
    """Return the port through which a node of `kind` can gather: the one that takes several results."""
    ports = KINDS[kind].ports if kind in KINDS else {}
    return next((name for name, port in ports.items() if port.many and not is_component(port.accepts)), None)


def node_axes(graph: nx.DiGraph, sweep: Sweep) -> dict[str, NodeAxes]:
    """Return the axes of every node of an acyclic graph of NodeSpecs, each after what it takes."""
    import networkx as nx

    found: dict[str, NodeAxes] = {}
    order = {name: number for number, name in enumerate(graph)}
    for name in nx.lexicographical_topological_sort(graph, key=order.__getitem__):
        found[name] = _axes(graph.nodes[name]["spec"], graph, sweep, found)
    return found


def _axes(spec: NodeSpec, graph: nx.DiGraph, sweep: Sweep, found: dict[str, NodeAxes]) -> NodeAxes:
    port_of_gather = gathering_port(spec.kind) if spec.gather else None
    mapped, gathered = set(sweep.axes_of(spec.name)), set[str]()
    for source, _, port in graph.in_edges(spec.name, data="port"):
        (gathered if port == port_of_gather else mapped).update(found[source].axes)
    kept = spec.gather.kept(gathered) if spec.gather else ()
    return NodeAxes(_in_order(sweep, mapped.union(kept)), _in_order(sweep, gathered))


def _in_order(sweep: Sweep, axes: Iterable[str]) -> tuple[str, ...]:
    wanted = set(axes)
    return tuple(axis for axis in sweep.axes if axis in wanted)
