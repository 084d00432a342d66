"""What a worker runs: a job's node instances, each read, computed, stored and reported as an outcome.

Nothing is raised to Dask: whatever goes wrong becomes the outcome of the instance that it concerns.
Tasks are idempotent, as Dask runs them again where a worker dies: what is in the store is not repeated.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from pipeline.errors import PlaitError
from pipeline.running.capture import Log
from pipeline.running.compute import compute, validation_metrics
from pipeline.running.events import event_to_json
from pipeline.running.gathering import Lost, Skipped, chosen
from pipeline.running.jobs import Job, Piece
from pipeline.running.measures import Measures
from pipeline.running.opened import opened_registry, opened_store
from pipeline.running.outcomes import LOST, Outcome, failure, reason
from pipeline.running.training import train
from pipeline.running.workplace import Emit, MissingInputs, Stopped, Workplace
from pipeline.stages.events import Event


def run_job(
    text: str, *upstream: Iterable[Mapping[str, Any]], emit: Emit | None = None
) -> list[dict[str, Any]]:
    """Run a job and return its instances' outcomes as JSON; `upstream` are the outcomes of jobs before it.

    `emit` hears of events in this process; without it they go to the driver as messages of Dask.
    """
    job = Job.loads(text)
    lost = {o["instance"]: reason(o) for outcomes in upstream for o in outcomes if o["state"] in LOST}
    worker, tell = (f"inline-{os.getpid()}", emit) if emit else _dask_worker(job)
    try:
        # one thread for each process: two pools of BLAS threads on the same cores only wait for each other
        with threadpool_limits(1), Log(Path(job.store) / job.log) as log:
            store, registry = opened_store(job.store), opened_registry(job.registry)
            outcomes = _run(Workplace(job, store, registry, log, tell, worker), lost)
    except PlaitError as error:
        outcomes = [failure(Outcome(p.instance, p.label, "done", worker=worker), error) for p in job.pieces]
    return [outcome.to_json() for outcome in outcomes]


def _dask_worker(job: Job) -> tuple[str, Emit]:
    from distributed import get_worker

    worker = get_worker()

    def tell(event: Event) -> None:
        worker.log_event(job.run, event_to_json(event))

    return str(worker.address), tell


def _run(place: Workplace, lost: Lost) -> list[Outcome]:
    job = place.job
    place.log.note(f"{job.name}: {len(job.pieces)} instances on {place.worker}")
    return train(place, lost) if job.cohort else [settle(place, piece, lost) for piece in job.pieces]


def settle(place: Workplace, piece: Piece, lost: Lost) -> Outcome:
    """Compute one instance; whatever happens becomes its outcome."""
    began = time.perf_counter()
    outcome = place.outcome(piece)
    try:
        place.look()
        notes: tuple[str, ...] = ()
        metrics = place.stored_metrics(piece)
        if metrics is None:
            place.emit(Event("node_started", node=piece.node, trials=piece.trials))
            metrics, notes = computed(place, piece, lost)
        return replace(outcome, metrics=metrics, seconds=time.perf_counter() - began, notes=notes)
    except Stopped:
        return replace(outcome, state="stopped", error="the run was stopped")
    except Skipped as skipped:
        return replace(outcome, state="skipped", error=str(skipped))
    except MissingInputs as absent:
        return replace(outcome, state="blocked", missing=absent.instances, notes=absent.notes)
    except Exception as error:
        place.log.failure(error)
        return replace(failure(outcome, error), seconds=time.perf_counter() - began)


def computed(place: Workplace, piece: Piece, lost: Lost) -> tuple[dict[str, float], tuple[str, ...]]:
    """Compute and keep an instance that is not trained; return its metrics, and notes on what it lacked."""
    taken, notes = chosen(place, piece, lost)
    judging = [piece.validation] if piece.validation else []
    place.read([one for many in taken.values() for one in many] + judging)
    inputs = {port: [place.value(one) for one in many] for port, many in taken.items()}
    held_out = [place.value(one) for one in judging]
    value = compute(piece, {**inputs, "validation": held_out}, place.registry)
    metrics = dict(value.metrics) if isinstance(value, Measures) else {}
    for data in held_out:
        metrics = validation_metrics(value, data)
    members = [one.key for one in taken.get("models", ())]
    without = [one.key for one in piece.taken if one.instance in lost]
    place.keep(piece, value, metrics, members=members, without=without)
    return metrics, notes
