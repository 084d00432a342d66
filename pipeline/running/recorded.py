"""A run's DAG again, from its record: the text, the overrides, and what Python handed over."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import UserError
from pipeline.running.disk import process_lives
from pipeline.running.records import Records, RunRow

if TYPE_CHECKING:
    from pipeline.dag.spec import Dag
    from pipeline.running.store import Store


@dataclass(frozen=True)
class Recorded:
    """A DAG as it was run, and what of it: `to` or `only` a node.

    `given` has the keys of data handed over, by the node whose place they take.
    """

    run: RunRow
    dag: Dag
    given: dict[str, str]

    @property
    def to(self) -> str | None:
        """The node that was asked for, if one was."""
        return self.run.machine.get("to") or None

    @property
    def only(self) -> str | None:
        """The node that alone was to run, if one was."""
        return self.run.machine.get("only") or None


def recorded(store: Store, which: str, overrides: Sequence[str] = ()) -> Recorded:
    """Read the DAG of the run that `which` names, with further overrides; it may have been run to any end.

    UserError where there is no such run or it still goes on, DagError where an override does not fit.
    """
    from pipeline.dag.file import read_text
    from pipeline.stages.registry import Registry

    with Records(store.records, create=False) as records:
        run = records.run(which)
        _require_ended(run)
    given = dict(run.machine.get("given", {}))
    dag = read_text(run.text, Registry(), [*run.overrides, *overrides], Path(run.dag))
    missing = [node for node, key in given.items() if not store.has(key)]
    if missing:
        raise UserError(
            f"run {run.id} had data for {', '.join(missing)} from Python, which the store has no more\n"
            "    run it from Python again, with the same data"
        )
    return Recorded(run, dag, given)


def _require_ended(run: RunRow) -> None:
    if run.state == "running" and run.host == socket.gethostname() and process_lives(run.pid):
        raise UserError(
            f"run {run.id} still goes on, in process {run.pid}\n    wait for it, or stop it: kill {run.pid}"
        )
