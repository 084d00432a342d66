"""What the store has for a plan's instances."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pipeline.running.store import DamagedObject
from pipeline.running.values import metrics_in

if TYPE_CHECKING:
    from pipeline.running.store import Store


@dataclass
class Stored:
    """Looks at stored results; `verify` reads them whole, to find damage before a run relies on them.

    A damaged one is set aside and counts as not there; `notes` say so, by key.
    """

    store: Store
    verify: bool = False
    metrics: dict[str, dict[str, float]] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)

    def has(self, key: str) -> bool:
        """Tell whether a result is there to be used."""
        if not self.store.has(key):
            return False
        return self._read(key) is not None if self.verify else True

    def lacks_members(self, key: str) -> bool:
        """Tell whether a stored gather had to go without some of its members."""
        json = self._read(key)
        return bool(json and json.get("without"))

    def _read(self, key: str) -> dict[str, Any] | None:
        try:
            stored = self.store.get(key)
            self.metrics[key] = metrics_in(stored)
        except DamagedObject as damage:
            self.store.quarantine(key)
            self.notes[key] = f"the stored result was damaged ({damage.reason}) and is computed again"
            return None
        return dict(stored.json)
