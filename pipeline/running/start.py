"""From a DAG and what was asked for to a plan and its run."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pipeline.dag.cohorts import WIDTH
from pipeline.errors import UserError
from pipeline.running.cluster import ClusterSpec, cluster_spec, local_workers
from pipeline.running.events import Tracker
from pipeline.running.execution import Execution, Run
from pipeline.running.plan import Plan, make_plan
from pipeline.running.records import Records

if TYPE_CHECKING:
    from pipeline.dag.spec import Dag
    from pipeline.running.dask_pool import DaskPool
    from pipeline.running.store import Store
    from pipeline.stages.explaining import ExplainedTraining

BACKENDS = ("numpy", "cupy", "auto")


@dataclass(frozen=True)
class Request:
    """What a person asks for beside the DAG; empty where he left it open."""

    frm: str | None = None
    to: str | None = None
    only: str | None = None
    cluster: str | Mapping[str, Any] | None = None
    backend: str = "auto"
    width: int = WIDTH
    given: Mapping[str, str] = field(default_factory=dict)


def resolve_backend(wanted: str) -> str:
    """Return `numpy` or `cupy`; `auto` is `cupy` where there is a GPU that CuPy can use."""
    if wanted not in BACKENDS:
        raise UserError(f"there is no backend {wanted!r}\n    allowed: {', '.join(BACKENDS)}")
    if wanted != "auto":
        return wanted
    try:
        import cupy

        return "cupy" if cupy.cuda.is_available() else "numpy"
    except Exception:  # CuPy that is not there, or does not find its CUDA, serves nobody
        return "numpy"


def plan_dag(dag: Dag, store: Store, request: Request) -> Plan:
    """Plan a run of `dag`, with the sizes of its cohorts; UserError where the request does not fit it."""
    from pipeline.running.estimate import with_estimates

    return with_estimates(_plan(dag, store, request))


def explain_dag(plan: Plan) -> list[ExplainedTraining]:
    """Explain the training steps of a plan: their instructions before and after the passes."""
    from pipeline.running.estimate import explanations

    return explanations(plan)


def run_dag(dag: Dag, store: Store, request: Request, trackers: Iterable[Tracker] = ()) -> Run:
    """Run `dag` and return what came of it; results are in the store as soon as they are there.

    A cluster is started or connected to only if there is something to run, and before the run is recorded.
    Where none was asked for and nothing can run side by side, this process runs it.
    """
    began = time.perf_counter()
    spec = cluster_spec(request.cluster, dag.cluster)
    plan = _plan(dag, store, request, verify=True)
    with ExitStack() as stack:
        pool = stack.enter_context(closing(_pool(spec, plan))) if _needs_pool(spec, plan, request) else None
        if pool is not None and (spec.kind != "local" or spec.resources) and pool.connected() != plan.workers:
            notes = plan.stored.notes
            plan = _plan(dag, store, request, workers=pool.workers, verify=True)
            plan.stored.notes.update(notes)
        records = stack.enter_context(Records(store.records))
        return Execution(plan, records, trackers, began).run(pool)


def _needs_pool(spec: ClusterSpec, plan: Plan, request: Request) -> bool:
    if not plan.to_run or spec.kind == "inline":
        return False
    asked_for = request.cluster is not None or plan.dag.cluster is not None
    return asked_for or min(plan.workers, plan.widest) > 1


def _pool(spec: ClusterSpec, plan: Plan) -> DaskPool:
    from pipeline.running.dask_pool import DaskPool
    from pipeline.running.workers import plugin_versions

    workers = min(plan.workers, plan.widest) if spec.kind == "local" else plan.workers
    return DaskPool(spec, workers, plan.backend, plugin_versions(plan.dag))


def _plan(dag: Dag, store: Store, request: Request, *, workers: int = 0, verify: bool = False) -> Plan:
    backend = resolve_backend(request.backend)
    spec = cluster_spec(request.cluster, dag.cluster)
    return make_plan(
        dag,
        store,
        workers=workers or _workers(spec, backend),
        backend=backend,
        width=request.width,
        frm=request.frm,
        to=request.to,
        only=request.only,
        given=request.given,
        verify=verify,
    )


def _workers(spec: ClusterSpec, backend: str) -> int:
    if spec.kind == "inline":
        return 1
    return spec.workers or local_workers(backend)
