"""What a node instance's result is in the store: `{"type", "value", "metrics", ...}` and arrays."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pipeline.errors import PlaitError
from pipeline.running.measures import Measures

_UNFIT = (LookupError, TypeError, ValueError, AttributeError, RecursionError, OverflowError)

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
    """Return the data set, the predictor or the measures of an object; stages come from `registry`.

    DamagedObject where its parts are not such as any of them could have given.
    """
    with parts_of(stored):
        return _read(stored, registry)


@contextmanager
def parts_of(stored: StoredObject) -> Iterator[None]:
    """Read an object's parts inside; what is missing or of another type is damage."""
    try:
        yield
    except _UNFIT as error:
        raise stored.damage(f"its value cannot be read ({type(error).__name__}: {error})") from error


def _read(stored: StoredObject, registry: Registry) -> Any:
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
    return metrics_in(store.get(key))


def metrics_in(stored: StoredObject) -> dict[str, float]:
    """Return the metrics among an object's parts; DamagedObject if they are not numbers by name."""
    with parts_of(stored):
        metrics = dict(stored.json.get("metrics", {}))
        if not all(isinstance(value, int | float | None) for value in metrics.values()):
            raise TypeError("a metric is no number")
        return metrics
