"""`plait replay`: one node of one trial run again, alone, to see why it failed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.arguments import STORE, Json, Run, Store
from pipeline.cli.failures import guarded
from pipeline.cli.output import near, notice, write_json

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.running.replaying import Replay


@guarded
def replay(
    run: Run,
    trial: Annotated[
        str, typer.Argument(help="A trial's id, such as t0003, or its label.", show_default=False)
    ],
    node: Annotated[
        str | None,
        typer.Option(
            "--node",
            metavar="NODE",
            help="The node; by default the one that failed first, else the last one trained.",
            show_default=False,
        ),
    ] = None,
    pdb: Annotated[bool, typer.Option("--pdb", help="Enter the debugger where the stage raised.")] = False,
    store: Store = STORE,
    json: Json = False,
) -> None:
    """Run a node of a trial again, alone in this process, and print its metrics or the whole error.

    Inputs come from the store; those that are gone are computed. Nothing is written to the store.
    """
    from pipeline.running.replaying import replay
    from pipeline.running.store import Store as Kept

    if pdb and json:
        raise typer.BadParameter("--pdb talks to a person, --json to a script: leave one of them out")
    kept = Kept(store, create=False)
    found = replay(kept, run, trial, node, _debug if pdb else lambda error: None)
    if json:
        write_json(found.to_json())
    else:
        print(_said(found, kept.root))
    raise typer.Exit(found.exit_code)


def _debug(error: Exception) -> None:
    """Let a person look around in the frame that raised."""
    import pdb

    from pipeline.running.replaying import raised

    notice(str(error))
    pdb.post_mortem(raised(error).__traceback__)


def _said(found: Replay, root: Path) -> str:
    lines = [f"{found.instance} for {found.trial} ({found.label}) of {found.run}, alone: {found.state}"]
    lines += [f"  {note}" for note in found.notes]
    lines += [f"  {name} {value:.6g}" for name, value in found.metrics.items()]
    if found.error:
        # a mistake in the file or the data is told by its message, a stage's by where it happened
        lines += ["", found.error, *([found.traceback.rstrip()] if found.blame != "user" else ())]
    return "\n".join([*lines, "", _compared(found, root)])


def _compared(found: Replay, root: Path) -> str:
    """Say how that compares with the run, and what to do."""
    log = f"; its log is {near(str(root / found.log))}" if found.log else ""
    then = f"in the run it was {found.before}{log}"
    if found.changed:
        then += "\nits code, options or inputs have changed since the run"
    if found.before != "done" and not found.error:
        then += f"\ngo on with the run: plait resume {found.run}"
    return then
