"""`python -m benchmarks step|sweep|start|gpu [--json] [--save]`: measure, print, keep."""

from __future__ import annotations

import argparse
import json
import sys
import time
from importlib import import_module
from pathlib import Path

from benchmarks.machine import machine, versions

RESULTS = Path(__file__).parent / "results"
BENCHMARKS = ("step", "sweep", "start", "gpu")


def main() -> int:
    """Run one benchmark; the exit code is 0 whether or not a limit was met."""
    arguments = _parser().parse_args()
    works = import_module(f"benchmarks.{arguments.benchmark}").works()
    if not works:
        return 0
    result = {"machine": machine(), "versions": versions(), "works": works}
    print(json.dumps(result, indent=2) if arguments.json else _table(works))
    if arguments.save:
        _keep(arguments.benchmark, result)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("benchmark", choices=BENCHMARKS)
    parser.add_argument("--json", action="store_true", help="print one JSON object on stdout")
    parser.add_argument("--save", action="store_true", help="write the object to benchmarks/results/ too")
    return parser


def _table(works: dict[str, dict]) -> str:
    lines = []
    for name, work in works.items():
        limit = f"  (limit {work['limit_seconds']:g} s)" if work.get("limit_seconds") else ""
        lines.append(f"{name:44} {work['seconds']:10.4f} s{limit}")
        lines += [f"    {peer:40} {seconds:10.4f} s" for peer, seconds in work["peers"].items()]
    return "\n".join(lines)


def _keep(benchmark: str, result: dict[str, object]) -> None:
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{benchmark}-{time.strftime('%Y%m%d-%H%M%S')}.json"
    path.write_text(json.dumps(result, indent=2) + "\n")
    print(f"kept in {path}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
