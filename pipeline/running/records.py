"""The record of runs: what ran when, with which settings, with what result and why.

One SQLite file in the store's root, in WAL mode: the process that drives a run writes it, any other reads
it meanwhile.  JSON columns may hold NaN and Infinity, as Python reads them: metrics of a trial that diverged.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import socket
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, TypeVar

import pipeline
from pipeline.errors import UserError, nearest
from pipeline.running.database import Database
from pipeline.running.disk import process_lives
from pipeline.running.rows import NodeEnd, NodeRow, RunRow, RunState, State, TrialEnd, TrialRow, dump

__all__ = ["NodeEnd", "NodeRow", "Records", "RunRow", "RunState", "State", "TrialEnd", "TrialRow"]

Row = TypeVar("Row", RunRow, TrialRow, NodeRow)
_RAN = "('done', 'cached')"
_NODES = "SELECT runs.id AS run_id, nodes.* FROM nodes JOIN runs ON runs.number = nodes.run"
_TRIALS = "SELECT runs.id AS run_id, trials.* FROM trials JOIN runs ON runs.number = trials.run"


class Records:
    """The record of a store.  StoreError where its file is locked, damaged or may not be written."""

    def __init__(self, path: Path | str, *, create: bool = True, timeout: float = 30.0):
        """Open the record at `path`, and make it if need be; with `create=False` only look.

        `timeout` is how many seconds to wait while another process writes.
        """
        self.path = Path(path).absolute()
        self._database = Database(self.path, create=create, timeout=timeout)
        self._numbers: dict[str, int] = {}

    def __enter__(self) -> Records:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def together(self) -> AbstractContextManager[Any]:
        """Return a context in which all writing is one transaction: faster, and all or nothing."""
        return self._database.transaction()

    # Writing

    def start_run(
        self,
        name: str,
        *,
        dag: str = "",
        text: str = "",
        overrides: Sequence[str] = (),
        seed: int = 0,
        machine: Mapping[str, Any] | None = None,
        plan: Mapping[str, Any] | None = None,
        at: float | None = None,
    ) -> str:
        """Enter a new run and return its id, such as `20261124-101512-digits-ensemble`.

        Runs whose process is dead are found out here and become `stopped`.
        """
        started = time.time() if at is None else at
        what = (name, dag, text, dump(list(overrides)), str(seed), "running", started, None, None)
        how = (pipeline.__version__, dump(machine or {}), dump(plan or {}), socket.gethostname(), os.getpid())
        with self._database.transaction() as connection:
            self._stop_dead_runs()
            run = self._free_id(name, started)
            connection.execute(_insert("runs", 16), (None, run, *what, *how))
        return run

    def _free_id(self, name: str, started: float) -> str:
        words = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40].strip("-") or "run"
        base = f"{time.strftime('%Y%m%d-%H%M%S', time.localtime(started))}-{words}"
        run, count = base, 1
        while self._database.query("SELECT 1 FROM runs WHERE id = ?", run):
            count += 1
            run = f"{base}-{count}"
        return run

    def _stop_dead_runs(self) -> None:
        here = socket.gethostname()
        for row in self._database.query(
            "SELECT id, pid FROM runs WHERE state = 'running' AND host = ?", here
        ):
            with self._database.reading():
                lives = process_lives(row["pid"])
            if not lives:
                self.finish_run(row["id"], "stopped")

    def add_trials(self, trials: Iterable[TrialRow]) -> None:
        """Enter the trials of a run."""
        with self._database.transaction() as connection:
            rows = ((self._number(trial.run), *trial.columns()) for trial in trials)
            connection.executemany(_insert("trials", 7), rows)

    def add_nodes(self, nodes: Iterable[NodeRow]) -> None:
        """Enter the node instances of a run."""
        with self._database.transaction() as connection:
            rows = ((self._number(node.run), *node.columns()) for node in nodes)
            connection.executemany(_insert("nodes", 12), rows)

    def add_components(self, items: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
        """Keep the components of keys (see keys.py); what many keys share is kept once."""
        kept: dict[int, tuple[Any, str, str]] = {}  # by identity: an object stays, so that none gets its id

        def rows() -> Iterator[tuple[str, str, str]]:
            for key, components in items:
                shared = components.get("shared", {})
                if id(shared) not in kept:
                    text = dump(shared)
                    kept[id(shared)] = (shared, hashlib.sha256(text.encode()).hexdigest(), text)
                own = dump({name: value for name, value in components.items() if name != "shared"})
                yield (key, kept[id(shared)][1], own)

        with self._database.transaction() as connection:
            connection.executemany(_insert("components", 3), rows())
            connection.executemany(
                _insert("shared", 2), ((digest, text) for _, digest, text in kept.values())
            )

    def node_started(self, run: str, instance: str) -> None:
        """Say that a node instance runs now."""
        self._update("nodes", run, "instance", ("state",), {instance: ("running",)})

    def nodes_finished(self, run: str, ends: Iterable[NodeEnd]) -> None:
        """Say how node instances ended."""
        columns = ("state", "cached", "seconds", "metrics", "error", "log")
        self._update("nodes", run, "instance", columns, {end.instance: end.values() for end in ends})

    def trials_finished(self, run: str, ends: Iterable[TrialEnd]) -> None:
        """Say how trials ended."""
        values = {end.id: (end.state, dump(end.metrics)) for end in ends}
        self._update("trials", run, "id", ("state", "metrics"), values)

    def finish_run(
        self, run: str, state: RunState, *, seconds: float | None = None, at: float | None = None
    ) -> None:
        """Close a run; nodes and trials that have not ended become `stopped` or, else, `skipped`.

        `seconds` is how long it took; without it, what the clock says, which may have been set back.
        """
        ended = time.time() if at is None else at
        rest = "stopped" if state == "stopped" else "skipped"
        number = self._number(run)
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE runs SET state = ?, ended = ?, seconds = ifnull(?, max(? - started, 0.0))"
                " WHERE number = ?",
                (state, ended, seconds, ended, number),
            )
            for table in ("nodes", "trials"):
                unended = "run = ? AND state IN ('pending', 'running')"
                connection.execute(f"UPDATE {table} SET state = ? WHERE {unended}", (rest, number))

    def _update(
        self, table: str, run: str, name: str, columns: Sequence[str], values: Mapping[str, Sequence[Any]]
    ) -> None:
        """Write `values`, by what `name` is in a run's rows; KeyError if there is no such row."""
        settings = ", ".join(f"{column} = ?" for column in columns)
        sql = f"UPDATE {table} SET {settings} WHERE run = ? AND {name} = ?"
        number = self._number(run)
        with self._database.transaction() as connection:
            before = connection.total_changes
            connection.executemany(sql, ((*row, number, which) for which, row in values.items()))
            if connection.total_changes - before != len(values):
                absent = self._absent(table, number, name, values)
                raise KeyError(f"run {run} has no {table.removesuffix('s')} {absent!r}")

    def _absent(self, table: str, number: int, name: str, names: Iterable[str]) -> str:
        """Return the first of `names` that a run has no row for."""
        sql = f"SELECT 1 FROM {table} WHERE run = ? AND {name} = ?"
        return next(which for which in names if not self._database.query(sql, number, which))

    def _number(self, run: str) -> int:
        if run not in self._numbers:
            rows = self._database.query("SELECT number FROM runs WHERE id = ?", run)
            if not rows:
                raise self._database.damage(f"has no run {run!r}")
            self._numbers[run] = rows[0]["number"]
        return self._numbers[run]

    # Reading

    def runs(self) -> list[RunRow]:
        """Return all runs, the latest first."""
        return self._rows(RunRow, "SELECT * FROM runs ORDER BY number DESC")

    def run(self, which: str) -> RunRow:
        """Return a run by its id, the beginning of its id, or "last".  UserError if there is no such one."""
        if which == "last":
            rows = self._rows(RunRow, "SELECT * FROM runs ORDER BY number DESC LIMIT 1")
        else:
            rows = self._rows(RunRow, "SELECT * FROM runs WHERE substr(id, 1, ?) = ?", len(which), which)
            rows = [row for row in rows if row.id == which] or rows
        if len(rows) != 1:
            raise UserError(self._not_one(which, [row.id for row in rows]))
        return rows[0]

    def _not_one(self, which: str, found: list[str]) -> str:
        known = [row["id"] for row in self._database.query("SELECT id FROM runs ORDER BY number DESC")]
        if not known:
            return f"there is no run in {self.path.parent} yet\n    start one with `plait run FILE`"
        if found:
            return f"{which!r} may be any of {_some(found)}\n    write more of its id"
        hint = nearest(which, known)
        return f"there is no run {which!r}; there are {_some(known)}" + (f"\n    {hint}" if hint else "")

    def nodes(self, run: str, node: str | None = None) -> list[NodeRow]:
        """Return the node instances of a run in the order they were entered, or those of one node."""
        which, values = ("", ()) if node is None else (" AND nodes.node = ?", (node,))
        sql = f"{_NODES} WHERE nodes.run = ?{which} ORDER BY nodes.rowid"
        return self._rows(NodeRow, sql, self._number(run), *values)

    def nodes_with_key(self, key: str) -> list[NodeRow]:
        """Return the instances of all runs that have this key, the earliest first."""
        sql = f"{_NODES} WHERE nodes.key = ? ORDER BY nodes.rowid"
        return self._rows(NodeRow, sql, key)

    def trials(self, run: str) -> list[TrialRow]:
        """Return the trials of a run in the order they were entered."""
        sql = f"{_TRIALS} WHERE trials.run = ? ORDER BY trials.rowid"
        return self._rows(TrialRow, sql, self._number(run))

    def components(self, key: str) -> dict[str, Any] | None:
        """Return the components of a key, None if it was never recorded."""
        sql = "SELECT json, own FROM components JOIN shared ON shared = digest WHERE key = ?"
        with self._database.reading():
            for row in self._database.query(sql, key):
                return {"shared": json.loads(row["json"]), **json.loads(row["own"])}
        return None

    def previous(self, run: str, node: str) -> RunRow | None:
        """Return the latest earlier run of the same DAG name in which `node` ran or was cached."""
        rows = self._rows(
            RunRow,
            "SELECT * FROM runs WHERE name = (SELECT name FROM runs WHERE id = ?) AND number < ?"
            f" AND EXISTS (SELECT 1 FROM nodes WHERE run = number AND node = ? AND nodes.state IN {_RAN})"
            " ORDER BY number DESC LIMIT 1",
            run,
            self._number(run),
            node,
        )
        return rows[0] if rows else None

    def _rows(self, kind: type[Row], sql: str, *values: object) -> list[Row]:
        with self._database.reading():
            return [kind.read(row) for row in self._database.query(sql, *values)]

    def keys(self) -> Iterator[str]:
        """Yield every key that any run has used, for deciding what the store need not keep."""
        yield from (row["key"] for row in self._database.query("SELECT DISTINCT key FROM nodes"))


def _insert(table: str, columns: int) -> str:
    how = "INSERT OR IGNORE" if table in ("shared", "components") else "INSERT"
    return f"{how} INTO {table} VALUES ({', '.join('?' * columns)})"


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
