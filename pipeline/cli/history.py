"""A past run as the record that `plait run --json` printed, read from the store's records."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import PlaitError

if TYPE_CHECKING:
    from pipeline.dag.spec import NodeSpec
    from pipeline.running.outcomes import Outcome
    from pipeline.running.records import NodeRow, Records, RunRow


def recorded(records: Records, which: str) -> dict[str, Any]:
    """Return the record of the run that `which` names, with what is only kept there: text, version, times.

    UserError if there is no such run.
    """
    run = records.run(which)
    rows = records.nodes(run.id)
    return {
        **in_short(run),
        "cached": sum(row.cached for row in rows),
        "store": str(records.path.parent),
        "overrides": list(run.overrides),
        "version": run.version,
        "machine": dict(run.machine),
        "text": run.text,
        "trials": [_trial(row) for row in records.trials(run.id)],
        "nodes": _nodes(run, rows),
    }


def in_short(run: RunRow) -> dict[str, Any]:
    """Return what a list of runs says of one; `started` is in seconds since the epoch."""
    return {
        "run": run.id,
        "name": run.name,
        "file": run.dag,
        "state": run.state,
        "started": run.started,
        "seconds": run.seconds,
        "seed": run.seed,
    }


def _trial(row: Any) -> dict[str, Any]:
    return {
        "id": row.id,
        "label": row.label,
        "options": dict(row.settings),
        "seed": row.seed,
        "state": row.state,
        "metrics": dict(row.metrics),
    }


def _nodes(run: RunRow, rows: list[NodeRow]) -> dict[str, dict[str, Any]]:
    from pipeline.running.standing import node_json

    specs = _specs(run)
    by_node: dict[str, list[NodeRow]] = {}
    for row in rows:
        by_node.setdefault(row.node, []).append(row)
    counts = {name: node["instances"] for name, node in run.plan.get("nodes", {}).items()}
    return {
        name: node_json(
            specs.get(name) or _bare(run, found[0]),
            [_outcome(row) for row in found],
            counts.get(name, len(found)),
        )
        for name, found in by_node.items()
    }


def _specs(run: RunRow) -> Mapping[str, NodeSpec]:
    """Return what the run's file said of its nodes; nothing where a plugin that it needs is gone."""
    from pipeline.dag.file import read_text
    from pipeline.running.models import registry_of

    try:
        return read_text(run.text, registry_of(run), run.overrides, Path(run.dag)).nodes
    except PlaitError:
        return {}


def _bare(run: RunRow, row: NodeRow) -> NodeSpec:
    from pipeline.dag.spec import NodeSpec

    stage = run.plan.get("nodes", {}).get(row.node, {}).get("stage", row.kind)
    return NodeSpec(row.node, stage, row.kind, {}, {})


def _outcome(row: NodeRow) -> Outcome:
    from pipeline.running.outcomes import Outcome

    said = row.error or {}
    text = "\n".join(part for part in (said.get("message", ""), said.get("hint", "")) if part)
    noted = said.get("cause") == "note"
    return Outcome(
        instance=0,
        label=row.instance,
        state=row.state,  # type: ignore[arg-type]  # one that still runs is shown as it is
        key=row.key,
        metrics=row.metrics,
        seconds=row.seconds or 0.0,
        error="" if noted else text,
        log=row.log,
        notes=(text,) if noted and text else (),
    )
