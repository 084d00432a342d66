"""Edges between nodes: do the named nodes exist, do the ports fit, is there a cycle, is anything unused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pipeline.dag import reading
from pipeline.dag.located import Located
from pipeline.dag.nodes import Draft
from pipeline.dag.problems import Problems
from pipeline.errors import nearest
from pipeline.hooks import KINDS, Kind, Port

if TYPE_CHECKING:
    import networkx as nx

# What these give is a result by itself; everything else is there for another node.
_RESULTS = ("predictor", "metrics")


def wire(drafts: Mapping[str, Draft], problems: Problems) -> nx.DiGraph:
    """Check all inputs; return the graph of the edges whose two ends exist, nodes in the file's order."""
    import networkx as nx

    graph = nx.DiGraph()
    graph.add_nodes_from(drafts)
    for draft in drafts.values():
        _check_missing(draft, drafts, problems)
        for port, sources in draft.inputs.items():
            for source in sources:
                draft.sound &= _fits(draft, port, source, drafts, problems)
                if source.value in drafts:
                    graph.add_edge(source.value, draft.name, port=port)
    _check_cycles(graph, drafts, problems)
    _check_unused(graph, drafts, problems)
    return graph


def _check_missing(draft: Draft, drafts: Mapping[str, Draft], problems: Problems) -> None:
    ports = draft.kind.ports if draft.kind else {}
    for port, spec in ports.items():
        if spec.required and port not in draft.named_ports:
            draft.sound = False
            problems.add(
                draft.at,
                f"{draft.name!r} lacks its input {port!r}, {_article(spec.accepts)}",
                allowed=_giving(spec, draft, drafts),
            )


def _fits(draft: Draft, port: str, source: Located, drafts: Mapping[str, Draft], problems: Problems) -> bool:
    name = str(source.value)
    if name not in drafts:
        reading.unknown(
            source, f"there is no node {name!r}", [other for other in drafts if other != draft.name], problems
        )
        return False
    giver = drafts[name].kind
    spec = draft.kind.ports.get(port) if draft.kind else None
    if giver and spec and giver.gives != spec.accepts:
        problems.add(
            source,
            f"{name!r} gives {_article(giver.gives)}, but the input {port!r} of {draft.name!r} takes "
            f"{_article(spec.accepts)}",
            allowed=_giving(spec, draft, drafts),
        )
        return False
    return True


def _giving(port: Port, draft: Draft, drafts: Mapping[str, Draft]) -> list[str]:
    others = [other for other in drafts.values() if other.kind and other is not draft]
    found = [other.name for other in others if other.kind and other.kind.gives == port.accepts]
    return found or [f"no node yet: add one that gives {_article(port.accepts)}"]


def _article(noun: str) -> str:
    if noun == "metrics":
        return noun
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"


def _check_cycles(graph: nx.DiGraph, drafts: Mapping[str, Draft], problems: Problems) -> None:
    import networkx as nx

    for component in nx.strongly_connected_components(graph):
        first = next(name for name in drafts if name in component)
        if len(component) > 1 or graph.has_edge(first, first):
            edges = nx.find_cycle(graph.subgraph(component), first)
            shown = " -> ".join([edges[0][0], *(edge[1] for edge in edges)])
            problems.add(drafts[edges[0][0]].at, f"a cycle: {shown}", hint="no node can wait for itself")


def _check_unused(graph: nx.DiGraph, drafts: Mapping[str, Draft], problems: Problems) -> None:
    inputs = [sources for draft in drafts.values() for sources in draft.inputs.values()]
    named = {str(source.value) for sources in inputs for source in sources}
    # A misspelt input is one mistake, not two.
    meant = {nearest(name, drafts) for name in named if name not in drafts}
    for draft in drafts.values():
        result = draft.kind is None or draft.kind.gives in _RESULTS
        if not result and not graph.out_degree(draft.name) and nearest(draft.name, drafts) not in meant:
            takers = [f"{kind.name} ({port})" for kind, port in _taking(draft)]
            problems.add(
                draft.at,
                f"{draft.name!r} is not used by any node",
                hint=f"remove it, or name it as an input of a node of kind {' or '.join(takers)}",
            )


def _taking(draft: Draft) -> list[tuple[Kind, str]]:
    gives = draft.kind.gives if draft.kind else ""
    return [
        (kind, port) for kind in KINDS.values() for port, spec in kind.ports.items() if spec.accepts == gives
    ]


def is_acyclic(graph: nx.DiGraph) -> bool:
    """Say whether no node waits for itself."""
    import networkx as nx

    return bool(nx.is_directed_acyclic_graph(graph))
