"""What a worker process does before its first task: import what tasks need, leave Ctrl-C to the driver."""

from __future__ import annotations

import signal
from typing import Any


def dask_setup(worker: Any) -> None:
    """Prepare a worker process; Dask calls this by its name."""
    # A terminal sends SIGINT to the workers too; the driver tells them to stop at the end of an epoch.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    import pipeline.run.tasks
    import pipeline.stages.fit  # noqa: F401
