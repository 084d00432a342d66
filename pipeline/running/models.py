"""Find a trained model in the record: RUN, or RUN:NODE."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from pipeline.dag.gather import mode_of
from pipeline.errors import UserError, nearest
from pipeline.running.values import from_stored

if TYPE_CHECKING:
    from pipeline.running.records import NodeRow, Records, RunRow
    from pipeline.running.store import Store
    from pipeline.stages.predictor import Predictor
    from pipeline.stages.registry import Registry


class HasMetrics(Protocol):
    """Something with validation metrics."""

    @property
    def metrics(self) -> Mapping[str, Any]:
        """Numbers by name."""


Measured = TypeVar("Measured", bound=HasMetrics)
PREFERRED = ("accuracy", "rmse", "loss")
_PREDICTORS = ("train", "ensemble")
_THERE = ("done", "cached")


def registry_of(run: RunRow) -> Registry:
    """Return the registry that a run used, its local plugins included."""
    from pipeline.stages.registry import Registry

    return Registry.from_description(run.machine.get("registry", {"local": [], "blocked": []}))


def find_model(records: Records, which: str) -> tuple[RunRow, NodeRow]:
    """Return the run and the node instance of the model that `which` names: RUN, or RUN:NODE.

    Without a node it is the last ensemble, or else the best trial of the last train node; of a node's
    several instances it is the best on validation.  UserError says what there is instead.
    """
    name, _, node = which.partition(":")
    run = records.run(name)
    rows = [row for row in records.nodes(run.id) if row.kind in _PREDICTORS]
    nodes = list(dict.fromkeys(row.node for row in rows))
    if node and node not in nodes:
        hint = f"    allowed: {', '.join(nodes)}\n    {nearest(node, nodes)}"
        raise UserError(f"run {run.id} has no model {node!r}\n{hint}".rstrip())
    there = [row for row in rows if row.state in _THERE and node in ("", row.node)]
    if not there:
        raise UserError(
            f"run {run.id} has no trained model{f' {node!r}' if node else ''}\n    see its failures"
        )
    ensembles = [row for row in there if row.kind == "ensemble"]
    last = (ensembles or there)[-1].node
    return run, best([row for row in there if row.node == last])


def best(rows: Sequence[Measured]) -> Measured:
    """Return the row with the best validation metric: accuracy, else rmse, else loss; the first of equals."""
    return min(rows, key=lambda row: _rank(row.metrics))


def _rank(metrics: Mapping[str, Any]) -> float:
    name = next((name for name in PREFERRED if name in metrics), "")
    if not name or metrics[name] is None or math.isnan(metrics[name]):
        return math.inf
    return -metrics[name] if mode_of(name) == "max" else float(metrics[name])


def load_model(store: Store, key: str, registry: Registry) -> Predictor:
    """Return a stored model; UserError if it is not there any more, or damaged."""
    from pipeline.running.store import DamagedObject

    try:
        model: Predictor = from_stored(store.get(key), registry)
    except DamagedObject as damage:
        raise UserError(
            f"the stored model {key} cannot be read: {damage.reason}\n"
            "    run the DAG again: it is computed anew"
        ) from damage
    return model
