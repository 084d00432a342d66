"""`plait run`: run a DAG file and say what came of it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn

import typer

from pipeline.cli.arguments import STORE, Backend, Cluster, File, From, Json, Only, Sets, Store, To
from pipeline.cli.failures import guarded
from pipeline.cli.output import near, notice, write, write_json

if TYPE_CHECKING:
    from pipeline.results import Results

STOPPED = 130


@guarded
def run(
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
    """Run a DAG file: train, score, rank, keep. What was computed before is not computed again."""
    from pipeline import api

    results = api.run(
        file,
        set=set_,
        frm=frm,
        to=to,
        only=only,
        cluster=cluster,
        backend=backend,
        store=store,
        trackers=display(),
    )
    end(results, json)


def end(results: Results, json: bool) -> NoReturn:
    """Print what came of a run, and exit with its code."""
    record = results.to_json()
    if json:
        write_json(record)
    else:
        from pipeline.report.leaderboard import leaderboard

        write(leaderboard({**record, "store": near(record["store"])}))
    if results.state == "stopped":
        notice(
            "stopped; what was finished is kept, and the same command, or `plait resume`, goes on from there"
        )
        raise typer.Exit(STOPPED)
    raise typer.Exit(results.exit_code)


def display() -> list[Callable[[Any], None]]:
    """Return the progress bars, where somebody watches."""
    if not sys.stderr.isatty():
        return []
    from pipeline.stages.registry import Registry

    return [Registry().stage("tracker.progress").function]
