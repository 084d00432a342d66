"""Noise on units that training and averaged predictions share."""

from __future__ import annotations

from typing import Any

from pipeline.engine import ops

Value = Any  # a tensor, or a NumPy array when a stage is called directly


def dropout(h: Value, rng: Any, rate: Value) -> Value:
    """Zero each unit with probability `rate` and divide the rest by 1 - rate (inverted dropout)."""
    return ops.where(rng.uniform(h.shape) >= rate, h * (1 / (1 - rate)), 0.0)
