"""What a node instance's result is in the store: `{"type", "value", "metrics", ...}` and arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.errors import PlaitError
from pipeline.running.measures import Measures

if TYPE_CHECKING:
    from pipeline.running.store import Store, StoredObject
    from pipeline.stages.registry import Registry


def to_parts(value: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the JSON and the arrays that keep a data set, a predictor or measures."""
    if isinstance(value, Measures):
        json, arrays = value.to_parts()
        return {"type": "metrics", **json}, arrays
    from pipeline.stages.dataset import DataSet

    json, arrays = value.to_parts()
    return {"type": "dataset" if isinstance(value, DataSet) else "predictor", "value": json}, arrays


def from_stored(stored: StoredObject, registry: Registry) -> Any:
    """Return the data set, the predictor or the measures of an object; stages come from `registry`."""
    kind = stored.json["type"]
    if kind == "metrics":
        return Measures.from_parts(stored.json, stored.arrays)
    if kind == "dataset":
        from pipeline.stages.dataset import DataSet

        return DataSet.from_parts(stored.json["value"], stored.arrays)
    if kind == "predictor":
        from pipeline.stages.predictor import Predictor

        return Predictor.from_parts(stored.json["value"], stored.arrays, registry)
    raise PlaitError(
        f"an object of the unknown type {kind!r} is in the store: another version of plait wrote it"
    )


def metrics_of(store: Store, key: str) -> dict[str, float]:
    """Return the metrics that were kept with a result; DamagedObject as `Store.get`."""
    return dict(store.get(key).json.get("metrics", {}))
