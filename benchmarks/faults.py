"""Faults: disks fill, files are damaged, processes are killed, stages fail; how many are survived.

Each is a test of its own.  It is survived where the final results are those of an undisturbed run bit for
bit, or where what is lost is told with its trial, node, worker, cause and log, and the rest is right.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as xml
from collections.abc import Sequence
from pathlib import Path

from benchmarks.process import ROOT, environment

FAULTS = "tests/faults/"
RUNNING = "tests/running/"
GROUPS = {
    "disks that are full or read-only": (f"{FAULTS}test_full_disks.py",),
    "damaged results and records": (f"{FAULTS}test_damage.py",),
    "several processes at one store": (f"{FAULTS}test_several.py",),
    "stages, plugins and clocks": (f"{FAULTS}test_stages.py", f"{RUNNING}test_faults.py"),
    "processes killed or stopped": (
        f"{RUNNING}test_cluster.py",
        f"{RUNNING}test_checkpoints.py",
        f"{RUNNING}test_workers.py",
        "-k",
        "kill or signal or stopped",
    ),
}
ALL = "all faults"


def works() -> dict[str, dict[str, object]]:
    """Return by group how many faults were tried (those that this machine allows) and survived."""
    groups = {name: _tried(selection) for name, selection in GROUPS.items()}
    counted = ("seconds", "tried", "survived", "left_out")
    total = {what: sum(group[what] for group in groups.values()) for what in counted}
    return {
        name: {"limit_seconds": None, "peers": {}, **group} for name, group in {**groups, ALL: total}.items()
    }


def _tried(selection: Sequence[str]) -> dict[str, float]:
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", f"--junitxml={report}", *selection]
        subprocess.run(command, cwd=ROOT, env=environment(), stdout=subprocess.DEVNULL)
        counts = counted(report)
    return {"seconds": time.perf_counter() - began, **counts}


def counted(report: Path) -> dict[str, int]:
    """Return how many faults pytest's report has as tried, survived, and left out on this machine."""
    cases = list(xml.parse(report).iter("testcase"))
    skipped = [case for case in cases if case.find("skipped") is not None]
    failed = [case for case in cases if case.find("failure") is not None or case.find("error") is not None]
    for case in failed:
        print(f"not survived: {case.get('name')}", file=sys.stderr)
    tried = len(cases) - len(skipped)
    return {"tried": tried, "survived": tried - len(failed), "left_out": len(skipped)}
