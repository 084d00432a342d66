"""The checks of the traced kinds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pipeline.engine import Backend, Graph, gradient, ops
from pipeline.engine.backends import backend as backend_named
from pipeline.engine.random import generator
from pipeline.errors import UserError
from pipeline.testing.subject import Array, Subject, close, locked, same_bits
from pipeline.testing.traces import Case, Given, Replay, Tensors, Trace, members

COHORT = 7
OTHER_ORDER = (3, 0, 6, 2, 5, 1, 4)
STEP = 1e-6  # of a finite difference in float64


def check_traced(subject: Subject, case: Case) -> None:
    """Check a traced stage by its case."""
    for dtype in ("float32", "float64"):
        trace = _traced(subject, case, dtype)
        cohort = members(subject, case, COHORT)
        with subject.when(f"its trace runs in {dtype}"):
            found = trace.run(cohort)
        _check_finite(subject, found[0], dtype)
        _check_same_seed(subject, case, trace, dtype)
        _check_independent(subject, trace, cohort, found, dtype)
        _check_gpu(subject, trace, cohort, found, dtype)
    _check_direct_call(subject, case)
    _check_gradient(subject, case)


def _traced(subject: Subject, case: Case, dtype: str) -> Trace:
    with subject.when(f"it is traced in {dtype}"):
        trace = Trace(subject, case, dtype)
    for name, tensor in trace.outputs.items():
        subject.require(
            tensor.dtype == np.dtype(dtype) or tensor.dtype.kind != "f",
            f"in {dtype} it gives {name} in {tensor.dtype}; let constants be Python numbers",
        )
    return trace


def _check_finite(subject: Subject, found: dict[str, Array], dtype: str) -> None:
    for name, array in found.items():
        subject.require(np.isfinite(array).all(), f"it gives NaN or infinity in {name} ({dtype})")


def _check_same_seed(subject: Subject, case: Case, trace: Trace, dtype: str) -> None:
    given = members(subject, case, 1)
    again = Trace(subject, case, dtype).run(given)[0]
    for name, array in trace.run(given)[0].items():
        subject.require(
            same_bits(array, again[name]),
            f"traced again it gives another {name} for the same seed; draw from its rng, not from NumPy",
        )


def _check_independent(
    subject: Subject, trace: Trace, cohort: Sequence[Given], found: Sequence[dict[str, Array]], dtype: str
) -> None:
    alone = [trace.run([member])[0] for member in cohort]
    shuffled = trace.run([cohort[slot] for slot in OTHER_ORDER])
    turned = {slot: shuffled[place] for place, slot in enumerate(OTHER_ORDER)}
    for slot, lonely in enumerate(alone):
        for name, array in lonely.items():
            subject.require(
                same_bits(array, found[slot][name]) and same_bits(array, turned[slot][name]),
                f"a member's {name} differ, in some bit, alone and in a cohort of {COHORT} ({dtype})",
            )


def _check_gpu(
    subject: Subject, trace: Trace, cohort: Sequence[Given], found: Sequence[dict[str, Array]], dtype: str
) -> None:
    backend = gpu()
    if backend is None:
        return
    with subject.when("its trace runs on the GPU"):
        there = trace.run(cohort, backend)
    tolerance = 1e-4 if dtype == "float32" else 1e-9
    for host, device in zip(found, there, strict=True):
        for name, array in host.items():
            subject.require(
                close(array, device[name], tolerance), f"its {name} differ between NumPy and CuPy ({dtype})"
            )


def gpu() -> Backend | None:
    """Return the backend to compare NumPy with, or None where there is no GPU."""
    try:
        return backend_named("cupy")
    except UserError:
        return None


def _check_direct_call(subject: Subject, case: Case) -> None:
    """Compare the trace with a call of the function on NumPy arrays, which must not be written to."""
    if case.eager is None:
        return
    given = members(subject, case, 2)[1]
    traced = Trace(subject, case, "float64").run([given])[0]
    arrays = {name: locked(value) for name, value in given.values.items()}
    with subject.when("it is called with NumPy arrays (which it must not change)"):
        direct = case.eager(arrays, Replay(given.seed, "float64"), {**subject.options, **given.options})
    for name, array in traced.items():
        subject.require(
            close(array, direct[name], 1e-9),
            f"traced it gives another {name} than when it is called with NumPy arrays",
        )


def _check_gradient(subject: Subject, case: Case) -> None:
    """Compare the gradient with central differences, along a random direction of each input."""
    if not case.measured or not case.smooth:
        return
    trace = Trace(
        subject, case, "float64", lambda graph, inputs, outputs: _slopes(case, graph, inputs, outputs)
    )
    if any(instruction.primitive.name == "stop_gradient" for instruction in trace.graph.instructions):
        return  # such a gradient is meant to differ from that of the value
    given = members(subject, case, 1)[0]
    for name in case.smooth:
        direction = generator(0, "direction", name).normal(size=np.shape(given.values[name]))
        ends = [_moved(given, name, sign * STEP * direction) for sign in (1, -1, 0)]
        ahead, behind, here = trace.run(ends)
        difference = (ahead["value"] - behind["value"]) / (2 * STEP)
        slope = np.sum(here[f"slope of {name}"] * direction)
        scale = abs(difference) + abs(slope) + 1e-2 * abs(here["value"]) + 1e-3
        subject.require(
            abs(difference - slope) <= 1e-4 * scale,
            f"its gradient with respect to {name} is not the slope of its value: "
            f"{float(slope):.6g} against {float(difference):.6g} by finite differences",
        )


def _slopes(case: Case, graph: Graph, inputs: Tensors, outputs: Tensors) -> dict[str, Any]:
    """Return a number made of the measured outputs, and its gradient."""
    value: Any = 0.0
    for name in case.measured:
        weights = generator(0, "measure", name).normal(size=outputs[name].shape)
        value = value + ops.sum(outputs[name] * graph.constant(weights))
    slopes = gradient(value, [inputs[name] for name in case.smooth])
    return {"value": value, **{f"slope of {n}": s for n, s in zip(case.smooth, slopes, strict=True)}}


def _moved(given: Given, name: str, step: Array) -> Given:
    return Given({**given.values, name: given.values[name] + step}, given.options, given.seed)
