"""Arguments and options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

File = Annotated[Path, typer.Argument(help="A DAG file.", show_default=False)]
Run = Annotated[str, typer.Argument(help="A run's id, the beginning of one, or 'last'.")]
Store = Annotated[
    Path, typer.Option("--store", envvar="PLAIT_STORE", help="Where results and records are kept.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")]
Sets = Annotated[
    list[str],
    typer.Option(
        "--set", metavar="KEY=VALUE", help="Override an option (adam.lr=1e-2) or a key (sweep.seeds=1)."
    ),
]

STORE = Path(".plait")
