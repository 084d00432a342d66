"""`plait doctor`: look for bugs before they cost a training."""

from __future__ import annotations

from typing import Annotated

import typer

from pipeline.cli.arguments import STORE, File, Json, Sets, Store
from pipeline.cli.failures import guarded
from pipeline.cli.output import write, write_json

BAD = 1


@guarded
def doctor(
    file: File,
    node: Annotated[
        str, typer.Argument(help="A train node; all of them by default.", show_default=False)
    ] = "",
    set_: Sets = [],  # noqa: B006 - typer reads the default, nothing changes it
    store: Store = STORE,
    json: Json = False,
) -> None:
    """Check a train node for bugs: gradients, first loss, minibatches, steps, units, tiny batch, labels.

    A few short trainings of its first trial are made; nothing is kept.  Exit code 1 if something is bad.
    """
    from pipeline import api
    from pipeline.running.doctor import examine_dag
    from pipeline.running.start import Request, plan_dag
    from pipeline.running.store import Store as Kept

    plan = plan_dag(api.load(file, set=set_), Kept(store, create=False), Request(backend="numpy"))
    records = [examination.to_json() for examination in examine_dag(plan, node or None)]
    if json:
        write_json({"examinations": records})
    else:
        from pipeline.report.doctor import doctor_report

        write(doctor_report(records))
    if not all(record["good"] for record in records):
        raise typer.Exit(BAD)
