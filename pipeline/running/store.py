"""The store: results by content key, whole or not there at all, and checked when they are read.

    ROOT/plait-store.json                                       says that this is a store, and its format
    ROOT/objects/ab/abcd.../object.json, *.safetensors          one directory an object
    ROOT/tmp/                                                   what is being written or removed
    ROOT/damaged/                                               what was set aside
    ROOT/checkpoints/                                           members in the middle of their training
    ROOT/logs/, ROOT/records.sqlite                             kept by the run

An object is written under a temporary name and renamed.  Of two processes that put one key at once the
first one's object stays; as a key is made of content, both wrote the same.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import StoreError
from pipeline.running.checkpoints import checkpoint_files
from pipeline.running.disk import abandoned, disk_errors, inside, remove, size_of, temporary_name, write_file
from pipeline.running.objects import (
    LINKED,
    OBJECT,
    ArraysFile,
    DamagedObject,
    Sound,
    StoredObject,
    read_object,
    write_object,
)

if TYPE_CHECKING:
    from pipeline.running.arrays import Array

__all__ = ["DamagedObject", "Store", "StoredObject"]

MARKER = "plait-store.json"
FORMAT = 1
_KEY = re.compile(r"[0-9a-f]{4,64}")


class BadKey(StoreError, ValueError):
    """What was given as a key is none, and could be a path to anywhere."""


class Store:
    """A directory of objects by key (lower-case hex).

    A directory that is missing or empty becomes a store; with `create=False` it is left as it is and
    looks like an empty store.  Any other directory without the marker is refused: StoreError.
    """

    def __init__(self, root: Path | str, *, create: bool = True):
        self.root = Path(root).absolute()
        self.logs = self.root / "logs"
        self.records = self.root / "records.sqlite"
        self._objects = self.root / "objects"
        self._temporary = self.root / "tmp"
        self._sound: Sound = {}
        with disk_errors(self.root, "open the store"):
            if not (self.root / MARKER).exists():
                self._claim(create)
            else:
                _check_format(self.root / MARKER)
            for own in (self.logs, self.records):
                inside(self.root, own)

    def _claim(self, create: bool) -> None:
        # another process may be about to write its marker here: that file does not count
        others = [p for p in self.root.iterdir() if MARKER not in p.name] if self.root.exists() else []
        if others and not (self.root / MARKER).exists():
            raise StoreError(
                f"{self.root} is not a store: it has no {MARKER}, but other files ({others[0].name} ...)\n"
                "    name an empty or a new directory"
            )
        if create:
            self.root.mkdir(parents=True, exist_ok=True)
            part = self.root / temporary_name(MARKER)
            write_file(part, json.dumps({"format": FORMAT}).encode())
            part.replace(self.root / MARKER)
            (self.root / ".gitignore").write_text("*\n")
            self.logs.mkdir(exist_ok=True)

    def has(self, key: str) -> bool:
        """Say whether an object is there, without reading it."""
        _check_key(key)
        return os.path.isfile(f"{self._objects}/{key[:2]}/{key}/{OBJECT}")  # noqa: PTH113  asked 100,000 times

    def put(
        self,
        key: str,
        json: Any,
        arrays: Mapping[str, Array] | None = None,
        components: Mapping[str, Any] | None = None,
        at_hand: Sequence[ArraysFile] = (),
    ) -> None:
        """Keep JSON and arrays under `key`; nothing happens if an intact object is there already.

        Large arrays that lie in a file `at_hand`, an object's of this store, are not written again.
        StoreError says why the disk refused; then nothing of the object stays.
        """
        path = self._path(key)
        part = inside(self.root, self._temporary) / temporary_name(key)
        with disk_errors(self.root, "write to the store"):
            if self._intact(path, key):
                return
            try:
                write_object(part, key, json, arrays or {}, components or {}, at_hand)
                self._publish(part, path, key)
            except BaseException:
                shutil.rmtree(part, ignore_errors=True)
                raise

    def _publish(self, part: Path, path: Path, key: str) -> None:
        while True:
            try:
                part.rename(path)  # mostly its group's directory is there and the object is not
                return
            except OSError:
                if not path.parent.exists():
                    path.parent.mkdir(parents=True, exist_ok=True)
                elif not path.exists():
                    raise
                elif self._intact(path, key):  # another writer was first
                    shutil.rmtree(part, ignore_errors=True)
                    return

    def _intact(self, path: Path, key: str) -> bool:
        """Say whether an object is there and can be read; set it aside if it cannot."""
        if not path.exists():
            return False
        try:
            self.get(key)
        except DamagedObject:
            self.quarantine(key)
            return False
        return True

    def get(self, key: str) -> StoredObject:
        """Return an object.  DamagedObject if it is not what was put, or not there.

        A file of arrays is checked whole the first time that this Store reads it, and again if it has changed
        since then.
        """
        path = self._path(key)
        with disk_errors(path, "read"):
            return read_object(path, key, self._sound)

    def keys(self) -> Iterator[str]:
        """Yield the keys of all objects, sorted."""
        with disk_errors(self.root, "read"):
            objects = inside(self.root, self._objects)
            for group in sorted(objects.iterdir()) if objects.exists() else ():
                inside(self.root, group)
                yield from (path.name for path in sorted(group.iterdir()) if self._is_object(path))

    def _is_object(self, path: Path) -> bool:
        return _KEY.fullmatch(path.name) is not None and self.has(path.name)

    def size(self, key: str) -> int:
        """Return the bytes of an object's files, those linked left out; 0 if it is not there."""
        path = self._path(key)
        with disk_errors(path, "read"):
            return _own_size(path) if path.exists() else 0

    def remove(self, key: str) -> int:
        """Remove an object and return the bytes that it took."""
        away = inside(self.root, self._temporary) / temporary_name(key)
        with disk_errors(self.root, "write to the store"):
            if not self._move(self._path(key), away):
                return 0
            freed = _own_size(away)
            remove(away)
        return freed

    def quarantine(self, key: str) -> Path | None:
        """Set an object aside, so that it is computed again; return where it is now, if it was there."""
        aside = inside(self.root, self.root / "damaged") / temporary_name(key)
        with disk_errors(self.root, "write to the store"):
            return aside if self._move(self._path(key), aside) else None

    def _move(self, path: Path, target: Path) -> bool:
        """Rename, so that nobody sees a part of it; False if another process was first."""
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            path.rename(target)
        except FileNotFoundError:
            return False
        return True

    def gc(self, keep: Collection[str]) -> list[tuple[str, int]]:
        """Remove objects and checkpoints but those of `keep`, what was set aside and what dead writers left.

        Return each removed key (a leftover by its file name) with its bytes.
        """
        kept = frozenset(keep)
        freed = [(key, self.remove(key)) for key in list(self.keys()) if key not in kept]
        with disk_errors(self.root, "write to the store"):
            for path in (*self._leftovers(), *checkpoint_files(self.root, kept)):
                freed.append((path.name, remove(path)))
        return freed

    def _leftovers(self) -> list[Path]:
        damaged, parts = (inside(self.root, p) for p in (self.root / "damaged", self._temporary))
        aside = sorted(damaged.iterdir()) if damaged.exists() else []
        halves = sorted(parts.iterdir()) if parts.exists() else []
        return aside + [path for path in halves if abandoned(path)]

    def _path(self, key: str) -> Path:
        _check_key(key)
        return inside(self.root, self._objects.joinpath(key[:2], key))


def _check_key(key: str) -> None:
    if _KEY.fullmatch(key) is None:
        raise BadKey(f"a key is 4 to 64 lower-case hex digits, not {key!r}")


def _own_size(path: Path) -> int:
    linked = path / LINKED
    return size_of(path) - (size_of(linked) if linked.is_symlink() or linked.exists() else 0)


def _check_format(marker: Path) -> None:
    try:
        found = json.loads(marker.read_bytes())["format"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise StoreError(
            f"{marker} is damaged: {error}\n    write {json.dumps({'format': FORMAT})} into it"
        ) from error
    if found != FORMAT:
        raise StoreError(
            f"{marker.parent} is a store of format {found}; this plait reads format {FORMAT}\n"
            "    install the plait that made it, or name another store"
        )
