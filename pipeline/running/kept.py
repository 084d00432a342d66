"""What the store keeps beside a result's value: exhibits of an evaluation, the history of a training."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeVar

from pipeline.errors import UserError
from pipeline.running.measures import Measures
from pipeline.running.store import DamagedObject
from pipeline.running.values import parts_of

if TYPE_CHECKING:
    from pipeline.exhibits import Exhibit
    from pipeline.running.store import Store, StoredObject

T = TypeVar("T")


def exhibits_of(store: Store, key: str) -> Mapping[str, Exhibit]:
    """Return an evaluation's exhibits by name; UserError if its result is not there any more, or damaged."""
    return _read(store, key, _exhibits)


def history_of(store: Store, key: str) -> list[dict[str, float]]:
    """Return the records of a training's epochs; UserError as for `exhibits_of`."""
    return _read(store, key, _history)


def _exhibits(stored: StoredObject) -> Mapping[str, Exhibit]:
    return Measures.from_parts(stored.json, stored.arrays).exhibits if "exhibits" in stored.json else {}


def _history(stored: StoredObject) -> list[dict[str, float]]:
    return [dict(record) for record in stored.json.get("history", ())]


def _read(store: Store, key: str, what: Callable[[StoredObject], T]) -> T:
    try:
        stored = store.get(key)
        with parts_of(stored):
            return what(stored)
    except DamagedObject as damage:
        raise UserError(
            f"the stored result {key} cannot be read: {damage.reason}\n"
            "    run the DAG again: it is computed anew"
        ) from damage
