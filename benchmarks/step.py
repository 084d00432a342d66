"""One training step of a cohort, one thread: plait's against its matrix products alone, in the same run.

Nets on data of MNIST's shape, Adam, each member with its own minibatch.  The two are measured in turns,
so that whatever else the machine does falls on both, and the medians are compared.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Sequence

from benchmarks.process import PRESET

for name in PRESET:
    os.environ.pop(name, None)  # read by OpenBLAS when NumPy is first imported, which is below

import numpy as np  # noqa: E402
from threadpoolctl import threadpool_limits  # noqa: E402

from benchmarks.gemm import CLASSES, FEATURES, products  # noqa: E402
from pipeline.engine import backend as backend_named  # noqa: E402
from pipeline.stages.cohort import CohortSpec, Member, Part  # noqa: E402
from pipeline.stages.dataset import DataSet  # noqa: E402
from pipeline.stages.parts import resolve  # noqa: E402
from pipeline.stages.registry import Registry  # noqa: E402
from pipeline.stages.step import StepTracer, discovered  # noqa: E402
from pipeline.stages.tables import tables  # noqa: E402
from pipeline.stages.training import Training  # noqa: E402

TABLE = [(16, (32,), 32), (64, (32,), 32), (16, (128, 64), 64), (16, (256, 256), 128)]
ROWS = 8000
TURNS = 25
TURN_SECONDS = 0.04
STEPS = 10_000  # the length of training that a schedule would be told


def works() -> dict[str, dict[str, object]]:
    """Return the median seconds of a step for each row of the table, and of its products alone."""
    with threadpool_limits(1):
        return {
            f"{m} members, {list(hidden)}, batch {batch}": _work(m, hidden, batch)
            for m, hidden, batch in TABLE
        }


def _work(members: int, hidden: Sequence[int], batch: int) -> dict[str, object]:
    step, floor = _step(members, hidden, batch), _floor(members, hidden, batch)
    ours, alone = [], []
    for _ in range(TURNS):
        ours.append(_each(step))
        alone.append(_each(floor))
    return {
        "seconds": statistics.median(ours),
        "limit_seconds": None,
        "peers": {"matrix products alone": statistics.median(alone)},
    }


def step_seconds(
    members: int, hidden: Sequence[int], batch: int, backend: str, wait: Callable[[], object]
) -> float:
    """Return the median seconds of a step on a backend; `wait` returns when the device has done all."""
    step = _step(members, hidden, batch, backend)
    return statistics.median(_each(step, wait) for _ in range(TURNS))


def _each(work: Callable[[], object], wait: Callable[[], object] = lambda: None) -> float:
    """Return the seconds of one call, as the mean over a turn."""
    wait()
    started, count = time.perf_counter(), 0
    while time.perf_counter() - started < TURN_SECONDS or not count:
        work()
        count += 1
    wait()
    return (time.perf_counter() - started) / count


def _floor(members: int, hidden: Sequence[int], batch: int) -> Callable[[], object]:
    calls = products(members, hidden, batch)
    return lambda: [call() for call in calls]


def _step(members: int, hidden: Sequence[int], batch: int, backend: str = "numpy") -> Callable[[], object]:
    training = _training(members, hidden, backend)
    rng = np.random.default_rng(0)
    rows = rng.integers(ROWS, size=(members, batch))
    for _ in range(3):  # the first step is another program than the later ones
        training.step(rows, STEPS)
    return lambda: training.step(rows, STEPS)


def _training(members: int, hidden: Sequence[int], backend_name: str) -> Training:
    data, registry, backend = _data(), Registry(), backend_named(backend_name)
    spec = _cohort(members, hidden, registry)
    parts = resolve(spec, data, registry)
    rows = tables({"data": data}, spec.members, "train", spec.dtype, backend)
    batch = rows.tables[0].batch
    layout = discovered(parts, batch, spec.dtype, "data")
    return Training("fit", parts, StepTracer(parts, layout, batch, spec.dtype), spec.members, rows, backend)


def _cohort(members: int, hidden: Sequence[int], registry: Registry) -> CohortSpec:
    def part(node: str, stage: str, **options: object) -> Part:
        return Part(node, stage, registry.stage(stage).check(options))

    parts = {
        "model": (part("net", "model.mlp", hidden=list(hidden)),),
        "optimizer": (part("adam", "optimizer.adam"),),
    }
    rates = np.geomspace(1e-4, 1e-2, members).tolist()
    adam = dict(parts["optimizer"][0].options)
    slots = tuple(
        Member(f"t{seed}", f"key{seed}", seed, "data", {"adam": {**adam, "lr": rate}})
        for seed, rate in enumerate(rates)
    )
    return CohortSpec("fit", part("fit", "train.minibatch"), parts, slots)


def _data() -> DataSet:
    rng = np.random.default_rng(0)
    inputs = rng.random((ROWS, FEATURES), dtype=np.float32)
    return DataSet.labelled(inputs, rng.integers(CLASSES, size=ROWS))
