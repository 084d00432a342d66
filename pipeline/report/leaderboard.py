"""What a run found: settings ranked by validation, the ensembles above them, test scores, where it all lies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from pipeline.report.standings import Standing, chosen_metric, standings

FEW = 10


def leaderboard(record: Mapping[str, Any], rows: int = FEW) -> RenderableType:
    """Return the whole report of a run's record: settings, scores, failures, one closing line."""
    parts: list[RenderableType] = []
    metric = chosen_metric(record["trials"])
    ranked = standings(record["trials"], metric)
    if metric:
        parts.append(_settings(ranked, metric, rows, _ensembles(record["nodes"], metric)))
    parts += [_scores(record["nodes"]), _failures(record), _closing(record)]
    return Group(*(part for part in parts if part is not None))
