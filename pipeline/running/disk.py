"""Writing so that a crash leaves the whole or nothing, and what a failing disk is called."""

from __future__ import annotations

import errno
import os
import re
import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import StoreError

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}
_ABANDONED_AFTER = 24 * 3600.0
_TEMPORARY = re.compile(r"(?P<what>.+)~(?P<host>[^~]*)~(?P<pid>\d+)~[0-9a-f]+")


@contextmanager
def disk_errors(path: Path, doing: str) -> Iterator[None]:
    """Turn an OSError into a StoreError that names the path and the fix; `doing` is "write" or "read"."""
    try:
        yield
    except OSError as error:
        raise StoreError(f"cannot {doing} {path}: {error.strerror or error}\n    {_fix(error)}") from error


def _fix(error: OSError) -> str:
    if error.errno in _FULL:
        return "free some space (`plait cache gc` removes old results), or name a store on another disk"
    if error.errno in _FORBIDDEN:
        return "make it writable for you, or name another store"
    return "see that the path is right and its disk is there"


def inside(root: Path, path: Path) -> Path:
    """Return `path`, below the store at `root`; StoreError if it or a directory above it is a symbolic link.

    A store that came from elsewhere must not lead what is written or removed to other places.
    """
    here = str(root)
    for part in str(path)[len(here) + 1 :].split("/"):  # texts, as every reading of an object asks
        here = f"{here}/{part}"
        if os.path.islink(here):  # noqa: PTH114
            raise StoreError(
                f"{here} is a symbolic link, and the directories of a store are its own\n"
                "    remove the link, or put what it points to in its place; the whole store may be a link"
            )
    return path


def remove(path: Path) -> int:
    """Remove a file or a directory, never what a link in it points to; return the bytes that it took."""
    freed = size_of(path)
    if path.is_symlink() or not path.is_dir():
        path.unlink()
    else:
        shutil.rmtree(path)
    return freed


def write_file(path: Path, content: bytes) -> None:
    """Write a new file and wait until it is on the disk."""
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def temporary_name(what: str) -> str:
    """Return a name for something half done, from which `abandoned` can tell whose it is."""
    return f"{what}~{socket.gethostname()}~{os.getpid()}~{os.urandom(4).hex()}"


def abandoned(path: Path) -> bool:
    """Say whether the writer of a temporary name is dead: gone from this host, or silent for a day."""
    match = _TEMPORARY.fullmatch(path.name)
    if match and match["host"] == socket.gethostname() and not process_lives(int(match["pid"])):
        return True
    try:
        return time.time() - path.lstat().st_mtime > _ABANDONED_AFTER
    except FileNotFoundError:  # its writer has just ended
        return False


def process_lives(pid: int) -> bool:
    """Say whether a process of this host lives."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def size_of(path: Path) -> int:
    """Return the bytes of a file, or of all files below a directory; a link's are its own."""
    if path.is_dir() and not path.is_symlink():
        return sum(size_of(child) for child in path.iterdir())
    return path.lstat().st_size
