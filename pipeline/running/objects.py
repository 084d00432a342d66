"""One object of the store as files: `object.json` and, if it has arrays, `arrays.safetensors`.

`object.json` begins with the sha256 of the bytes after it, and those hold the sha256 of the arrays'
file: a change of any bit of either file is noticed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import PlaitError
from pipeline.running.arrays import StoredArrays, content, encode
from pipeline.running.disk import sync_directory, write_file

if TYPE_CHECKING:
    from pipeline.running.arrays import Array

OBJECT = "object.json"
ARRAYS = "arrays.safetensors"
FORMAT = 1
_PREFIX = b'{"checksum":"'
_SEPARATOR = b'",\n'
_BODY = len(_PREFIX) + 64 + len(_SEPARATOR)


@dataclass(frozen=True)
class StoredObject:
    """What was put: JSON, read-only arrays (read when asked for), the components of its key."""

    json: Any
    arrays: Mapping[str, Array]
    components: Mapping[str, Any]


class DamagedObject(PlaitError):
    """An object is not what was put; set it aside (`Store.quarantine`) and compute it again."""

    def __init__(self, key: str, path: Path, reason: str):
        super().__init__(key, path, reason)
        self.key, self.path, self.reason = key, path, reason

    def __str__(self) -> str:
        return f"the stored object {self.key} is damaged: {self.reason}\n    compute it again ({self.path})"


def write_object(
    directory: Path, key: str, json: Any, arrays: Mapping[str, Array], components: Mapping[str, Any]
) -> None:
    """Write an object's files into an empty directory and wait until they are on the disk."""
    encoded = encode(arrays) if arrays else b""
    body = _body(key, json, encoded, components)
    directory.mkdir(parents=True)
    if encoded:
        write_file(directory / ARRAYS, encoded)
    checksum = hashlib.sha256(body).hexdigest().encode()
    write_file(directory / OBJECT, _PREFIX + checksum + _SEPARATOR + body)
    sync_directory(directory)


def _body(key: str, value: Any, encoded: bytes, components: Mapping[str, Any]) -> bytes:
    file = {"bytes": len(encoded), "sha256": hashlib.sha256(encoded).hexdigest()} if encoded else None
    record = {"format": FORMAT, "key": key, "arrays": file, "json": value, "components": components}
    try:
        text = json.dumps(record, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError) as error:
        raise PlaitError(f"object {key} cannot be stored, its value is not JSON: {error}") from error
    return text.removeprefix("{").encode()


def read_object(directory: Path, key: str, *, verify: bool) -> StoredObject:
    """Read an object; DamagedObject where files are missing or, with `verify`, are not what was put."""
    try:
        record = _record((directory / OBJECT).read_bytes(), key)
        arrays = _arrays(directory / ARRAYS, record["arrays"], verify)
        return StoredObject(record["json"], arrays, record["components"])
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
        raise ValueError(f"{OBJECT} is of format {record.get('format')} and key {record.get('key')}")
    if not {"arrays", "json", "components"} <= set(record):
        raise ValueError(f"{OBJECT} lacks a part")
    return dict(record)


def _arrays(path: Path, file: Any, verify: bool) -> StoredArrays:
    if file is None:
        return StoredArrays()
    found = content(path)
    if verify and (not isinstance(file, dict) or hashlib.sha256(found).hexdigest() != file.get("sha256")):
        raise ValueError(f"{ARRAYS} does not have its checksum")
    return StoredArrays(found)
