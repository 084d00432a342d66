"""A SQLite file: how it is made, opened and written, and what its failures are called."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from pipeline.errors import StoreError
from pipeline.running.disk import disk_errors, temporary_name

APPLICATION = 0x706C6974  # "plit", in the file's header
VERSION = 1
CACHE_KIB = 8 * 1024  # indexes of 100,000 labels and keys are written all over

SCHEMA = f"""
PRAGMA application_id = {APPLICATION};
PRAGMA user_version = {VERSION};
CREATE TABLE runs (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL, dag TEXT NOT NULL,
    text TEXT NOT NULL, overrides TEXT NOT NULL, seed TEXT NOT NULL, state TEXT NOT NULL,
    started REAL NOT NULL, ended REAL, seconds REAL, version TEXT NOT NULL, machine TEXT NOT NULL,
    plan TEXT NOT NULL, host TEXT NOT NULL, pid INTEGER NOT NULL);
CREATE INDEX runs_by_name ON runs (name, number);
CREATE TABLE trials (
    run INTEGER NOT NULL REFERENCES runs, id TEXT NOT NULL, label TEXT NOT NULL, settings TEXT NOT NULL,
    seed TEXT NOT NULL, state TEXT NOT NULL, metrics TEXT NOT NULL, UNIQUE (run, id));
CREATE TABLE nodes (
    run INTEGER NOT NULL REFERENCES runs, instance TEXT NOT NULL, node TEXT NOT NULL, kind TEXT NOT NULL,
    trials TEXT NOT NULL, key TEXT NOT NULL, state TEXT NOT NULL, cached INTEGER NOT NULL, seconds REAL,
    metrics TEXT NOT NULL, error TEXT, log TEXT NOT NULL, UNIQUE (run, instance));
CREATE INDEX nodes_by_name ON nodes (run, node);
CREATE INDEX nodes_by_key ON nodes (key);
CREATE TABLE shared (digest TEXT PRIMARY KEY, json TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE components (
    key TEXT PRIMARY KEY, shared TEXT NOT NULL REFERENCES shared, own TEXT NOT NULL) WITHOUT ROWID;
"""

_PAGE = 64 * 1024  # more than SQLite asks for at once
_LOCKED = ("SQLITE_BUSY", "SQLITE_LOCKED")
_FULL = ("SQLITE_FULL",)
_IO = ("SQLITE_IOERR",)  # SQLite's word for many failures, a full disk among them
_FORBIDDEN = ("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_AUTH")


class Database:
    """A connection to the records' file; every failure of it is a StoreError.

    A missing file is made whole, then linked into place, so that an empty file is always damage.
    With `create=False` nothing is made or written: a missing file is an empty database in memory.
    """

    def __init__(self, path: Path, *, create: bool, timeout: float):
        self.path = path
        with self._errors(), disk_errors(path, "open"):
            if create and not path.exists():
                make(path)
            self._connection = _open(path, create, timeout)
            self._check()

    def _check(self) -> None:
        application = self._connection.execute("PRAGMA application_id").fetchone()[0]
        version = self._connection.execute("PRAGMA user_version").fetchone()[0]
        if application != APPLICATION:
            raise self.damage("is not plait's record of runs")
        if version != VERSION:
            raise StoreError(
                f"{self.path} is a record of version {version}; this plait reads version {VERSION}\n"
                "    use the plait that made it, or name another store"
            )
        self._check_length()

    def _check_length(self) -> None:
        """Notice a file that was cut off; SQLite itself notices when it needs what is missing."""
        pages = self._connection.execute("PRAGMA page_count").fetchone()[0]
        page_size = self._connection.execute("PRAGMA page_size").fetchone()[0]
        log = self.path.with_name(f"{self.path.name}-wal")
        # while there is a log, the last pages may be in it alone
        logged = log.exists() and log.stat().st_size > 0
        if self.path.exists() and not logged and self.path.stat().st_size < pages * page_size:
            raise self.damage("is cut off")

    def query(self, sql: str, *values: object) -> list[sqlite3.Row]:
        """Return all rows that a SELECT gives."""
        with self._errors():
            return self._connection.execute(sql, values).fetchall()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Write all of what is done inside, or nothing; transactions may be nested."""
        with self._errors():
            if self._connection.in_transaction:
                yield self._connection
                return
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def damage(self, what: str) -> StoreError:
        """Return the error for a file that is not as it was written."""
        return StoreError(f"{self.path} {what}\n    {self._move_away()}")

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Read rows inside; what cannot be understood is damage."""
        try:
            yield
        except (ValueError, TypeError, RecursionError) as error:
            raise self.damage(f"cannot be read: {error}") from error

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            # the other classes tell of a mistake in a statement, which is no matter of the file
            if type(error) not in (sqlite3.DatabaseError, sqlite3.OperationalError):
                raise
            raise StoreError(f"cannot use {self.path}: {error}\n    {self._fix(error)}") from error
        except UnicodeDecodeError as error:  # SQLite's own message quotes what it could not understand
            raise self.damage("is damaged") from error

    def _fix(self, error: sqlite3.Error) -> str:
        name = getattr(error, "sqlite_errorname", "")
        if name.startswith(_LOCKED):
            return "another process is writing it: wait until that run has ended, then try again"
        if name.startswith(_FULL) or (name.startswith(_IO) and self._disk_is_full()):
            return "free some space (`plait cache gc` removes old results), or name a store on another disk"
        if name.startswith(_FORBIDDEN):
            return "make it and its directory writable for you, or name another store"
        if name.startswith(_IO):
            return "see that its disk is there and sound, then try again"
        return self._move_away()

    def _disk_is_full(self) -> bool:
        return shutil.disk_usage(self.path.parent).free < _PAGE

    def _move_away(self) -> str:
        return (
            f"move it away (mv {self.path} {self.path}.damaged): stored results stay, "
            "only the history of runs begins anew"
        )


def make(path: Path) -> None:
    """Make an empty record at `path`, whole at once; one that is there by now is left as it is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(temporary_name(path.name))
    try:
        with closing(sqlite3.connect(part, isolation_level=None)) as connection:
            # not the other way round: a full disk would leave the tables in a log that is not linked
            connection.executescript(f"BEGIN; {SCHEMA} COMMIT;")
            connection.execute("PRAGMA journal_mode = WAL")
        path.hardlink_to(part)
    except FileExistsError:  # another process was first
        pass
    except OSError:  # a disk without links
        part.rename(path)
    finally:
        for suffix in ("", "-journal", "-wal", "-shm"):
            part.with_name(f"{part.name}{suffix}").unlink(missing_ok=True)


def _open(path: Path, create: bool, timeout: float) -> sqlite3.Connection:
    if not create and not path.exists():
        connection = sqlite3.connect(":memory:", isolation_level=None)
        connection.executescript(SCHEMA)
    else:
        connection = _connect(path, create, timeout)
    connection.row_factory = sqlite3.Row
    return connection


def _connect(path: Path, create: bool, timeout: float) -> sqlite3.Connection:
    if path.stat().st_size == 0:
        raise sqlite3.DatabaseError("file is empty")
    mode = "rw" if create else "ro"
    connection = sqlite3.connect(f"{path.as_uri()}?mode={mode}", timeout, isolation_level=None, uri=True)
    try:
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        connection.execute("PRAGMA schema_version").fetchone()
    except sqlite3.OperationalError as error:
        connection.close()
        if create or not getattr(error, "sqlite_errorname", "").startswith(_FORBIDDEN):
            raise
        # a store that may not be written at all: then nobody writes it, and no lock is needed
        return sqlite3.connect(f"{path.as_uri()}?immutable=1", timeout, isolation_level=None, uri=True)
    return connection
