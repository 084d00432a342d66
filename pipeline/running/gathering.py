"""What a node instance takes: its inputs, or of a gather those that survived, or the best of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipeline.dag.gather import Gather, select
from pipeline.hooks import KINDS
from pipeline.running.jobs import Input, Piece
from pipeline.running.store import DamagedObject
from pipeline.running.values import metrics_of
from pipeline.running.workplace import Workplace

Lost = Mapping[int, str]
"""Instances without a result, and which and why, for people."""
_SHOWN = 3


class Skipped(Exception):
    """An instance cannot be computed, as inputs failed."""


def chosen(place: Workplace, piece: Piece, lost: Lost) -> tuple[dict[str, list[Input]], tuple[str, ...]]:
    """Return by port what the piece takes, and notes on what it goes without.

    Raises Skipped if an input has failed (of a gather: all of them), MissingInputs if candidates of a
    choice by metric are not in the store, UserError if none has the metric.
    """
    taken: dict[str, list[Input]] = {}
    notes: list[str] = []
    for port, inputs in piece.inputs.items():
        gone = [one for one in inputs if one.instance in lost]
        alive = [one for one in inputs if one.instance not in lost]
        if gone and not (alive and KINDS[piece.kind].ports[port].many):
            raise Skipped(_why(gone, lost))
        if gone:
            notes.append(f"goes on with {len(alive)} of {len(inputs)} members; {_why(gone, lost)}")
        taken[port] = _best(place, piece.gather, alive) if piece.gather and len(inputs) > 1 else alive
    return taken, tuple(notes)


def _why(gone: Sequence[Input], lost: Lost) -> str:
    shown = "; ".join(lost[one.instance] for one in gone[:_SHOWN])
    more = f"; and {len(gone) - _SHOWN} more" if len(gone) > _SHOWN else ""
    return f"without {shown}{more}"


def _best(place: Workplace, gather: Gather, alive: Sequence[Input]) -> list[Input]:
    if gather.best is None:
        return list(alive)
    metrics, missing = {}, []
    for one in alive:
        try:
            metrics[one] = metrics_of(place.store, one.key)
        except DamagedObject:
            missing.append(one)
    place.read(missing)  # raises MissingInputs
    return list(select([(one, metrics[one]) for one in alive], gather))
