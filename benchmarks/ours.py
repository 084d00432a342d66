"""A cohort of MLPs in plait's training, and the same problem as plain arrays for its peers to solve.

Data have MNIST's shape; members differ in seed and learning rate, and each has its own minibatches.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import cycle, pairwise

import numpy as np

from benchmarks.gemm import CLASSES, FEATURES
from pipeline.engine import backend as backend_named
from pipeline.stages.blocks import Blocks, in_blocks
from pipeline.stages.cohort import CohortSpec, Member, Part
from pipeline.stages.dataset import DataSet
from pipeline.stages.parts import resolve
from pipeline.stages.registry import Registry
from pipeline.stages.step import StepTracer, discovered
from pipeline.stages.tables import tables
from pipeline.stages.training import Training

ROWS = 8000
STEPS = 10_000  # the length of training that a schedule would be told
BATCHES = 32  # minibatches that are gone through again and again
STRIDE = 16  # steps of plait at a time: a block of members takes them all before the next block begins


@dataclass(frozen=True)
class Problem:
    """What all solve: layers of (weights, bias) with a member axis, data, minibatch rows, learning rates.

    Adam with beta 0.9 and 0.999, eps 1e-8, and the mean cross-entropy of softmax.
    """

    layers: Sequence[tuple[np.ndarray, np.ndarray]]  # (members, in, out) and (members, out)
    inputs: np.ndarray  # (rows, 784)
    labels: np.ndarray  # (rows,)
    batches: np.ndarray  # (BATCHES, members, batch)
    rates: np.ndarray  # (members,)

    @property
    def members(self) -> int:
        """How many nets there are."""
        return len(self.rates)


def problem(members: int, hidden: Sequence[int], batch: int) -> Problem:
    """Return the problem as plait's training of the same arguments begins it."""
    data = _data()
    batches = np.random.default_rng(1).integers(ROWS, size=(BATCHES, members, batch))
    flat = np.array(training(members, hidden).weights)
    layers, start = [], 0
    for wide, narrow in pairwise([FEATURES, *hidden, CLASSES]):
        middle, stop = start + wide * narrow, start + wide * narrow + narrow
        weights = np.ascontiguousarray(flat[:, start:middle].reshape(members, wide, narrow))
        layers.append((weights, np.ascontiguousarray(flat[:, middle:stop])))
        start = stop
    rates = np.array(_rates(members), dtype=np.float32)
    # a data set's arrays are read-only, which torch warns about
    return Problem(layers, data.inputs.copy(), data.targets.copy(), batches, rates)


def stepper(
    members: int, hidden: Sequence[int], batches: np.ndarray, backend: str = "numpy", stride: int = STRIDE
) -> Callable[[], np.ndarray]:
    """Return plait's steps: each call takes the next `stride` of `batches` and returns the mean losses."""
    ours, rows = training(members, hidden, backend), cycle(batches)

    def steps() -> np.ndarray:
        ours.clear_losses()
        for _ in range(stride):
            ours.step(next(rows), STEPS)
        return ours.mean_losses()

    return steps


def training(
    members: int, hidden: Sequence[int], backend_name: str = "numpy", *, in_one: bool = False
) -> Training | Blocks:
    """Return the training of a cohort before its first step, in blocks as it is run or all `in_one`."""
    data, registry, backend = _data(), Registry(), backend_named(backend_name)
    spec = _cohort(members, hidden, registry)
    parts = resolve(spec, data, registry)
    rows = tables({"data": data}, spec.members, "train", spec.dtype, backend)
    batch = rows.tables[0].batch
    tracer = StepTracer(parts, discovered(parts, batch, spec.dtype, "data"), batch, spec.dtype)
    make = Training if in_one else in_blocks
    return make("fit", parts, tracer, spec.members, rows, backend)


def _cohort(members: int, hidden: Sequence[int], registry: Registry) -> CohortSpec:
    def part(node: str, stage: str, **options: object) -> Part:
        return Part(node, stage, registry.stage(stage).check(options))

    parts = {
        "model": (part("net", "model.mlp", hidden=list(hidden)),),
        "optimizer": (part("adam", "optimizer.adam"),),
    }
    adam = dict(parts["optimizer"][0].options)
    slots = tuple(
        Member(f"t{seed}", f"key{seed}", seed, "data", {"adam": {**adam, "lr": rate}})
        for seed, rate in enumerate(_rates(members))
    )
    return CohortSpec("fit", part("fit", "train.minibatch"), parts, slots)


def _rates(members: int) -> list[float]:
    return np.geomspace(1e-4, 1e-2, members).tolist()


def _data() -> DataSet:
    rng = np.random.default_rng(0)
    inputs = rng.random((ROWS, FEATURES), dtype=np.float32)
    return DataSet.labelled(inputs, rng.integers(CLASSES, size=ROWS))
