"""A cohort of any model in plait's training, and the same nets as plain arrays for peers to train.

Images of MNIST's shape, ten classes; members differ in seed and learning rate, and each has its own
minibatches.  Adam with beta 0.9 and 0.999, eps 1e-8, and the mean cross-entropy of softmax.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.targets import EAGER, PRODUCTS
from benchmarks.turns import TURNS, Work, each, fastest, medians, one_core
from pipeline.engine import numpy_backend
from pipeline.stages.blocks import in_blocks
from pipeline.stages.cohort import CohortSpec, Member, Part
from pipeline.stages.dataset import DataSet
from pipeline.stages.parts import resolve
from pipeline.stages.registry import Registry
from pipeline.stages.step import StepTracer, discovered
from pipeline.stages.tables import tables

SIDE, CLASSES = 28, 10
ROWS = 2000
STEPS = 10_000  # the length of training that a schedule would be told
BATCHES = 16  # minibatches that are gone through again and again
CHECKED_STEPS = 5
TOLERANCE = 2e-3  # of a loss after that many steps in float32, each framework with its own order of sums


@dataclass(frozen=True)
class Model:
    """A model stage and its options; `file` holds the stage where it is not built in."""

    stage: str
    options: Mapping[str, object]
    file: Path | None = None


@dataclass(frozen=True)
class Problem:
    """What all solve: parameters by name with a member axis, data, minibatch rows, learning rates."""

    parameters: Mapping[str, np.ndarray]
    inputs: np.ndarray  # (rows, 28, 28)
    labels: np.ndarray  # (rows,)
    batches: np.ndarray  # (BATCHES, members, batch)
    rates: np.ndarray  # (members,)

    def of(self, member: int) -> dict[str, np.ndarray]:
        """Return one member's parameters."""
        return {name: array[member] for name, array in self.parameters.items()}


class Cohort:
    """Plait's training of a model's members, from its beginning whenever `stepper` is called."""

    def __init__(self, model: Model, members: int, batch: int):
        self._model, self._members = model, members
        rng = np.random.default_rng(0)
        inputs = rng.random((ROWS, SIDE, SIDE), dtype=np.float32)
        labels = rng.integers(CLASSES, size=ROWS)
        self._data = DataSet.labelled(inputs, labels)
        rates = np.geomspace(1e-4, 1e-2, members)
        batches = rng.integers(ROWS, size=(BATCHES, members, batch))
        training, layout = self._training(rates)
        weights = np.array(training.weights)
        parameters = {
            name: np.ascontiguousarray(
                weights[:, layout.slices[name]].reshape(members, *layout.parameters[name].shape)
            )
            for name in layout.parameters
        }
        self.problem = Problem(parameters, inputs.copy(), labels.copy(), batches, rates)

    def stepper(self) -> Work:
        """Return plait's step: each call trains on the next minibatches and returns the members' losses."""
        training, _ = self._training(self.problem.rates)
        batches, count = self.problem.batches, 0

        def step() -> np.ndarray:
            nonlocal count
            training.clear_losses()
            training.step(batches[count % len(batches)], STEPS)
            count += 1
            return training.mean_losses()

        return step

    def _training(self, rates: np.ndarray):
        registry = Registry(local=[self._model.file] if self._model.file else [])
        spec = self._spec(registry, rates)
        parts = resolve(spec, self._data, registry)
        rows = tables({"data": self._data}, spec.members, "train", spec.dtype, numpy_backend())
        batch = rows.tables[0].batch
        layout = discovered(parts, batch, spec.dtype, "data")
        tracer = StepTracer(parts, layout, batch, spec.dtype)
        return in_blocks("fit", parts, tracer, spec.members, rows, numpy_backend()), layout

    def _spec(self, registry: Registry, rates: np.ndarray) -> CohortSpec:
        def part(node: str, stage: str, **options: object) -> Part:
            return Part(node, stage, registry.stage(stage).check(options))

        parts = {
            "model": (part("net", self._model.stage, **self._model.options),),
            "optimizer": (part("adam", "optimizer.adam"),),
        }
        adam = dict(parts["optimizer"][0].options)
        slots = tuple(
            Member(f"t{seed}", f"key{seed}", seed, "data", {"adam": {**adam, "lr": float(rate)}})
            for seed, rate in enumerate(rates)
        )
        return CohortSpec("fit", part("fit", "train.minibatch"), parts, slots)


def measured(
    model: Model,
    members: int,
    batch: int,
    multiple: float,
    products: Callable[[], object],
    peers: str,
    quick: bool = False,
) -> dict[str, object]:
    """Return the medians of a step: plait's, its products', and those of module `benchmarks.peers.<peers>`.

    A peer has a name for each way to write it, and the fastest of its optimizers; it is measured only after
    it followed plait's losses from the same weights.  `multiple` is the longest time beside the fastest.
    """
    with one_core(), threadpool_limits(1):
        cohort = Cohort(model, members, batch)
        losses = _first_losses(cohort.stepper())
        works = {"plait": cohort.stepper(), PRODUCTS: products, **_peers(peers, cohort.problem, losses)}
        for work in works.values():
            each(work)  # compiled, and in cache
        seconds = medians(works, 5 if quick else TURNS)
    eager = [found for name, found in seconds.items() if name.startswith(EAGER)]
    others = {name: found for name, found in seconds.items() if name != "plait"}
    limit = multiple * min(eager) if eager else None
    return {"seconds": seconds["plait"], "limit_seconds": limit, "peers": others}


def _peers(module: str, problem: Problem, losses: np.ndarray) -> dict[str, Work]:
    if not find_spec("torch"):
        return {}
    import torch

    torch.set_num_threads(1)
    found = {}
    for way, optimizers in import_module(f"benchmarks.peers.{module}").steppers(problem).items():
        for name, step in optimizers.items():
            _check(f"{EAGER}{way} ({name})", _first_losses(step), losses)
        found[f"{EAGER}{way}"] = optimizers[fastest(optimizers)]
    return found


def _first_losses(step: Work) -> np.ndarray:
    return np.array([np.asarray(step()) for _ in range(CHECKED_STEPS)])


def _check(peer: str, found: np.ndarray, losses: np.ndarray) -> None:
    apart = np.abs(found - losses).max()
    if not apart <= TOLERANCE * max(1.0, losses.max()):
        raise SystemExit(f"{peer} does not train the same nets: losses differ by up to {apart:.2g}")
