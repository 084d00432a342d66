"""Run a traced catalogue case alone or as members of a cohort."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pipeline.engine import Backend, Program, numpy_backend


def run(
    program: Program, arguments: Sequence[np.ndarray], backend: Backend | None = None
) -> dict[str, np.ndarray]:
    """Run with shared inputs; return copies of the outputs."""
    return _run(program, 1, (), arguments, backend)


def run_members(
    program: Program,
    arguments: Sequence[np.ndarray],
    batched: Sequence[int] | None = None,
    backend: Backend | None = None,
) -> dict[str, np.ndarray]:
    """Run with a leading member axis on the arguments `batched` (all, unless told)."""
    chosen = range(len(arguments)) if batched is None else batched
    members = arguments[next(iter(chosen))].shape[0]
    return _run(program, members, tuple(chosen), arguments, backend)


def _run(
    program: Program, members: int, batched: Sequence[int], arguments: Sequence[Any], backend: Backend | None
) -> dict[str, np.ndarray]:
    backend = backend or numpy_backend()
    names = [f"x{i}" for i in batched if f"x{i}" in program.inputs]
    executor = program.bind(members, names, backend)
    for i, value in enumerate(arguments):
        if f"x{i}" in executor.inputs:
            executor.inputs[f"x{i}"][...] = backend.from_host(
                np.asarray(value, program.inputs[f"x{i}"].dtype)
            )
    executor.run()
    executor.run()  # a second run finds buffers used: it must not matter
    outputs = {}
    for name, array in executor.outputs.items():
        value = np.array(backend.to_host(array))
        is_wide = batched and not executor.is_batched(program.outputs[name])
        outputs[name] = np.broadcast_to(value, (members, *value.shape)) if is_wide else value
    return outputs
