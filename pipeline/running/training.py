"""Train a job's pieces as one cohort; if something raises, narrow it down to the members that raise it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from pipeline.errors import StageError, UserError
from pipeline.running.gathering import Lost, Skipped, chosen
from pipeline.running.jobs import Piece
from pipeline.running.outcomes import Outcome, failure
from pipeline.running.workplace import MissingInputs, Stopped, Workplace
from pipeline.stages.cohort import CohortSpec
from pipeline.stages.events import Event

if TYPE_CHECKING:
    from pipeline.stages.results import MemberResult


def train(place: Workplace, lost: Lost) -> list[Outcome]:
    """Return one outcome for each piece, in order."""
    known = {piece.instance: _known(place, piece, lost) for piece in place.job.pieces}
    pieces = [piece for piece in place.job.pieces if known[piece.instance] is None]
    trained = {outcome.instance: outcome for outcome in _together(place, pieces)} if pieces else {}
    return [known[piece.instance] or trained[piece.instance] for piece in place.job.pieces]


def _known(place: Workplace, piece: Piece, lost: Lost) -> Outcome | None:
    """Return the outcome of a piece that need not or cannot be trained, None for the others."""
    outcome = place.outcome(piece)
    metrics = place.stored_metrics(piece)
    if metrics is not None:
        return replace(outcome, metrics=metrics)
    try:
        taken, _ = chosen(place, piece, lost)
        place.read(taken["data"])
    except Skipped as skipped:
        return replace(outcome, state="skipped", error=str(skipped))
    except MissingInputs as absent:
        return replace(outcome, state="blocked", missing=absent.instances, notes=absent.notes)
    return None


def _together(place: Workplace, pieces: Sequence[Piece]) -> list[Outcome]:
    """Train the pieces as one cohort, or in halves where that fails: each gets what is its own.

    Members do not depend on their neighbours, so that halves give what the whole would have given.
    """
    began = time.perf_counter()
    try:
        trials = tuple(trial for piece in pieces for trial in piece.trials)
        place.emit(Event("node_started", node=pieces[0].node, trials=trials))
        results = _results(place, pieces)
    except Stopped:
        return [replace(place.outcome(p), state="stopped", error="the run was stopped") for p in pieces]
    except Exception as error:
        place.log.failure(error)
        return _narrowed(place, pieces, error)
    seconds = (time.perf_counter() - began) / len(pieces)
    return [_kept(place, *pair, seconds) for pair in zip(pieces, results, strict=True)]


def _results(place: Workplace, pieces: Sequence[Piece]) -> list[MemberResult]:
    from pipeline.stages.fit import train_cohort

    spec = CohortSpec.from_json(place.job.cohort or {})
    wanted = {piece.key for piece in pieces}
    members = tuple(member for member in spec.members if member.key in wanted)
    datasets = {taken.key: place.value(taken) for piece in pieces for taken in piece.inputs["data"]}
    return train_cohort(
        replace(spec, members=members), datasets, place.registry, place.emit, place.checkpoints
    )


def _narrowed(place: Workplace, pieces: Sequence[Piece], error: Exception) -> list[Outcome]:
    same_data = len({taken.key for piece in pieces for taken in piece.inputs["data"]}) == 1
    if len(pieces) == 1 or (isinstance(error, UserError) and same_data):
        return [failure(place.outcome(piece), error) for piece in pieces]
    place.log.note(f"{len(pieces)} members failed together; training them in halves")
    half = len(pieces) // 2
    return _together(place, pieces[:half]) + _together(place, pieces[half:])


def _kept(place: Workplace, piece: Piece, result: MemberResult, seconds: float) -> Outcome:
    outcome = replace(place.outcome(piece), seconds=seconds)
    if result.network is None:
        place.log.note(f"{piece.label}: {result.error}")
        return failure(outcome, StageError(result.error or "training gave no network"))
    metrics = {name: float(value) for name, value in result.metrics.items()}
    try:
        history = [dict(record) for record in result.history]
        place.keep(piece, result.network, metrics, history=history, epochs=result.epochs)
        place.checkpoints.forget(piece.key)
    except Exception as error:
        place.log.failure(error)
        return failure(outcome, error)
    return replace(outcome, metrics=metrics)
