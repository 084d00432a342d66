"""`python -m benchmarks.report`: write the tables, plan and picture of docs/performance.md anew.

Tables come from kept results and stand between `<!-- table: NAME -->` and `<!-- end -->`, the plan between
`<!-- plan: WHICH -->` and `<!-- end -->`; the text around them is written by hand.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from importlib.util import find_spec
from typing import Any

from benchmarks import picture
from benchmarks.keeping import kept
from benchmarks.process import ROOT, finished
from benchmarks.targets import PRODUCTS, SECONDS, multiples
from pipeline.running.checkpoints import SHARE

PAGE = ROOT / "docs" / "performance.md"
TABLE = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
PLAN = re.compile(r"(<!-- plan -->\n).*?(<!-- end -->)", re.DOTALL)
EXPLAIN = ("-m", "pipeline", "plan", "benchmarks/plan.yaml", "--explain")

Works = Mapping[str, Any]


def main() -> None:
    """Rewrite the page and its picture with what was measured last."""
    PAGE.write_text(with_plan(with_tables(PAGE.read_text())))
    members = kept("members")
    if members and find_spec("matplotlib"):
        picture.draw(members["works"])


def with_tables(page: str) -> str:
    """Return the page with the tables of the results that are kept."""
    return TABLE.sub(lambda match: f"{match[1]}{_text(match[2])}{match[3]}", page)


def with_plan(page: str) -> str:
    """Return the page with the plan of benchmarks/plan.yaml as plait explains it here."""
    printed = finished(EXPLAIN).stdout
    plans = printed[printed.index("fit: 16 members") :].strip()
    return PLAN.sub(lambda match: f"{match[1]}\n```text\n{plans}\n```\n\n{match[2]}", page)


def _text(benchmark: str) -> str:
    result = kept(benchmark)
    lines = table(benchmark, result) if result else ["Not measured yet."]
    return "\n".join(["", *lines, "", ""])


def table(benchmark: str, result: Mapping[str, Any]) -> list[str]:
    """Return the lines of a benchmark's table, and of where and with what it was measured."""
    rows = FORMS.get(benchmark, _compared)(result["works"])
    return [*rows, "", _place(result)]


def _compared(works: Works) -> Iterator[str]:
    """One line for each work and what it is compared with, and whether it is within its limit."""
    yield "| work | plait | compared with | takes | plait is | target | |"
    yield "|---|---|---|---|---|---|---|"
    for name, work in works.items():
        ours, first = work["seconds"], [name, duration(work["seconds"])]
        held = multiples(name)
        most = SECONDS.get(name) or (None if held else work["limit_seconds"])
        if most or not work["peers"]:
            target = f"≤ {duration(most)}" if most else ""
            yield _line(*first, "", "", "", target, verdict(ours <= most) if most else "")
            first = ["", ""]
        for other, seconds in work["peers"].items():
            multiple = held.get(other)
            met = "" if multiple is None else _met(ours, multiple * seconds, work["peers"])
            yield _line(*first, other, duration(seconds), ratio(ours, seconds), said(multiple), met)
            first = ["", ""]


def _limited(works: Works) -> Iterator[str]:
    measured = any("peak_mib" in work for work in works.values())
    yield "| work | takes | limit | |" + measured * " peak memory of a process |"
    yield "|---|---|---|---|" + measured * "---|"
    for name, work in works.items():
        limit, peak = work["limit_seconds"], work.get("peak_mib")
        cells = [name, duration(work["seconds"]), f"≤ {duration(limit)}" if limit else "", _within(work)]
        yield _line(*cells, *[f"{peak:.0f} MiB" if peak else ""] * measured)


def _soaked(works: Works) -> Iterator[str]:
    yield "| work | takes | memory at first | at last | grown | limit | | more open files |"
    yield "|---|---|---|---|---|---|---|---|"
    for name, work in works.items():
        first, last = (
            f"{sample['resident_mib']:.1f} MiB" for sample in work["samples"][:: len(work["samples"]) - 1]
        )
        grown, limit = (f"{100 * work[what]:.1f} %" for what in ("grown", "grown_limit"))
        cells = [name, duration(work["seconds"]), first, last, grown, f"≤ {limit}"]
        yield _line(*cells, verdict(work["grown"] <= work["grown_limit"]), str(work["more_open_files"]))


def _survived(works: Works) -> Iterator[str]:
    yield "| faults | takes | tried | survived | |"
    yield "|---|---|---|---|---|"
    for name, work in works.items():
        tried, survived = work["tried"], work["survived"]
        yield _line(name, duration(work["seconds"]), str(tried), str(survived), verdict(survived == tried))


def _rounds(works: Works) -> Iterator[str]:
    yield "| work | a round takes | share of the time | limit | | bytes | read again |"
    yield "|---|---|---|---|---|---|---|"
    for name, work in works.items():
        share, size = f"{100 * work['share']:.2f} %", f"{work['bytes'] / 1e6:.1f} MB"
        cells = [name, duration(work["seconds"]), share, f"≤ {100 * SHARE:.0f} %", _within(work)]
        yield _line(*cells, size, duration(work["read"]))


def _divided(works: Works) -> Iterator[str]:
    """One column for each work, one line for each of its parts."""
    parts = list(dict.fromkeys(part for work in works.values() for part in work["peers"]))
    yield _line("", *works)
    yield "|---" * (len(works) + 1) + "|"
    yield _line("the whole step", *(duration(work["seconds"]) for work in works.values()))
    for part in parts:
        shares = (work["peers"].get(part, 0.0) / work["seconds"] for work in works.values())
        yield _line(part, *(f"{100 * share:.1f} %" for share in shares))


FORMS: Mapping[str, Callable[[Works], Iterator[str]]] = {
    "checkpoint": _rounds,
    "faults": _survived,
    "scale": _limited,
    "soak": _soaked,
    "start": _limited,
    "profile": _divided,
}


def _line(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |"


def _within(work: Mapping[str, Any]) -> str:
    limit = work["limit_seconds"]
    return verdict(work["seconds"] <= limit) if limit else ""


def verdict(met: bool) -> str:
    """Say whether a target is met, so that a missed one is seen."""
    return "met" if met else "**missed**"


def _met(ours: float, limit: float, others: Mapping[str, float]) -> str:
    """Say whether a limit is kept, and of one that is missed whether it is less than the products take."""
    out_of_reach = ours > limit and limit < others.get(PRODUCTS, 0.0)
    return verdict(ours <= limit) + out_of_reach * ": less than the products alone"


def duration(seconds: float) -> str:
    """Return three digits of a time, in its unit."""
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-6:.3g} µs"


def ratio(ours: float, other: float) -> str:
    """Say how many times as fast, or as long, as another plait is."""
    return f"{other / ours:.2g} x as fast" if ours <= other else f"{ours / other:.3g} x as long"


def said(multiple: float | None) -> str:
    """Say what a work is held to beside another."""
    if multiple is None:
        return ""
    if multiple == 1:
        return "faster"
    return f"≥ {1 / multiple:.3g} x as fast" if multiple <= 1 else f"≤ {multiple:.3g} x as long"


def _place(result: Mapping[str, Any]) -> str:
    machine, packages = result["machine"], result["versions"]
    with_ = ", ".join(f"{name} {version}" for name, version in packages.items() if name != "plait")
    busy = "" if machine["load"] is None else f" (load before {machine['load']:g})"
    return (
        f"Measured on {machine['processor']}, {machine['cores']} cores, {machine['system']}{busy}; {with_}."
    )


if __name__ == "__main__":
    main()
