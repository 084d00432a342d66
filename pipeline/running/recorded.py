"""A run's DAG again, from its record: the text, the overrides, and what Python handed over."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import UserError, nearest
from pipeline.running.disk import process_lives
from pipeline.running.records import Records, RunRow

if TYPE_CHECKING:
    from pipeline.dag.instances import Trial
    from pipeline.dag.spec import Dag
    from pipeline.dag.trials import Expansion
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
    given = given_to(run, store)
    dag = read_text(run.text, Registry(), [*run.overrides, *overrides], Path(run.dag))
    return Recorded(run, dag, given)


def given_to(run: RunRow, store: Store) -> dict[str, str]:
    """Return the keys of data that Python handed to a run, by node; UserError if they are not stored."""
    given = dict(run.machine.get("given", {}))
    missing = [node for node, key in given.items() if not store.has(key)]
    if missing:
        raise UserError(
            f"run {run.id} had data for {', '.join(missing)} from Python, which the store has no more\n"
            "    run it from Python again, with the same data"
        )
    return given


def _require_ended(run: RunRow) -> None:
    if run.state == "running" and run.host == socket.gethostname() and process_lives(run.pid):
        raise UserError(
            f"run {run.id} still goes on, in process {run.pid}\n    wait for it, or stop it: kill {run.pid}"
        )


def expansion_of(run: RunRow) -> Expansion:
    """Return the trials and instances of a run, from the text and overrides that its record has."""
    from pipeline.dag.file import read_text
    from pipeline.dag.trials import expand
    from pipeline.running.models import registry_of

    return expand(read_text(run.text, registry_of(run), run.overrides, Path(run.dag)))


def trial_of(expansion: Expansion, name: str, run: RunRow) -> Trial:
    """Return the trial with this id or label; UserError says which there are."""
    for trial in expansion.trials:
        if name in (trial.id, trial.label):
            return trial
    ids = [trial.id for trial in expansion.trials]
    hint = f"    allowed: {ids[0]} to {ids[-1]}, or a label\n    {nearest(name, ids)}"
    raise UserError(f"run {run.id} has no trial {name!r}\n{hint}".rstrip())
