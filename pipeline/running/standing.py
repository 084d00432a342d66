"""What a run's trials and nodes came to, from the outcomes of instances.

A trial has the metrics of its own instances: those of nodes that neither gather trials nor depend on a
node that does.  The metrics of its last train node (measured on validation) keep their plain names; those
of other nodes keep theirs where the name is still free, and are called `node.metric` otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from pipeline.running.outcomes import Outcome, State

if TYPE_CHECKING:
    from pipeline.dag.spec import NodeSpec
    from pipeline.dag.trials import Expansion

WORST_FIRST: Sequence[State] = ("failed", "stopped", "skipped", "done", "cached")
_MEASURED = ("train", "ensemble", "evaluate")


def own_nodes(expansion: Expansion) -> list[str]:
    """Return the nodes with instances of a trial's own, those that come later in the graph last."""
    shared: set[str] = set()
    for node, place in expansion.places.items():
        taken = [source for _, source in (*place.mapped, *place.gathered)]
        if place.spec.gather is not None or shared.intersection(taken):
            shared.add(node)
    kinds = {node: place.spec.kind for node, place in expansion.places.items()}
    return [node for node in expansion.places if node not in shared and kinds[node] in _MEASURED]


def worst(states: Iterable[State]) -> State:
    """Return the state that stands for several: failed before stopped, skipped, done, cached."""
    found = set(states)
    return next((state for state in WORST_FIRST if state in found), "skipped")


def trial_metrics(outcomes: Mapping[str, Outcome], kinds: Mapping[str, str]) -> Mapping[str, float]:
    """Return a trial's metrics from the outcomes of its own nodes, by node and in the graph's order."""
    if len(outcomes) == 1:  # of many trials these need not be there twice
        (outcome,) = outcomes.values()
        return outcome.metrics
    last_train = next((node for node in reversed(list(outcomes)) if kinds[node] == "train"), "")
    order = sorted(outcomes, key=lambda node: node != last_train)
    metrics: dict[str, float] = {}
    for node in order:
        for name, value in outcomes[node].metrics.items():
            metrics[name if name not in metrics else f"{node}.{name}"] = value
    return metrics


def node_json(spec: NodeSpec, outcomes: Sequence[Outcome], instances: int) -> dict[str, Any]:
    """Return what a run says of a node: its state, the mean of each metric over its instances, counts.

    Of several instances, `results` has each one's label, state and metrics.
    """
    good = [outcome for outcome in outcomes if not outcome.lost]
    states: dict[str, int] = {}
    for outcome in outcomes:
        states[outcome.state] = states.get(outcome.state, 0) + 1
    found: dict[str, Any] = {
        "state": worst(outcome.state for outcome in outcomes) if outcomes else "idle",
        "metrics": _means(good),
        "kind": spec.kind,
        "stage": spec.stage,
        "options": dict(spec.options),
        "inputs": {port: list(nodes) for port, nodes in spec.inputs.items()},
        "gather": asdict(spec.gather) if spec.gather else None,
        "instances": instances,
        "states": states,
        "errors": list(dict.fromkeys(o.error for o in outcomes if o.state == "failed"))[:5],
        "notes": list(dict.fromkeys(note for outcome in outcomes for note in outcome.notes))[:5],
    }
    if len(outcomes) > 1 and spec.kind in ("ensemble", "evaluate"):
        found["results"] = [
            {"label": o.label, "state": o.state, "metrics": dict(o.metrics)} for o in outcomes
        ]
    return found


def _means(outcomes: Sequence[Outcome]) -> dict[str, float]:
    values: dict[str, list[float]] = {}
    for outcome in outcomes:
        for name, value in outcome.metrics.items():
            values.setdefault(name, []).append(value)
    return {name: sum(found) / len(found) for name, found in values.items()}
