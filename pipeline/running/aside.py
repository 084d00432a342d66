"""A store that reads another one and writes beside it: for computing again what must leave no trace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.running.store import Store

if TYPE_CHECKING:
    from pipeline.running.arrays import Array
    from pipeline.running.objects import ArraysFile, StoredObject


class Aside(Store):
    """A store in the folder `root` that has all objects of `below` too, and changes none of them."""

    def __init__(self, root: Path, below: Store):
        super().__init__(root)
        self._below = below

    def has(self, key: str) -> bool:
        """Say whether an object is in either store, without reading it."""
        return super().has(key) or self._below.has(key)

    def get(self, key: str) -> StoredObject:
        """Return an object of either store.  DamagedObject if it is not what was put, or not there."""
        return super().get(key) if super().has(key) else self._below.get(key)

    def put(
        self,
        key: str,
        json: Any,
        arrays: Mapping[str, Array] | None = None,
        components: Mapping[str, Any] | None = None,
        at_hand: Sequence[ArraysFile] = (),
    ) -> None:
        """Keep an object here.  No file of the other store is linked: that would touch it."""
        super().put(key, json, arrays, components)
