"""What a run found: settings ranked by validation, ensembles above them, scores, failures, where it lies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from pipeline.report.standings import Standing, chosen_metric, simplest_standing, spread, standings
from pipeline.report.tables import plain_table

FEW = 10
Record = Mapping[str, Any]


def leaderboard(record: Record, rows: int = FEW) -> RenderableType:
    """Return the report of a run's record: `rows` settings at most, and all scores."""
    parts = [
        *_validation(record, rows),
        *_scores(record["nodes"]),
        *_failures(record),
        Text(closing(record), "bold"),
    ]
    spaced = [line for part in parts for line in (part, Text())]
    return Group(*spaced[:-1])


def closing(record: Record) -> str:
    """Return "run ID: 24 trials in 8.1 s, 2 failed, 3 results cached; everything lies in .plait"."""
    trials = record["trials"]
    states = [trial["state"] for trial in trials]
    parts = [
        f"run {record['run']}: {len(trials)} trial{'s' * (len(trials) != 1)} in {record['seconds']:.1f} s"
    ]
    parts += [
        f"{states.count(state)} {state}" for state in ("failed", "skipped", "stopped") if state in states
    ]
    parts += [f"{record['cached']} results cached"] if record["cached"] else []
    return ", ".join(parts) + f"; results lie in {record['store']}"


def _validation(record: Record, rows: int) -> Iterator[RenderableType]:
    metric = chosen_metric(record["trials"])
    if not metric:
        return
    replicated = _gathered_axes(record["nodes"])
    ranked = standings(record["trials"], metric, replicated)
    metrics = [metric, *(name for name in ("loss",) if name != metric and name in ranked[0].metrics)]
    several = max(standing.ended for standing in ranked) > 1
    table = plain_table("#>", "setting", *(f"{name}>" for name in metrics), *(["trials>"] if several else []))
    for row in _ensembles(record["nodes"], metrics):
        table.add_row(*row, style="bold")
    for place, standing in enumerate(ranked[:rows], 1):
        table.add_row(str(place), standing.label, *_cells(standing, metrics, several))
    seeds = ["seeds"] if len({trial["seed"] for trial in record["trials"]}) > 1 else []
    over = " and ".join([*seeds, *sorted(replicated)])
    title = f"Validation, mean ± standard deviation over {over}" if several and over else "Validation"
    yield Group(Text(title, "bold"), table, *_rest(ranked, rows), *_simplest(ranked, metric))


def _gathered_axes(nodes: Record) -> frozenset[str]:
    """Return the axes that ensembles gather over, folds say: along them trials repeat a setting."""
    gathers = [node["gather"] for node in nodes.values() if node.get("gather")]
    return frozenset(axis for gather in gathers for axis in gather.get("over") or ()) - {"seed"}


def _cells(standing: Standing, metrics: Sequence[str], several: bool) -> Iterator[str]:
    for name in metrics:
        yield str(standing.metrics[name]) if name in standing.metrics else "-"
    if several:
        all_of_them = standing.ended + standing.failed
        yield f"{standing.ended} of {all_of_them}" if standing.failed else str(all_of_them)


def _simplest(ranked: Sequence[Standing], metric: str) -> Iterator[Text]:
    """Yield Breiman's choice, where it is not the best: settings are listed from simple to complex."""
    chosen = simplest_standing(ranked, metric)
    if chosen is not None:
        told = f"{chosen.label} ({metric} {chosen.metrics[metric]})"
        yield Text(f"the first listed within one standard error of the best: {told}")


def _rest(ranked: Sequence[Standing], rows: int) -> Iterator[Text]:
    if len(ranked) > rows:
        yield Text(f"and {len(ranked) - rows} more settings", "dim")


def _ensembles(nodes: Record, metrics: Sequence[str]) -> Iterator[list[str]]:
    """Yield a row for each ensemble that could be measured on the validation split, as its members were."""
    for name, node in nodes.items():
        if node["kind"] == "ensemble" and metrics[0] in node["metrics"]:
            yield ["", _ensemble(name, node), *(_score(node, metric) for metric in metrics)]


def _ensemble(name: str, node: Record) -> str:
    best = (node.get("gather") or {}).get("best")
    of = f" of the best {best}" if best else ""
    several = f" ({node['instances']} of them)" if node["instances"] > 1 else ""
    return f"{name}: {node['stage'].partition('.')[2]}{of}{several}"


def _scores(nodes: Record) -> Iterator[RenderableType]:
    """Yield a table of the evaluations for each split that they measured, the test split last."""
    splits: dict[str, list[tuple[str, Record]]] = {}
    for name, node in nodes.items():
        if node["kind"] == "evaluate" and node["metrics"]:
            splits.setdefault(node.get("options", {}).get("split", ""), []).append((name, node))
    for split in sorted(splits, key=lambda split: split == "test"):
        title = f"Evaluation on the {split} split" if split else "Evaluation"
        yield Group(Text(title, "bold"), _score_table(splits[split]))


def _score_table(measured: Sequence[tuple[str, Record]]) -> Table:
    metrics = list(dict.fromkeys(metric for _, node in measured for metric in node["metrics"]))
    table = plain_table("node", "of", *(f"{metric}>" for metric in metrics))
    for name, node in measured:
        models = ", ".join(node.get("inputs", {}).get("model", ()))
        several = f" ({node['instances']} of them)" if node["instances"] > 1 else ""
        table.add_row(name, models + several, *(_score(node, metric) for metric in metrics))
    return table


def _score(node: Record, metric: str) -> str:
    if metric not in node["metrics"]:
        return "-"
    values = [result["metrics"].get(metric) for result in node.get("results", ())]
    return str(spread(values)) if values else f"{node['metrics'][metric]:.4f}"


def _failures(record: Record) -> Iterator[RenderableType]:
    lines = []
    for name, node in record["nodes"].items():
        failed = node["states"].get("failed", 0)
        lines += [Text(f"{name}: {failed} of {node['instances']} failed", "red")] if failed else []
        lines += [Text(f"    {error}") for error in node["errors"]]
        lines += [Text(f"{name}: {note}", "yellow") for note in node["notes"]]
    if lines:
        yield Group(*lines)
