"""`plait runs list`, `show`, `diff`: what was run into a store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.arguments import STORE, Json, Run, Store
from pipeline.cli.failures import guarded
from pipeline.cli.output import near, write, write_json

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.running.records import Records


def opened(store: Path) -> Records:
    """Open the records of a store to read them; where there is no store they are empty."""
    from pipeline.running.records import Records
    from pipeline.running.store import Store as Kept

    return Records(Kept(store, create=False).records, create=False)


@guarded
def show_list(store: Store = STORE, json: Json = False) -> None:
    """List the runs of a store, the latest first."""
    from pipeline.cli.history import in_short

    with opened(store) as records:
        runs = [in_short(run) for run in records.runs()]
    if json:
        return write_json({"runs": runs})
    from pipeline.report.runs import run_table

    return write(run_table(runs))


@guarded
def show_run(run: Run = "last", store: Store = STORE, json: Json = False) -> None:
    """Show what a run found, as `plait run` did when it ended."""
    from pipeline.cli.history import recorded

    with opened(store) as records:
        record = recorded(records, run)
    if json:
        return write_json(record)
    from pipeline.report.leaderboard import leaderboard

    return write(leaderboard({**record, "store": near(record["store"])}))


@guarded
def show_difference(
    old: Annotated[
        str, typer.Argument(help="A run's id, the beginning of one, or 'last'.", show_default=False)
    ],
    new: Run = "last",
    store: Store = STORE,
    json: Json = False,
) -> None:
    """Show how two runs differ: their files, metrics, trials."""
    from pipeline.cli.history import recorded
    from pipeline.report.runs import difference, difference_report

    with opened(store) as records:
        found = difference(recorded(records, old), recorded(records, new))
    return write_json(found) if json else write(difference_report(found))
