"""Which part of a DAG a run is about: all of it, what a node needs, or a node alone; and what runs again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.dag.axes import is_component
from pipeline.errors import UserError, nearest

if TYPE_CHECKING:
    from pipeline.dag.spec import Dag

_PREPARES = ("data", "transform")


@dataclass(frozen=True)
class Selection:
    """By node name: `nodes` may run, `wanted` are results to have, `again` run even if they are stored.

    Nodes that only prepare data are not wanted for themselves, unless nothing takes them: they run
    where something that runs needs them.
    """

    nodes: frozenset[str]
    wanted: frozenset[str]
    again: frozenset[str] = frozenset()
    only: str = ""
    to: str = ""


def select_nodes(
    dag: Dag, frm: str | None = None, to: str | None = None, only: str | None = None
) -> Selection:
    """Read `--from`, `--to` and `--only`.  UserError names an unknown node, or one that has no result."""
    for option, name in (("--from", frm), ("--to", to), ("--only", only)):
        if name is not None:
            _known(dag, option, name)
    if only is not None and (to is not None):
        raise UserError("--only and --to exclude each other\n    leave one of them out")
    again = _with_results(dag, _reached(dag, frm, "descendants")) if frm else frozenset()
    if only is not None:
        _has_result(dag, "--only", only)
        return Selection(frozenset({only}), frozenset({only}), again & {only}, only)
    if to is not None:
        _has_result(dag, "--to", to)
        nodes = _with_results(dag, _reached(dag, to, "ancestors"))
        return Selection(nodes, frozenset({to}), again & nodes, to=to)
    nodes = _with_results(dag, set(dag.nodes))
    taken = {source for spec in dag.nodes.values() for many in spec.inputs.values() for source in many}
    wanted = {n for n in nodes if dag.nodes[n].kind not in _PREPARES or n not in taken}
    return Selection(nodes, frozenset(wanted), again)


def _reached(dag: Dag, name: str, way: str) -> set[str]:
    """Return a node and its ancestors or descendants.  Runs of whole files do without NetworkX's import."""
    import networkx as nx

    return {name, *getattr(nx, way)(dag.graph, name)}


def _with_results(dag: Dag, names: set[str]) -> frozenset[str]:
    return frozenset(name for name in names if not is_component(dag.nodes[name].kind))


def _known(dag: Dag, option: str, name: str) -> None:
    if name not in dag.nodes:
        allowed = ", ".join(dag.nodes)
        hint = nearest(name, dag.nodes)
        raise UserError(
            f"{option} {name}: there is no such node\n    allowed: {allowed}\n    {hint}".rstrip()
        )


def _has_result(dag: Dag, option: str, name: str) -> None:
    if is_component(dag.nodes[name].kind):
        users = ", ".join(sorted(_with_results(dag, set(dag.graph.successors(name)))))
        raise UserError(
            f"{option} {name}: this {dag.nodes[name].kind} is a part of {users} and runs only there\n"
            f"    name {users} instead"
        )
