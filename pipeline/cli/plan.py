"""`plait plan`: what a run would do, before it starts."""

from __future__ import annotations

from pipeline.cli.arguments import STORE, Backend, Cluster, Explain, File, From, Json, Only, Sets, Store, To
from pipeline.cli.failures import guarded
from pipeline.cli.output import write, write_json


@guarded
def plan(
    file: File,
    set_: Sets = [],  # noqa: B006 - typer reads the default, nothing changes it
    frm: From = None,
    to: To = None,
    only: Only = None,
    cluster: Cluster = None,
    backend: Backend = "auto",
    store: Store = STORE,
    explain: Explain = False,
    json: Json = False,
) -> None:
    """Show what a run would do: trials, cohorts, what is cached, what would run, memory."""
    from pipeline import api
    from pipeline.running.start import Request, explain_dag, plan_dag
    from pipeline.running.store import Store as Kept

    dag = api.load(file, set=set_)
    made = plan_dag(dag, Kept(store, create=False), Request(frm, to, only, cluster, backend))
    record, steps = made.to_json(), explain_dag(made) if explain else []
    if json:
        return write_json({**record, **({"steps": [step.to_json() for step in steps]} if explain else {})})
    from pipeline.report.plan import plan_report

    write(plan_report(record))
    for step in steps:
        write(f"\n{step}")
    return None
