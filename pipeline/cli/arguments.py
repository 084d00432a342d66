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
Explain = Annotated[
    bool,
    typer.Option(
        "--explain", help="Also print the instructions of a training step, before and after passes."
    ),
]
Sets = Annotated[
    list[str],
    typer.Option(
        "--set", metavar="KEY=VALUE", help="Override an option (adam.lr=1e-2) or a key (sweep.seeds=1)."
    ),
]

STORE = Path(".plait")

_NODE = {"metavar": "NODE", "show_default": False}
From = Annotated[
    str | None, typer.Option("--from", help="Run this node and all that depends on it again.", **_NODE)
]
To = Annotated[str | None, typer.Option("--to", help="Run what this node needs, and it.", **_NODE)]
Only = Annotated[str | None, typer.Option("--only", help="Run this node alone, on stored inputs.", **_NODE)]
Cluster = Annotated[
    str | None,
    typer.Option(
        "--cluster",
        envvar="PLAIT_CLUSTER",
        metavar="CLUSTER",
        help="inline, local, local:4, tcp://HOST:PORT or MODULE:CLASS.",
        show_default=False,
    ),
]
Backend = Annotated[str, typer.Option("--backend", metavar="BACKEND", help="numpy, cupy or auto.")]
