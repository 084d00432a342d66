"""The reference sweep by torch: each net in a plain training loop, half of them in each of two processes."""

from __future__ import annotations

import sys
from itertools import product
from multiprocessing import get_context

from benchmarks.peers.torch_trial import accuracy, tensors
from benchmarks.reference import DECAYS, RATES, SEEDS, Setting, tell


def _share(task: tuple[str, list[tuple[float, float, int]]]) -> list[tuple[Setting, float]]:
    path, trials = task
    inputs, labels = tensors(path)
    return [((rate, decay), accuracy(inputs, labels, rate, decay, seed)) for rate, decay, seed in trials]


def main(path: str) -> None:
    """Train the 64 nets in two processes and tell the best accuracy."""
    trials = list(product(RATES, DECAYS, SEEDS))
    with get_context("spawn").Pool(2) as pool:
        found = pool.map(_share, [(path, trials[0::2]), (path, trials[1::2])])
    tell(found[0] + found[1])


if __name__ == "__main__":
    main(sys.argv[1])
