"""A run as one HTML file: read anywhere, without a network and without scripts."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from pipeline.exhibits import Drawing, Exhibit, Table
from pipeline.report import figures
from pipeline.report.markup import Html, captioned, figure, page, paragraph, section, table
from pipeline.report.material import History, Material
from pipeline.report.standings import chosen_metric, standings

FEW_SETTINGS, FEW_CURVES, FEW_INSTANCES = 30, 8, 12
Record = Mapping[str, Any]


def document(material: Material) -> Html:
    """Return the whole page."""
    record = material.record
    title = f"{record['name']}: {record['run']}"
    sections = [
        f"<h1>{escape(title)}</h1>\n",
        _run(record),
        section("Graph", figure(material.drawing, "", whole=True) if material.drawing else ""),
        _leaderboard(record),
        section("Nodes", _nodes(record)),
        section("Failures and notes", *_failures(record, material.notes)),
        section("Learning curves", *_curves(material)),
        section("Exhibits", *_exhibits(material)),
        section("File", f"<pre>{escape(record['text'])}</pre>"),
    ]
    return page(title, sections)


def _run(record: Record) -> Html:
    states = [trial["state"] for trial in record["trials"]]
    counts = ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states))
    machine = record.get("machine", {})
    facts = [
        ("state", record["state"]),
        ("trials", f"{len(states)}{f': {counts}' if counts else ''}"),
        ("started", time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(record["started"]))),
        ("seconds", None if record["seconds"] is None else f"{record['seconds']:.1f}"),
        ("results from the store", record["cached"]),
        ("file", record["file"]),
        ("set", " ".join(record["overrides"]) or None),
        ("seed", record["seed"]),
        ("plait", record["version"]),
        (
            "machine",
            ", ".join(
                str(machine[name]) for name in ("host", "system", "python", "backend") if name in machine
            ),
        ),
        ("workers", machine.get("workers")),
    ]
    return table(("run", record["run"]), [fact for fact in facts if fact[1] is not None], numbers=False)


def _leaderboard(record: Record) -> Html:
    metric = chosen_metric(record["trials"])
    if not metric:
        return ""
    ranked = standings(record["trials"], metric)
    names = list(dict.fromkeys([metric, *(name for one in ranked for name in one.metrics)]))
    rows = [
        (
            place,
            one.label,
            *(str(one.metrics[name]) if name in one.metrics else "" for name in names),
            one.ended,
        )
        for place, one in enumerate(ranked[:FEW_SETTINGS], 1)
    ]
    more = len(ranked) - FEW_SETTINGS
    rest = paragraph(f"and {more} more settings", "soft") if more > 0 else ""
    said = paragraph(f"Ranked by {metric}; mean ± standard deviation over trials of a setting.", "soft")
    return section("Leaderboard", said, table(("#", "setting", *names, "trials"), rows), rest)


def _nodes(record: Record) -> Html:
    rows = []
    for name, node in record["nodes"].items():
        metrics = ", ".join(f"{metric} {_short(value)}" for metric, value in node["metrics"].items())
        rows.append((name, node["stage"], node["state"], node["instances"], metrics))
        rows += [
            ("", found["label"], found["state"], "", _metrics(found)) for found in node.get("results", ())
        ]
    return table(
        ("node", "stage", "state", "instances", "metrics (means over instances)"), rows, numbers=False
    )


def _metrics(found: Record) -> str:
    return ", ".join(f"{metric} {_short(value)}" for metric, value in found["metrics"].items())


def _short(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"


def _failures(record: Record, notes: tuple[str, ...]) -> Iterator[Html]:
    for name, node in record["nodes"].items():
        failed = node["states"].get("failed", 0)
        if failed:
            yield paragraph(f"{name}: {failed} of {node['instances']} failed", "bad")
        yield from (f"<pre>{escape(error)}</pre>" for error in node["errors"])
        yield from (paragraph(f"{name}: {note}") for note in node["notes"])
    yield from (paragraph(note, "bad") for note in notes)


def _curves(material: Material) -> Iterator[Html]:
    curves = _best(material.curves)
    if not curves:
        return
    more = len(material.curves) - len(curves)
    if figures.available():
        caption = "Of training dashed, on validation solid"
        yield figure(
            figures.curves_svg(curves, "curves"), f"{caption}; the best {len(curves)}" if more else caption
        )
    else:
        yield paragraph(figures.MISSING, "soft")
    names = list(
        dict.fromkeys(name for history in curves.values() for name in history[-1] if name != "epoch")
    )
    rows = [(label, len(h), *(h[-1].get(name) for name in names)) for label, h in curves.items()]
    yield table(("after the last epoch", "epochs", *names), rows)
    if more:
        yield paragraph(f"and {more} more trainings", "soft")


def _best(curves: Mapping[str, History]) -> dict[str, History]:
    """Return the few trainings whose last validation loss is lowest, of training where there is no other."""

    def last(label: str) -> float:
        record = curves[label][-1]
        return record.get("loss", record.get("train_loss", 0.0))

    return {label: curves[label] for label in sorted(curves, key=last)[:FEW_CURVES]}


def _exhibits(material: Material) -> Iterator[Html]:
    shown = list(material.exhibits.items())
    for place, (label, named) in enumerate(shown[:FEW_INSTANCES]):
        yield f"<h3>{escape(label)}</h3>"
        yield from (_exhibit(name, one, f"{place}-{name}") for name, one in named.items())
    if len(shown) > FEW_INSTANCES:
        yield paragraph(f"and those of {len(shown) - FEW_INSTANCES} more instances", "soft")


def _exhibit(name: str, exhibit: Exhibit, salt: str) -> Html:
    caption = exhibit.caption or name
    if isinstance(exhibit, Table):
        return captioned(table(exhibit.columns, exhibit.rows), caption)
    if isinstance(exhibit, Drawing):
        return figure(exhibit.svg, caption, whole=True)
    if not figures.available():
        return paragraph(f"{caption}: {figures.MISSING}", "soft")
    return figure(figures.svg_of(exhibit, salt), caption)
