"""The step of a small net against the number of members, plait's and its peers': the picture's figures."""

from __future__ import annotations

from threadpoolctl import threadpool_limits

from benchmarks.step import measured, name
from benchmarks.turns import TURNS, one_core

MEMBERS = (1, 4, 16, 64, 256)
HIDDEN, BATCH = (32,), 32


def works(quick: bool = False) -> dict[str, dict[str, object]]:
    """Return the median seconds of a step for each number of members."""
    rows = [(members, HIDDEN, BATCH) for members in (MEMBERS[:3] if quick else MEMBERS)]
    with one_core(), threadpool_limits(1):
        return {name(*row): measured(name(*row), *row, turns=5 if quick else TURNS) for row in rows}
