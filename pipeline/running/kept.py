"""What the store keeps beside a result's value: exhibits of an evaluation, the history of a training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pipeline.errors import UserError
from pipeline.running.measures import Measures
from pipeline.running.store import DamagedObject

if TYPE_CHECKING:
    from pipeline.exhibits import Exhibit
    from pipeline.running.store import Store, StoredObject


def exhibits_of(store: Store, key: str) -> Mapping[str, Exhibit]:
    """Return an evaluation's exhibits by name; UserError if its result is not there any more, or damaged."""
    stored = _read(store, key)
    return Measures.from_parts(stored.json, stored.arrays).exhibits if "exhibits" in stored.json else {}


def history_of(store: Store, key: str) -> list[dict[str, float]]:
    """Return the records of a training's epochs; UserError as for `exhibits_of`."""
    return [dict(record) for record in _read(store, key).json.get("history", ())]


def _read(store: Store, key: str) -> StoredObject:
    try:
        return store.get(key)
    except DamagedObject as damage:
        raise UserError(
            f"the stored result {key} cannot be read: {damage.reason}\n"
            "    run the DAG again: it is computed anew"
        ) from damage
