"""Edges between nodes: do the named nodes exist, do the ports fit, is there a cycle, is anything unused."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.dag import reading
from pipeline.dag.labels import article
from pipeline.dag.located import Located
from pipeline.dag.nodes import Draft
from pipeline.dag.order import cycles
from pipeline.dag.problems import Problems
from pipeline.hooks import KINDS, Kind, Port
from pipeline.stages.pairing import mismatch, spared

# What these give is a result by itself; everything else is there for another node.
_RESULTS = ("predictor", "metrics")


def wire(drafts: Mapping[str, Draft], problems: Problems) -> None:
    """Check all inputs, look for cycles and for nodes that nothing takes."""
    for draft in drafts.values():
        _check_missing(draft, drafts, problems)
        _check_trained(draft, drafts, problems)
        for port, sources in draft.inputs.items():
            for source in sources:
                draft.sound &= _fits(draft, port, source, drafts, problems)
    _check_cycles(drafts, problems)
    _check_unused(drafts, problems)


def _check_missing(draft: Draft, drafts: Mapping[str, Draft], problems: Problems) -> None:
    ports = draft.kind.ports if draft.kind else {}
    for port, spec in ports.items():
        if spec.required and port not in draft.named_ports and not _spared(draft, port):
            draft.sound = False
            draft.wants.add(spec.accepts)
            problems.add(
                draft.at,
                f"{draft.name!r} lacks its input {port!r}, {article(spec.accepts)}",
                allowed=_giving(spec, draft, drafts),
            )


def _spared(draft: Draft, port: str) -> bool:
    """Return whether a train node has no use for a port that others need."""
    return draft.stage is not None and draft.stage.kind == "train" and spared(draft.stage, port)


def _check_trained(draft: Draft, drafts: Mapping[str, Draft], problems: Problems) -> None:
    """Check that a train node, its model and its parts fit: for steps, own steps, or estimators."""
    for source in draft.inputs.get("model", ()):
        model = drafts.get(str(source.value))
        if draft.stage is None or model is None or model.stage is None:
            continue
        why, hint = mismatch(draft.stage, model.stage, draft.named_ports)
        if why:
            draft.sound = False
            problems.add(draft.at, f"{draft.name!r} ({draft.stage.ref}): {why}", hint=hint)


def _fits(draft: Draft, port: str, source: Located, drafts: Mapping[str, Draft], problems: Problems) -> bool:
    name = str(source.value)
    spec = draft.kind.ports.get(port) if draft.kind else None
    if name not in drafts:
        draft.wants.update([spec.accepts] if spec else ())
        reading.unknown(
            source, f"there is no node {name!r}", [other for other in drafts if other != draft.name], problems
        )
        return False
    giver = drafts[name].kind
    if giver and spec and giver.gives != spec.accepts:
        draft.wants.add(spec.accepts)
        problems.add(
            source,
            f"{name!r} gives {article(giver.gives)}, but the input {port!r} of {draft.name!r} takes "
            f"{article(spec.accepts)}",
            allowed=_giving(spec, draft, drafts),
        )
        return False
    return True


def _giving(port: Port, draft: Draft, drafts: Mapping[str, Draft]) -> list[str]:
    others = [other for other in drafts.values() if other.kind and other is not draft]
    found = [other.name for other in others if other.kind and other.kind.gives == port.accepts]
    return found or [f"no node yet: add one that gives {article(port.accepts)}"]


def _check_cycles(drafts: Mapping[str, Draft], problems: Problems) -> None:
    for cycle in cycles({name: draft.takes & drafts.keys() for name, draft in drafts.items()}):
        first = next(name for name in drafts if name in cycle)
        start = cycle.index(first)
        shown = " -> ".join([*cycle[start:-1], *cycle[:start], first])
        problems.add(drafts[first].at, f"a cycle: {shown}", hint="no node can wait for itself")
        for name in cycle:
            drafts[name].sound = False


def _check_unused(drafts: Mapping[str, Draft], problems: Problems) -> None:
    taken = set().union(*(draft.takes for draft in drafts.values()))
    wanted = set().union(*(draft.wants for draft in drafts.values()))
    for draft in drafts.values():
        gives = draft.kind.gives if draft.kind else ""
        # Where an input is missing or wrong, what could have been meant is not unused as well.
        if gives and gives not in (*_RESULTS, *wanted) and draft.name not in taken:
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
