"""What a report of a run shows: its record, its graph drawn, learning curves, exhibits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import PlaitError, UserError
from pipeline.running.kept import exhibits_of, history_of

if TYPE_CHECKING:
    from pipeline.exhibits import Exhibit
    from pipeline.running.records import NodeRow, RunRow
    from pipeline.running.store import Store

Record = Mapping[str, Any]
History = list[dict[str, float]]
_THERE = ("done", "cached")


@dataclass(frozen=True)
class Material:
    """`curves` are the records of epochs, by the label of what was trained; `exhibits` by instance and name.

    `drawing` is the graph as SVG, "" where the file cannot be read any more.  `notes` say what is missing.
    """

    record: Record
    drawing: str = ""
    curves: Mapping[str, History] = field(default_factory=dict)
    exhibits: Mapping[str, Mapping[str, Exhibit]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the run's record with its curves and its exhibits, as plain values."""
        shown = {
            label: {name: one.to_json() for name, one in named.items()}
            for label, named in self.exhibits.items()
        }
        return {
            **self.record,
            "curves": dict(self.curves),
            "exhibits": shown,
            "missing": list(self.notes),
        }


def gathered(record: Record, run: RunRow, rows: Iterable[NodeRow], store: Store) -> Material:
    """Collect what there is to show of a run; what is gone from the store is noted."""
    curves: dict[str, History] = {}
    exhibits: dict[str, Mapping[str, Exhibit]] = {}
    notes: list[str] = []
    for row in rows:
        if row.state not in _THERE or row.kind not in ("train", "evaluate"):
            continue
        try:
            if row.kind == "train":
                curves[row.instance] = history_of(store, row.key)
            else:
                exhibits[row.instance] = exhibits_of(store, row.key)
        except UserError as error:
            notes.append(f"{row.instance}: {str(error).partition(chr(10))[0]}")
    drawing, why = _drawn(run)
    return Material(
        record,
        drawing,
        {label: history for label, history in curves.items() if history},
        {label: named for label, named in exhibits.items() if named},
        (*notes, *why),
    )


def _drawn(run: RunRow) -> tuple[str, list[str]]:
    from pipeline.dag.drawing import as_html
    from pipeline.dag.file import read_text
    from pipeline.running.models import registry_of

    try:
        return as_html(read_text(run.text, registry_of(run), run.overrides, Path(run.dag))), []
    except PlaitError as error:  # a plugin that the file needs is gone, say
        return "", [f"the graph cannot be drawn: {str(error).partition(chr(10))[0]}"]
