"""`plait resume`: go on with a run that was stopped, killed or failed, or with more of it."""

from __future__ import annotations

from pipeline.cli.arguments import STORE, Backend, Cluster, Json, Run, Sets, Store
from pipeline.cli.failures import guarded
from pipeline.cli.run import display, end


@guarded
def resume(
    run: Run = "last",
    set_: Sets = [],  # noqa: B006 - typer reads the default, nothing changes it
    cluster: Cluster = None,
    backend: Backend = "auto",
    store: Store = STORE,
    json: Json = False,
) -> None:
    """Go on with a run, as its record has it: what is there is not computed again.

    Trainings that were interrupted go on in their middle. With --set the space, the seeds or options may
    be others: what is new runs.
    """
    from pipeline import api

    results = api.resume(run, set=set_, cluster=cluster, backend=backend, store=store, trackers=display())
    end(results, json)
