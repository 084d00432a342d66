"""How long a person waits for the command itself: `plait --help` and `plait check`."""

from __future__ import annotations

from benchmarks.process import median_seconds

TIMES = 7
WORKS = {
    "plait --help": (["-m", "pipeline", "--help"], 0.25),
    "plait check dags/digits.yaml": (["-m", "pipeline", "check", "dags/digits.yaml"], 0.6),
}


def works() -> dict[str, dict[str, object]]:
    """Return each command's median wall time beside that of an empty Python process."""
    empty = median_seconds(["-c", "pass"], TIMES)
    return {
        name: {
            "seconds": median_seconds(arguments, TIMES),
            "limit_seconds": limit,
            "peers": {"python -c pass": empty},
        }
        for name, (arguments, limit) in WORKS.items()
    }
