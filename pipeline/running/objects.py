"""One object of the store as files: `object.json` and, if it has arrays, `arrays.safetensors`.

Arrays that it took over from another object, unchanged, lie in `linked.safetensors`, a hard link to that
object's file: data that were split, say, are kept once.

`object.json` begins with the sha256 of the bytes after it, and those hold the sha256 of the arrays'
files: a change of any bit of any of them is noticed.  So nothing here waits for the disk: what is torn when
a machine loses its power is found out when it is read, and computed again.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import ChainMap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import PlaitError
from pipeline.running.arrays import MAPPED_FROM, StoredArrays, content, encode, same

if TYPE_CHECKING:
    from pipeline.running.arrays import Array

OBJECT = "object.json"
ARRAYS = "arrays.safetensors"
LINKED = "linked.safetensors"
FORMAT = 1
_PREFIX = b'{"checksum":"'
_SEPARATOR = b'",\n'
_BODY = len(_PREFIX) + 64 + len(_SEPARATOR)


Sound = dict[tuple[int, int, int], str]
"""Files whose content was seen to be as it was written: inode, size and time, and the content's sha256."""


@dataclass(frozen=True)
class ArraysFile:
    """A file of arrays, with its sha256."""

    path: Path
    sha256: str
    arrays: Mapping[str, Array]


@dataclass(frozen=True)
class StoredObject:
    """What was put: JSON, read-only arrays (read when asked for), the components of its key.

    `files` are those in which the arrays lie, `key` and `path` those of the object.
    """

    json: Any
    arrays: Mapping[str, Array]
    components: Mapping[str, Any]
    files: tuple[ArraysFile, ...] = ()
    key: str = ""
    path: Path = Path()

    def damage(self, reason: str) -> DamagedObject:
        """Return the error for a value that is not what could have been put."""
        return DamagedObject(self.key, self.path, reason)


class DamagedObject(PlaitError):
    """An object is not what was put; set it aside (`Store.quarantine`) and compute it again."""

    def __init__(self, key: str, path: Path, reason: str):
        super().__init__(key, path, reason)
        self.key, self.path, self.reason = key, path, reason

    def __str__(self) -> str:
        return f"the stored object {self.key} is damaged: {self.reason}\n    compute it again ({self.path})"


def write_object(
    directory: Path,
    key: str,
    json: Any,
    arrays: Mapping[str, Array],
    components: Mapping[str, Any],
    at_hand: Sequence[ArraysFile] = (),
) -> None:
    """Write an object's files into a new directory; large arrays that lie in a file `at_hand` are linked."""
    directory.mkdir(parents=True)
    linked = _linked(directory, arrays, at_hand)
    taken = linked["names"] if linked else ()
    own = {name: array for name, array in arrays.items() if name not in taken}
    encoded = encode(own) if own else b""
    body = _body(key, json, encoded, linked, components)
    if encoded:
        _write(directory, ARRAYS, encoded)
    checksum = hashlib.sha256(body).hexdigest().encode()
    _write(directory, OBJECT, _PREFIX + checksum + _SEPARATOR + body)


def _write(directory: Path, name: str, content: bytes) -> None:
    with open(f"{directory}/{name}", "xb") as file:  # noqa: PTH123  paths are slow: done for each trial
        file.write(content)


def _linked(
    directory: Path, arrays: Mapping[str, Array], at_hand: Sequence[ArraysFile]
) -> dict[str, Any] | None:
    """Link the file that holds most of `arrays`, if that saves much, and return what is to be recorded."""
    best: tuple[int, list[str], ArraysFile | None] = (MAPPED_FROM - 1, [], None)
    for file in at_hand:
        names = [name for name in arrays if name in file.arrays and same(arrays[name], file.arrays[name])]
        best = max(
            best, (sum(arrays[name].nbytes for name in names), names, file), key=lambda found: found[0]
        )
    _, names, chosen = best
    if chosen is None:
        return None
    try:
        os.link(chosen.path, directory / LINKED)
    except OSError:  # a disk without links, or the other object has been removed
        return None
    return {"sha256": chosen.sha256, "names": names}


def _body(key: str, value: Any, encoded: bytes, linked: Any, components: Mapping[str, Any]) -> bytes:
    file = {"bytes": len(encoded), "sha256": hashlib.sha256(encoded).hexdigest()} if encoded else None
    record = {"format": FORMAT, "key": key, "arrays": file, "linked": linked}
    try:
        text = json.dumps({**record, "json": value, "components": components}, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError) as error:
        raise PlaitError(f"object {key} cannot be stored, its value is not JSON: {error}") from error
    return text.removeprefix("{").encode()


def read_object(directory: Path, key: str, sound: Sound) -> StoredObject:
    """Read an object; DamagedObject where files are missing or are not what was put.

    Files of arrays that are in `sound` are not checked again; those that were checked are added.
    """
    try:
        record = _record(content(directory / OBJECT)[:], key)
        places = [(ARRAYS, record["arrays"]), (LINKED, record.get("linked"))]
        files = tuple(_file(directory / name, about, sound) for name, about in places if about is not None)
        arrays: Mapping[str, Array] = ChainMap(*(file.arrays for file in files))  # type: ignore[arg-type]
        return StoredObject(record["json"], arrays, record["components"], files, key, directory)
    except FileNotFoundError as error:
        raise DamagedObject(key, directory, f"{Path(error.filename).name} is missing") from error
    except ValueError as error:
        raise DamagedObject(key, directory, str(error)) from error


def _record(text: bytes, key: str) -> dict[str, Any]:
    body = text[_BODY:]
    checksum = hashlib.sha256(body).hexdigest().encode()
    if text[:_BODY] != _PREFIX + checksum + _SEPARATOR:
        raise ValueError(f"{OBJECT} does not have its checksum")
    try:
        record = json.loads(b"{" + body)
    except RecursionError as error:
        raise ValueError(f"{OBJECT} is nested too deeply") from error
    if record.get("format") != FORMAT or record.get("key") != key:
        raise ValueError(f"{OBJECT} is of another format than {FORMAT}, or of another key")
    if not {"arrays", "json", "components"} <= set(record):
        raise ValueError(f"{OBJECT} lacks a part")
    if not isinstance(record["components"], dict):
        raise ValueError(f"{OBJECT} has components that are no mapping")
    return dict(record)


def _file(path: Path, about: Any, sound: Sound) -> ArraysFile:
    if not isinstance(about, dict) or not isinstance(about.get("sha256"), str):
        raise ValueError(f"{OBJECT} does not say what {path.name} is")
    found, status = content(path), path.stat()
    signature = (status.st_ino, status.st_size, status.st_mtime_ns)
    if sound.get(signature) != about["sha256"]:
        if hashlib.sha256(found).hexdigest() != about["sha256"]:
            raise ValueError(f"{path.name} does not have its checksum")
        sound[signature] = about["sha256"]
    return ArraysFile(path, about["sha256"], StoredArrays(found, about.get("names")))
