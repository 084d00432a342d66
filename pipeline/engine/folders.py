"""Where plait keeps what it knows of this machine: compiled kernels, measured caches.  All may be deleted."""

from __future__ import annotations

import os
from pathlib import Path


def machine_folder() -> Path:
    """Return PLAIT_MACHINE, or plait in the user's cache folder."""
    if "PLAIT_MACHINE" in os.environ:
        return Path(os.environ["PLAIT_MACHINE"])
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "plait"
