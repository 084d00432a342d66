"""Checkpoints of members in training, one file each, in the store beside its objects.

    ROOT/checkpoints/ab/abcd....checkpoint      by the content key of the result that is to come

A file is the sha256 of what follows, a line of JSON, a safetensors file.  It replaces an earlier one at
once and whole; one that is damaged counts as not there, and the member is trained from its beginning.
They are written at most every few seconds, and more rarely where writing would take more than a fiftieth of
the time.  Whoever keeps a result forgets its checkpoint.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import StoreError
from pipeline.running.arrays import StoredArrays, content, encode
from pipeline.running.disk import disk_errors, inside, temporary_name

if TYPE_CHECKING:
    from pipeline.stages.checkpoint import Checkpoint
    from pipeline.stages.cohort import Member

EVERY_SECONDS = 5.0
SHARE = 0.02
DIRECTORY = "checkpoints"
SUFFIX = ".checkpoint"
_DIGEST = 64


class Checkpoints:
    """The checkpoints of the store at `root`.

    `hurried` says when not to wait, as the training ends now; `note` hears why one could not be written.
    """

    def __init__(
        self,
        root: Path,
        *,
        every: float = EVERY_SECONDS,
        hurried: Callable[[], bool] = lambda: False,
        note: Callable[[str], None] = lambda text: None,
    ):
        self._root = root / DIRECTORY
        self._every = every
        self._hurried, self._note = hurried, note
        self._written = time.monotonic()

    def load(self, member: Member) -> Checkpoint | None:
        """Return the latest checkpoint of a member, None where there is none that is whole."""
        if not self._any(member.key):
            return None
        try:
            path = inside(self._root.parent, self._path(member.key))
        except StoreError:  # a link leads out of the store
            return None
        try:
            return _read(content(path)[:])
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            path.unlink(missing_ok=True)
            return None

    def due(self) -> bool:
        """Tell whether it is time for new ones."""
        return time.monotonic() - self._written >= self._every or self._hurried()

    def save(self, checkpoints: Sequence[tuple[Member, Checkpoint]]) -> None:
        """Write checkpoints in the place of earlier ones; if the disk refuses, training goes on without."""
        began = time.monotonic()
        try:
            for member, checkpoint in checkpoints:
                self._write(self._path(member.key), _encoded(checkpoint))
        except StoreError as error:
            self._note(f"no checkpoint: {error}")
        self._written = time.monotonic()
        self._every = max(self._every, (self._written - began) / SHARE)

    def _write(self, path: Path, encoded: bytes) -> None:
        part = inside(self._root.parent, path).with_name(temporary_name(path.name))
        with disk_errors(path, "write"):
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                part.write_bytes(encoded)
                part.replace(path)
            finally:
                part.unlink(missing_ok=True)

    def forget(self, key: str) -> None:
        """Remove the checkpoint of a result that is there now."""
        if self._any(key):
            with suppress(StoreError):  # a link leads out of the store: nothing of ours is there
                inside(self._root.parent, self._path(key)).unlink(missing_ok=True)

    def _any(self, key: str) -> bool:
        """Say whether there is something; mostly there is not, and this is asked twice for each member."""
        return os.path.lexists(f"{self._root}/{key[:2]}/{key}{SUFFIX}")

    def _path(self, key: str) -> Path:
        return self._root / key[:2] / f"{key}{SUFFIX}"


def checkpoint_files(root: Path, but: Collection[str]) -> list[Path]:
    """Return the files of a store's checkpoints, and of halves of them, but those of the keys `but`."""
    groups = sorted(inside(root, root / DIRECTORY).glob("*"))
    files = [file for group in groups for file in sorted(inside(root, group).glob("*"))]
    return [path for path in files if path.name.removesuffix(SUFFIX) not in but]


def _encoded(checkpoint: Checkpoint) -> bytes:
    about = json.dumps({"epoch": checkpoint.epoch, "about": checkpoint.about}).encode()
    body = about + b"\n" + encode(checkpoint.arrays)
    return hashlib.sha256(body).hexdigest().encode() + b"\n" + body


def _read(file: bytes) -> Checkpoint:
    """Read what `_encoded` wrote; ValueError if it is not that."""
    from pipeline.stages.checkpoint import Checkpoint

    digest, body = file[:_DIGEST], file[_DIGEST + 1 :]
    if hashlib.sha256(body).hexdigest().encode() != digest:
        raise ValueError("it does not have its checksum")
    about, _, arrays = body.partition(b"\n")
    known = json.loads(about)
    if not isinstance(known["epoch"], int) or not isinstance(known["about"], dict):
        raise ValueError("it has no epoch, or nothing about it")
    return Checkpoint(known["epoch"], known["about"], dict(StoredArrays(arrays)))
