"""`plait plan`: what a run would do, before it starts."""

from __future__ import annotations

from pipeline.cli.arguments import STORE, Backend, Cluster, File, From, Json, Only, Sets, Store, To
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
    json: Json = False,
) -> None:
    """Show what a run would do: trials, cohorts, what is cached, what would run, memory."""
    from pipeline import api
    from pipeline.run.start import Request, plan_dag
    from pipeline.run.store import Store as Kept

    dag = api.load(file, set=set_)
    record = plan_dag(dag, Kept(store, create=False), Request(frm, to, only, cluster, backend)).to_json()
    if json:
        return write_json(record)
    from pipeline.report.plan import plan_report

    return write(plan_report(record))
