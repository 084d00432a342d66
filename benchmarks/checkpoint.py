"""Checkpoints: what writing those of a cohort takes, of the time between them at the most that is allowed.

A cohort of 16 nets on data of MNIST's shape, Adam.  `share` is the time of one round of checkpoints, copied
from the training and written to the store, in that from one round to the next; the limit is what they
may take of it.  `bytes` are those of a round.  `read` is how long it takes to load a round again.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.ours import STEPS, problem, training
from benchmarks.turns import medians, one_core
from pipeline.running.checkpoints import EVERY_SECONDS, SHARE, Checkpoints, checkpoint_files
from pipeline.stages.checkpoint import Checkpoint
from pipeline.stages.cohort import Member

MEMBERS = 16
TABLE = [((32,), 32), ((128, 64), 64), ((256, 256), 128)]
Saved = Sequence[tuple[Member, Checkpoint]]


def works(quick: bool = False) -> dict[str, dict[str, object]]:
    """Return for each net the seconds of a round of checkpoints, and their share of the time."""
    with one_core():
        return {_name(hidden): _measured(hidden, batch, 3 if quick else 15) for hidden, batch in TABLE}


def _name(hidden: Sequence[int]) -> str:
    return f"checkpoints of {MEMBERS} members, {list(hidden)}"


def _measured(hidden: Sequence[int], batch: int, turns: int) -> dict[str, object]:
    ours = training(MEMBERS, hidden)
    for rows in problem(MEMBERS, hidden, batch).batches[:2]:
        ours.step(rows, STEPS)

    def made() -> Saved:
        stepped = ours.stepped()
        parts = [stepped.of(slot) for slot in range(MEMBERS)]
        own = [Checkpoint(1, {"stepped": about}, arrays) for about, arrays in parts]
        return list(zip(ours.members, own, strict=True))

    with tempfile.TemporaryDirectory() as folder:
        kept = Checkpoints(Path(folder))
        members = ours.members
        seconds = medians(
            {
                "round": lambda: kept.save(made()),
                "read": lambda: [kept.load(member) for member in members],
            },
            turns,
        )
        size = sum(path.stat().st_size for path in checkpoint_files(Path(folder), ()))
    between = max(EVERY_SECONDS, seconds["round"] / SHARE)
    return {
        "seconds": seconds["round"],
        "limit_seconds": SHARE * between,
        "peers": {},
        "share": round(seconds["round"] / between, 5),
        "bytes": size,
        "read": seconds["read"],
    }
