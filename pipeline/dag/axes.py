"""Along which axes each node varies: its own, those of what it takes, less what it gathers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pipeline.dag.order import in_order
from pipeline.dag.spec import NodeSpec, Sweep
from pipeline.hooks import KINDS


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


def givers(nodes: Mapping[str, NodeSpec]) -> dict[str, list[str]]:
    """Return, by node, the nodes that it takes."""
    return {
        name: [source for sources in spec.inputs.values() for source in sources if source in nodes]
        for name, spec in nodes.items()
    }


def node_axes(nodes: Mapping[str, NodeSpec], sweep: Sweep) -> dict[str, NodeAxes]:
    """Return the axes of every node of an acyclic graph, each after what it takes."""
    found: dict[str, NodeAxes] = {}
    for name in in_order(givers(nodes)):
        found[name] = _axes(nodes[name], sweep, found)
    return found


def _axes(spec: NodeSpec, sweep: Sweep, found: Mapping[str, NodeAxes]) -> NodeAxes:
    port_of_gather = gathering_port(spec.kind) if spec.gather else None
    mapped, gathered = set(sweep.axes_of(spec.name)), set[str]()
    for port, sources in spec.inputs.items():
        for source in sources:
            (gathered if port == port_of_gather else mapped).update(found[source].axes)
    kept = spec.gather.kept(gathered) if spec.gather else ()
    return NodeAxes(_in_order(sweep, mapped.union(kept)), _in_order(sweep, gathered))


def _in_order(sweep: Sweep, axes: Iterable[str]) -> tuple[str, ...]:
    wanted = set(axes)
    return tuple(axis for axis in sweep.axes if axis in wanted)
