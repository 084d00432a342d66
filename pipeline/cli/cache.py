"""`plait cache ls` and `plait cache gc`: what the store holds, and giving space back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline.cli.arguments import STORE, Json, Store
from pipeline.cli.failures import guarded
from pipeline.cli.output import write, write_json
from pipeline.cli.runs import opened

if TYPE_CHECKING:
    from pipeline.running.records import Records


@guarded
def show_list(store: Store = STORE, json: Json = False) -> None:
    """List what the store holds: each result with its node and size."""
    record = contents(store)
    if json:
        return write_json(record)
    from pipeline.report.cache import cache_table

    return write(cache_table(record))


@guarded
def collect(
    keep: Annotated[
        int, typer.Option("--keep", metavar="N", help="Keep what the latest N runs used.", min=0)
    ] = 10,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be removed.")] = False,
    store: Store = STORE,
    json: Json = False,
) -> None:
    """Remove results that none of the latest runs used, and what was left behind."""
    from pipeline.running.store import Store as Kept

    kept = Kept(store, create=False)
    with opened(store) as records:
        wanted = _used(records, keep)
    if dry_run:
        freed = [(key, kept.size(key)) for key in list(kept.keys()) if key not in wanted]
    else:
        freed = kept.gc(wanted)
    record = {
        "store": str(kept.root),
        "dry_run": dry_run,
        "removed": [{"key": key, "bytes": size} for key, size in freed],
        "bytes": sum(size for _, size in freed),
    }
    if json:
        return write_json(record)
    from pipeline.report.cache import collected

    return print(collected(record))


def contents(store: Path) -> dict[str, Any]:
    """Return the objects of a store, the largest first, with the last run that used each."""
    from pipeline.running.store import Store as Kept

    kept = Kept(store, create=False)
    with opened(store) as records:
        objects = [_object(records, key, kept.size(key)) for key in list(kept.keys())]
    objects.sort(key=lambda each: -each["bytes"])
    return {"store": str(kept.root), "objects": objects, "bytes": sum(each["bytes"] for each in objects)}


def _object(records: Records, key: str, size: int) -> dict[str, Any]:
    rows = records.nodes_with_key(key)
    last = rows[-1] if rows else None
    return {
        "key": key,
        "bytes": size,
        "node": last.instance if last else "",
        "kind": last.kind if last else "",
        "run": last.run if last else "",
    }


def _used(records: Records, latest: int) -> set[str]:
    """Return the keys that the latest runs used, and that a run uses which still goes on."""
    runs = records.runs()
    counted = [*runs[:latest], *(run for run in runs[latest:] if run.state == "running")]
    return {row.key for run in counted for row in records.nodes(run.id)}
