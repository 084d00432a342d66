"""`python -m benchmarks step|sweep|... [--json] [--save] [--quick|--full]`: measure, print, keep."""

from __future__ import annotations

import argparse
import inspect
import json
import sys
from importlib import import_module

from benchmarks.keeping import keep
from benchmarks.machine import machine, versions

BENCHMARKS = (
    "step",
    "sweep",
    "conv",
    "rnn",
    "scale",
    "overhead",
    "checkpoint",
    "soak",
    "faults",
    "members",
    "profile",
    "start",
    "gpu",
)


def main() -> int:
    """Run one benchmark; the exit code is 0 whether or not a limit was met."""
    arguments = _parser().parse_args()
    where = machine()  # before its load is our own
    works = _works(arguments.benchmark, quick=arguments.quick, full=arguments.full)
    if not works:
        return 0
    result = {"machine": where, "versions": versions(), "works": works}
    print(json.dumps(result, indent=2) if arguments.json else _table(works))
    if arguments.save:
        print(f"kept in {keep(arguments.benchmark, result)}", file=sys.stderr)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("benchmark", choices=BENCHMARKS)
    parser.add_argument("--json", action="store_true", help="print one JSON object on stdout")
    parser.add_argument("--save", action="store_true", help="write the object to benchmarks/results/ too")
    parser.add_argument("--quick", action="store_true", help="fewer repetitions, fewer trials")
    parser.add_argument("--full", action="store_true", help="as many trials as are aimed at")
    return parser


def _works(benchmark: str, **amounts: bool) -> dict[str, dict]:
    works = import_module(f"benchmarks.{benchmark}").works
    known = inspect.signature(works).parameters
    return works(**{name: wanted for name, wanted in amounts.items() if wanted and name in known})


def _table(works: dict[str, dict]) -> str:
    lines = []
    for name, work in works.items():
        limit = f"  (limit {work['limit_seconds']:.4g} s)" if work.get("limit_seconds") else ""
        lines.append(f"{name:44} {work['seconds']:10.4f} s{limit}")
        lines += [f"    {peer:40} {seconds:10.4f} s" for peer, seconds in work["peers"].items()]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
