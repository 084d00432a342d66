"""`plait verify`: the equality contract, shown on one trial."""

from __future__ import annotations

from typing import Annotated

import typer

from pipeline.cli.arguments import STORE, Json, Run, Store
from pipeline.cli.failures import guarded
from pipeline.cli.output import write, write_json


@guarded
def verify(
    run: Run,
    trial: Annotated[
        str, typer.Argument(help="A trial's id, such as t0003, or its label.", show_default=False)
    ],
    store: Store = STORE,
    json: Json = False,
) -> None:
    """Train a trial of a run again, alone, and compare its weights bit for bit with those kept."""
    from pipeline.running.store import Store as Kept
    from pipeline.running.verify import verify

    found = verify(Kept(store, create=False), run, trial)
    if json:
        write_json(found.to_json())
    else:
        from pipeline.report.verification import verification_report

        write(verification_report(found.to_json()))
    raise typer.Exit(found.exit_code)
