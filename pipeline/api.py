"""plait from Python: `load` a DAG file, `run` it, look at the results, predict."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.dag.spec import Dag
from pipeline.errors import UserError

if TYPE_CHECKING:
    from pipeline.results import Results
    from pipeline.running.store import Store
    from pipeline.stages.dataset import DataSet
    from pipeline.stages.events import Event

STORE = ".plait"
Settings = Mapping[str, Any] | Sequence[str]


def load(source: str | Path, *, set: Settings = ()) -> Dag:
    """Read and check a DAG: the path of a file, or the text of one.

    `set` overrides options, as {"adam.lr": 1e-2} or ["adam.lr=1e-2"].  Raises DagError with every problem.
    """
    from pipeline.dag.file import read, read_text
    from pipeline.stages.registry import Registry

    overrides = _overrides(set)
    if isinstance(source, str) and "\n" in source:
        return read_text(source, Registry(), overrides)
    return read(source, Registry(), overrides)


def run(
    dag: Dag | str | Path,
    *,
    set: Settings = (),
    frm: str | None = None,
    to: str | None = None,
    only: str | None = None,
    cluster: str | Mapping[str, Any] | None = None,
    backend: str = "auto",
    store: str | Path | Store = STORE,
    data: Mapping[str, DataSet | tuple[Any, Any]] | None = None,
    trackers: Iterable[Callable[[Event], None]] = (),
) -> Results:
    """Run a DAG and return its results; what is in the store already is not computed again.

    `frm`, `to` and `only` name nodes, as `plait run --from --to --only` does.  `cluster` is `inline`,
    `local`, `local:4`, an address, a class path, or a mapping as in a file.  `data` hands over data sets, or
    pairs (inputs, targets), by the name of the data node whose place they take.  Trials that fail are in
    the results and raise nothing; UserError is raised for what keeps the run from starting.
    """
    from pipeline.running.nursery import may_start_processes, nursery

    with nursery(may_start_processes(cluster, dag.cluster if isinstance(dag, Dag) else None)):
        from pipeline.results import Results
        from pipeline.running.handing import hand_over
        from pipeline.running.start import Request, run_dag
        from pipeline.running.store import Store

        if not isinstance(dag, Dag):
            dag = load(dag, set=set)
        elif set:
            dag = _reload(dag, set)
        kept = store if isinstance(store, Store) else Store(store)
        given = hand_over(dag, kept, data or {})
        request = Request(frm, to, only, cluster, backend, given=given)
        return Results(run_dag(dag, kept, request, trackers))


def resume(
    run: str = "last",
    *,
    set: Settings = (),
    cluster: str | Mapping[str, Any] | None = None,
    backend: str = "auto",
    store: str | Path | Store = STORE,
    trackers: Iterable[Callable[[Event], None]] = (),
) -> Results:
    """Run the DAG of an earlier run again, as its record has it, and return the results.

    Only what is not in the store is computed; trainings that were interrupted go on in their middle.  `run`
    is an id, the beginning of one, or "last".  `set` changes options, the space or the seeds: then what is
    new runs.  UserError where there is no such run, or it still goes on.
    """
    from pipeline.running.nursery import may_start_processes, nursery

    with nursery(may_start_processes(cluster, None)):
        from pipeline.results import Results
        from pipeline.running.recorded import recorded
        from pipeline.running.start import Request, run_dag
        from pipeline.running.store import Store

        kept = store if isinstance(store, Store) else Store(store, create=False)
        found = recorded(kept, run, _overrides(set))
        request = Request(None, found.to, found.only, cluster, backend, given=found.given)
        return Results(run_dag(found.dag, kept, request, trackers))


def _reload(dag: Dag, set: Settings) -> Dag:
    from pipeline.dag.file import read_text

    return read_text(dag.text, dag.registry, [*dag.overrides, *_overrides(set)], dag.path)


def _overrides(settings: Settings) -> list[str]:
    if isinstance(settings, Mapping):
        return [f"{key}={json.dumps(value)}" for key, value in settings.items()]
    if isinstance(settings, str):
        raise UserError(f"set={settings!r} is a text\n    write set=[{settings!r}] or a dict")
    return [str(setting) for setting in settings]
