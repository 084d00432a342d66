"""A Dask scheduler and its workers as processes of their own, as they run on a cluster."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
SECONDS = 60.0


def until(condition: Callable[[], Any], what: str) -> Any:
    """Return what `condition` gives once it is true; fail after a minute."""
    end = time.monotonic() + SECONDS
    while not (found := condition()):
        assert time.monotonic() < end, f"waited in vain: {what}"
        time.sleep(0.05)
    return found


class Outside:
    """A scheduler and workers in `folder`; `flags` are those of the command line that all of them get."""

    def __init__(self, folder: Path, *flags: str, protocol: str = "tcp"):
        self.file = folder / "scheduler.json"
        self._flags, self._folder = flags, folder
        self._processes: list[subprocess.Popen[bytes]] = []
        options = ["--protocol", protocol, "--port", "0", "--host", "127.0.0.1", "--no-dashboard"]
        self._start("scheduler", *options, "--dashboard-address", ":0")
        self.address = until(self._address, "the scheduler's file")

    def worker(self, *flags: str, folder: Path = ROOT, env: Mapping[str, str] | None = None) -> Any:
        """Start a worker of one thread in `folder`, without waiting until it has come."""
        options = ["--nthreads", "1", "--no-nanny", "--no-dashboard"]
        return self._start("worker", *options, *flags, folder=folder, env=env)

    def close(self) -> None:
        """End what was started."""
        for process in self._processes:
            process.kill()
        for process in self._processes:
            process.wait()

    def _start(
        self, what: str, *flags: str, folder: Path = ROOT, env: Mapping[str, str] | None = None
    ) -> Any:
        command = [sys.executable, "-m", f"distributed.cli.dask_{what}", "--scheduler-file", str(self.file)]
        with Path(self._folder, f"{what}-{len(self._processes)}.log").open("wb") as log:
            process = subprocess.Popen(
                [*command, *flags, *self._flags],
                cwd=folder,
                env={**os.environ, "OMP_NUM_THREADS": "1", **(env or {})},
                stdout=log,
                stderr=log,
            )
        self._processes.append(process)
        return process

    def _address(self) -> str:
        try:
            return str(json.loads(self.file.read_text())["address"])
        except (OSError, ValueError):  # not there yet, or half written
            assert self._processes[0].poll() is None, "the scheduler has ended"
            return ""
