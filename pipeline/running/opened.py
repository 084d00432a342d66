"""What a worker process opens once and not for each task: stores, and registries of stages.

Both are caches of what lies on disk.  A registry is made anew when a local plugin file has changed, or
when packages were installed or removed.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from pipeline.running.store import Store
from pipeline.stages.registry import Registry


@lru_cache(maxsize=4)
def opened_store(root: str) -> Store:
    """Return the store at `root`; it remembers which objects it has checked."""
    return Store(root)


def opened_registry(description: Mapping[str, Any]) -> Registry:
    """Return the registry that `description` tells of."""
    # installing changes the time of a folder that packages are looked up in
    stamps = tuple(_stamp(Path(path)) for path in (*description["local"], *sys.path))
    return _registry(json.dumps(description, sort_keys=True), stamps)


@lru_cache(maxsize=4)
def _registry(description: str, stamps: tuple[tuple[int, int], ...]) -> Registry:
    return Registry.from_description(json.loads(description))


def _stamp(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except OSError:  # the registry says what is wrong with it
        return (0, 0)
    return (status.st_mtime_ns, status.st_size)
