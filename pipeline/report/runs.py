"""The runs of a store: a list of them, and how two of them differ."""

from __future__ import annotations

import difflib
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from pipeline.report.standings import PREFERRED
from pipeline.report.tables import plain_table

Record = Mapping[str, Any]
FEW = 20


def run_table(runs: Sequence[Record]) -> RenderableType:
    """Return the table of runs, the latest first."""
    table = plain_table("run", "state", "started", "seconds>", "file")
    for run in runs:
        seconds = "-" if run["seconds"] is None else f"{run['seconds']:.1f}"
        started = time.strftime("%Y-%m-%d %H:%M", time.localtime(run["started"]))
        table.add_row(run["run"], run["state"], started, seconds, run["file"])
    return table


def difference(old: Record, new: Record) -> dict[str, Any]:
    """Return how two runs' records differ: the file's lines, what else was said, metrics of nodes and trials.

    Metrics are pairs [old, new], None where there is none; trials are told by their labels.
    """
    before, after = ({trial["label"]: trial for trial in run["trials"]} for run in (old, new))
    return {
        "runs": [old["run"], new["run"]],
        "file": _lines(old, new),
        "said": {name: [old[name], new[name]] for name in ("overrides", "version") if old[name] != new[name]},
        "nodes": _metrics(old["nodes"], new["nodes"]),
        "trials": _metrics(
            {label: before[label] for label in before if label in after},
            {label: after[label] for label in after if label in before},
        ),
        "gone": [label for label in before if label not in after],
        "added": [label for label in after if label not in before],
    }


def difference_report(found: Record) -> RenderableType:
    """Return the report of `difference`."""
    parts = [*_said(found), *_metric_tables(found), *_trial_lists(found)]
    old, new = found["runs"]
    return Group(*parts) if parts else Text(f"{old} and {new} do not differ")


def _lines(old: Record, new: Record) -> list[str]:
    texts = [run["text"].splitlines() for run in (old, new)]
    return list(difflib.unified_diff(texts[0], texts[1], old["run"], new["run"], lineterm="", n=1))


def _metrics(old: Record, new: Record) -> dict[str, dict[str, list[float | None]]]:
    found = {}
    for name in [*old, *(name for name in new if name not in old)]:
        before, after = (records.get(name, {}).get("metrics") or {} for records in (old, new))
        pairs = {metric: [before.get(metric), after.get(metric)] for metric in [*before, *after]}
        differing = {metric: pair for metric, pair in pairs.items() if pair[0] != pair[1]}
        if differing:
            found[name] = differing
    return found


def _said(found: Record) -> Iterator[RenderableType]:
    styles = {"+": "green", "-": "red"}
    for line in found["file"]:
        yield Text(line, styles.get(line[:1], ""))
    for name, (old, new) in found["said"].items():
        yield Text(f"{name}: {_words(old)} -> {_words(new)}")
    if found["file"] or found["said"]:
        yield Text()


def _words(value: Any) -> str:
    return (" ".join(value) or "none") if isinstance(value, list) else str(value)


def _metric_tables(found: Record) -> Iterator[RenderableType]:
    if found["nodes"]:
        yield from (_metric_table("node", found["nodes"]), Text())
    if found["trials"]:
        main = next((name for name in PREFERRED if any(name in one for one in found["trials"].values())), "")
        trials = {label: {main: one[main]} for label, one in found["trials"].items() if main in one}
        yield from (_metric_table("trial", trials or found["trials"]), Text())


def _metric_table(title: str, found: Record) -> Table:
    table = plain_table(title, "metric", "old>", "new>", "change>")
    for name, metrics in list(found.items())[:FEW]:
        for metric, (old, new) in metrics.items():
            change = f"{new - old:+.4f}" if old is not None and new is not None else ""
            table.add_row(name, metric, _number(old), _number(new), change)
    if len(found) > FEW:
        table.add_row(f"and {len(found) - FEW} more")
    return table


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


def _trial_lists(found: Record) -> Iterator[Text]:
    for title, what in (("only in the old run", "gone"), ("only in the new run", "added")):
        labels = found[what]
        if labels:
            more = f" and {len(labels) - FEW} more" if len(labels) > FEW else ""
            yield Text(f"{title}: {'; '.join(labels[:FEW])}{more}")
