"""From nodes and sweep to a graph of checked nodes: the parts of a DAG file that depend on each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pipeline.dag import gathers, nodes, sweeps, wiring
from pipeline.dag.located import Located
from pipeline.dag.nodes import Draft
from pipeline.dag.problems import Problems
from pipeline.dag.spec import NodeSpec, Sweep

if TYPE_CHECKING:
    from pipeline.stages.registry import Registry


def build(
    root: Located,
    nodes_at: Located | None,
    sweep_at: Located | None,
    seed: int,
    registry: Registry,
    problems: Problems,
) -> tuple[dict[str, NodeSpec], Sweep]:
    """Return the nodes in the order of the file, and the sweep; both hold if no problem was noted."""
    if nodes_at is None and isinstance(root.value, Mapping):
        problems.add(root, "the key 'nodes' is missing", hint="a DAG has one node or more")
    drafts = nodes.read(nodes_at, registry, problems) if nodes_at else {}
    wiring.wire(drafts, problems)
    before = len(problems.found)
    draft = sweeps.read(sweep_at, drafts, seed, registry, problems) if sweep_at else None
    nodes.check_options(drafts, draft.first_values() if draft else {}, problems)
    sweep = sweeps.finish(draft, drafts, problems) if draft else Sweep()
    certain = len(problems.found) == before
    specs = {name: _spec(draft, problems) for name, draft in drafts.items()}
    if certain:
        gathers.check(specs, sweep, drafts, problems)
    return specs, sweep


def _spec(draft: Draft, problems: Problems) -> NodeSpec:
    stage = draft.stage
    gather = gathers.read(draft, problems)
    draft.sound &= (gather is None) == (draft.gather is None)
    return NodeSpec(
        name=draft.name,
        stage=stage.ref if stage else "",
        kind=stage.kind if stage else "",
        options=draft.options,
        inputs={port: tuple(str(at.value) for at in sources) for port, sources in draft.inputs.items()},
        gather=gather,
        varying=stage.varying if stage else frozenset(),
        line=draft.at.line,
        column=draft.at.column,
    )
