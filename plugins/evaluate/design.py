"""Inputs that a model is sure of, found by optimisation."""

from typing import Literal

import numpy as np

from pipeline import evaluate, exhibits, ops
from pipeline.options import Count, NonNegative, Positive


@evaluate
def design(
    model,
    data,
    *,
    steps: Count = 100,
    rate: Positive = 0.1,
    decay: NonNegative = 0.01,
    start: Literal["mean", "zeros"] = "mean",
    split: str = "train",
):
    """Climb from one input to the one that maximises each output: a class's log-likelihood, or a value.

    Each of `steps` goes `rate` along the gradient's direction and shrinks the input by rate·`decay`; the
    input stays in the range that the inputs of the split have, which is where it starts: at their mean, or
    at zero.  Of classes the mean probability before and after is measured, of numbers the mean value.
    Simonyan et al. 2014 (arXiv:1312.6034), section 2.
    """
    known = model.prepared(data, split)
    low, high = known.min(axis=0), known.max(axis=0)
    first = known.mean(axis=0) if start == "mean" else np.clip(np.zeros_like(low), low, high)
    count = len(model.classes) or model.predict(known[:1]).shape[1]
    x = np.repeat(first[None].astype(known.dtype), count, axis=0)
    before = _reached(model, x)
    uphill = _uphill(model, count)
    for _ in range(steps):
        g = uphill(x)
        length = np.linalg.norm(g.reshape(count, -1), axis=1).reshape(-1, *(1,) * (x.ndim - 1))
        moved = x + rate * (g / np.maximum(length, np.finfo(x.dtype).tiny) - decay * x)
        x = np.clip(moved, low, high).astype(x.dtype)
    return {"before": before, "reached": _reached(model, x), "designed": _exhibit(model, data, x)}


def _uphill(model, count):
    """Return the function from inputs (count, ...) to each one's way up to an output of its own."""
    if model.task == "classes":
        slope = model.input_gradient()
        return lambda x: -slope(x, np.arange(count))
    slope = model.input_gradient(lambda outputs, chosen: ops.sum(outputs * chosen, axis=-1))
    return lambda x: slope(x, np.eye(count, dtype=x.dtype))


def _reached(model, x):
    return float(np.diag(model.predict(x)).mean())


def _exhibit(model, data, x):
    names = model.classes or tuple(f"output {i}" for i in range(len(x)))
    if x.ndim == 3:
        return exhibits.Images(x, caption="The inputs that maximise each output", labels=names)
    flat = x.reshape(len(x), -1)
    features = data.features if len(data.features) == flat.shape[1] else range(flat.shape[1])
    columns = ("output", *map(str, features))
    rows = [(name, *map(float, row)) for name, row in zip(names, flat, strict=True)]
    return exhibits.Table(columns, rows, caption="The inputs that maximise each output")
