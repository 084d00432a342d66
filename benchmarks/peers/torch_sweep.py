"""The reference sweep by torch: each net in a plain training loop, half of them in each of two processes."""

from __future__ import annotations

import sys
from itertools import product
from multiprocessing import get_context

import numpy as np
import torch

from benchmarks.reference import BATCH, DECAYS, EPOCHS, HIDDEN, RATES, SEEDS, TRAIN

Setting = tuple[float, float, int]


def accuracy(path: str, setting: Setting) -> float:
    """Train one net and return its accuracy on the rows held out."""
    rate, decay, seed = setting
    torch.manual_seed(seed)
    inputs, labels = _data(path)
    net = torch.nn.Sequential(torch.nn.Linear(784, HIDDEN), torch.nn.ReLU(), torch.nn.Linear(HIDDEN, 10))
    optimizer = torch.optim.Adam(net.parameters(), lr=rate, weight_decay=decay)
    for _ in range(EPOCHS):
        for rows in torch.randperm(TRAIN).split(BATCH):
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(net(inputs[rows]), labels[rows]).backward()
            optimizer.step()
    with torch.no_grad():
        return (net(inputs[TRAIN:]).argmax(1) == labels[TRAIN:]).float().mean().item()


def _data(path: str) -> tuple[torch.Tensor, torch.Tensor]:
    with np.load(path) as arrays:
        inputs = arrays["images"].reshape(-1, 784).astype(np.float32)
        return torch.from_numpy(inputs), torch.from_numpy(arrays["labels"].astype(np.int64))


def _share(task: tuple[str, list[Setting]]) -> list[float]:
    torch.set_num_threads(1)
    path, settings = task
    return [accuracy(path, setting) for setting in settings]


def main(path: str) -> None:
    """Train the 64 nets in two processes and print the best accuracy."""
    settings = list(product(RATES, DECAYS, SEEDS))
    with get_context("spawn").Pool(2) as pool:
        found = pool.map(_share, [(path, settings[0::2]), (path, settings[1::2])])
    print(f"{len(settings)} trials, best accuracy {max(found[0] + found[1]):.4f}")


if __name__ == "__main__":
    main(sys.argv[1])
