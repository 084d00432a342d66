"""`plait report`: a run as one HTML file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.arguments import STORE, Json, Run, Store
from pipeline.cli.failures import guarded
from pipeline.cli.output import write_json
from pipeline.cli.runs import opened

Out = Annotated[
    Path | None,
    typer.Option("--out", metavar="FILE", help="The file to write; RUN.html by default.", show_default=False),
]


@guarded
def report(run: Run = "last", out: Out = None, store: Store = STORE, json: Json = False) -> None:
    """Write a run as one HTML file: its graph, leaderboard, metrics, learning curves, exhibits."""
    from pipeline.cli.history import recorded
    from pipeline.report.material import gathered
    from pipeline.running.store import Store as Kept

    with opened(store) as records:
        row = records.run(run)
        material = gathered(recorded(records, row.id), row, records.nodes(row.id), Kept(store, create=False))
    if json:
        return write_json(material.to_json())
    from pipeline.report.document import document

    target = out or Path(f"{row.id}.html")
    _write(target, document(material))
    return print(target)


def _write(path: Path, text: str) -> None:
    from pipeline.errors import UserError

    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError(
            f"cannot write {path}: {error.strerror}\n    name another file: --out FILE.html"
        ) from error
