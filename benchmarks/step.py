"""One training step of a cohort on one core: plait's, its matrix products alone, and what peers take.

Nets on data of MNIST's shape, Adam, each member with its own minibatch, which is gathered in the step.
A peer is measured in the fastest of the ways in which it can be written, and only after it has followed
plait's losses from the same weights on the same minibatches.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.util import find_spec

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.gemm import products
from benchmarks.ours import STRIDE, Problem, problem, stepper
from benchmarks.targets import EAGER, JAX, PRODUCTS, VMAP, limit
from benchmarks.turns import TURNS, Work, each, fastest, medians, one_core

TABLE = [(16, (32,), 32), (64, (32,), 32), (16, (128, 64), 64), (16, (256, 256), 128)]
PEERS = {
    EAGER: ("torch", "torch_eager"),
    VMAP: ("torch", "torch_vmap"),
    JAX: ("jax", "jax_vmap"),
}
OURS = "plait"
CHECKED_STEPS = 10
TOLERANCE = 1e-3  # of a loss after that many steps in float32, each framework with its own order of sums


def works(quick: bool = False) -> dict[str, dict[str, object]]:
    """Return the median seconds of a step for each row of the table, and of its products and peers."""
    with one_core(), threadpool_limits(1):
        return {name(*row): measured(name(*row), *row, turns=5 if quick else TURNS) for row in TABLE}


def name(members: int, hidden: Sequence[int], batch: int) -> str:
    """Return what a row of the table is called."""
    return f"{members} members, {list(hidden)}, batch {batch}"


def measured(
    work: str, members: int, hidden: Sequence[int], batch: int, turns: int = TURNS
) -> dict[str, object]:
    """Return the medians of one row, measured in turns."""
    posed = problem(members, hidden, batch)
    steps = {OURS: stepper(members, hidden, posed.batches), **peers(posed, _losses(posed, hidden))}
    calls = products(members, hidden, batch)
    steps[PRODUCTS] = lambda: [call() for call in calls]
    for step in steps.values():
        each(step)  # compiled, and in cache
    seconds = medians(steps, turns)
    seconds[OURS] /= STRIDE
    others = {other: seconds[other] for other in (PRODUCTS, *PEERS) if other in seconds}
    return {"seconds": seconds[OURS], "limit_seconds": limit(work, others), "peers": others}


def peers(posed: Problem, losses: np.ndarray) -> dict[str, Work]:
    """Return the fastest step of each peer that is installed; one that strays from `losses` ends the run."""
    found = {}
    for peer, (package, module) in PEERS.items():
        if not find_spec(package):
            continue
        ways = _module(package, module).steppers(posed)
        for way, step in ways.items():
            _check(f"{peer} ({way})", step, losses)
        found[peer] = ways[fastest(ways)]
    return found


def step_seconds(
    members: int, hidden: Sequence[int], batch: int, backend: str, wait: Callable[[], object]
) -> float:
    """Return the median seconds of plait's step on a backend; `wait` returns when the device has done all."""
    steps = stepper(members, hidden, problem(members, hidden, batch).batches, backend)
    each(steps, wait=wait)
    return statistics.median(each(steps, wait=wait) for _ in range(TURNS)) / STRIDE


def _module(package: str, module: str):
    if package == "torch":
        import torch

        torch.set_num_threads(1)
    return import_module(f"benchmarks.peers.{module}")


def _losses(posed: Problem, hidden: Sequence[int]) -> np.ndarray:
    step = stepper(posed.members, hidden, posed.batches, stride=1)
    return np.array([step() for _ in range(CHECKED_STEPS)])


def _check(peer: str, step: Work, losses: np.ndarray) -> None:
    """Take the first steps of a peer and compare its losses (steps, members) with plait's."""
    found = np.array([np.asarray(step()) for _ in range(CHECKED_STEPS)])
    apart = np.abs(found - losses).max()
    if not apart <= TOLERANCE * max(1.0, losses.max()):
        raise SystemExit(f"{peer} does not train the same nets: losses differ by up to {apart:.2g}")
